// What is asked of every server, and what it must answer. The one source for the bytes that are
// sent, the bytes that are verified before timing, and the floor's fixed answer. The order is the
// order of measuring: what has a bar comes first.
import { ANSWERS, PIECE_BYTES, PIECES, text, touched, user } from '../servers/plain-handlers.mjs'

// 15 fields and some 800 bytes: what a browser sends for a page of a site that it knows.
const BROWSER = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
    'Chrome/138.0.0.0 Safari/537.36',
  Accept:
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,' +
    'image/apng,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,fr;q=0.8',
  'Cache-Control': 'max-age=0',
  Referer: 'https://www.example.com/catalogue/books?page=3&sort=title',
  Cookie: 'session=4f1c2b7d9e8a4c61b0d35a7e; theme=dark; consent=analytics:0,ads:0; _v=1751883123',
  'Sec-CH-UA': '"Chromium";v="138", "Not)A;Brand";v="8", "Google Chrome";v="138"',
  'Sec-CH-UA-Mobile': '?0',
  'Sec-CH-UA-Platform': '"Linux"',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Upgrade-Insecure-Requests': '1',
}

const lowerCase = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]))

/** A request of which the handler looks at the URL, three fields and a JSON body. */
const TOUCHED = {
  path: '/users/42?page=3',
  headers: { ...BROWSER, 'Content-Type': 'application/json', 'X-Request-Id': '7f3a9c' },
}

const KIB = 1024
const UPLOAD_BYTES = 100_000_000

const hello = () => 'Hello World'
// Functions, since the servers import this, too, and must not hold what they do not send.
const BODIES = {
  hello,
  'hello-close': hello,
  'hello-idle': hello,
  async: hello,
  header: () => BROWSER['Accept-Language'],
  json: () => JSON.stringify(user()),
  'touch-json': () => JSON.stringify(touched(TOUCHED.path, lowerCase(TOUCHED.headers), user())),
  echo: () => text(KIB),
  'echo-64k': () => text(64 * KIB),
  'answer-64k': () => text(ANSWERS['answer-64k']),
  'answer-10m': () => text(ANSWERS['answer-10m']),
  streamed: () => text(PIECES * PIECE_BYTES),
  upload: () => String(UPLOAD_BYTES),
  hono: hello,
  'hono-json': () => JSON.stringify({ id: '42', page: '3' }),
}

/** The body that a right answer to this kind of work has. */
export function bodyOf(kind) {
  const body = BODIES[kind]
  if (body === undefined) throw new Error(`no such kind of work: ${kind}`)
  return body()
}

const FETCH = ['milouv', 'milouv-native', 'milouv-fast', 'hono-node-server', 'bun', 'deno', 'srvx']
// The floor has one fixed answer, which it sends when a head has ended.
const NOT_FLOOR = ['uwebsockets', 'node-http', 'fastify', ...FETCH]
const LEAN = ['floor', 'uwebsockets', 'milouv', 'node-http', 'bun', 'deno']

const atMost = (most, against, server = 'milouv', metric = 'cpu') => ({
  server,
  metric,
  against,
  most,
})
const FLOOR = [atMost(1.0, 'uwebsockets'), atMost(1.15, 'floor')]
const BEST = [atMost(1.0, 'best')]
const HONO = [atMost(0.6, 'hono-node-server'), atMost(0.5, 'hono-node-server', 'milouv-fast')]
// What a platform's Response costs differs from one line of Node to the next.
const NATIVE = [
  atMost(1.0, 'bun', 'milouv-native@26'),
  atMost(1.0, 'bun', 'milouv-native@24'),
  atMost(0.75, 'hono-node-server@20', 'milouv-native@20'),
]
const bytesAtMost = (most) => [{ server: 'milouv', metric: 'perConnection', most }]
const START = [atMost(1.1, 'node-http', 'milouv', 'wall'), atMost(1.1, 'node-http')]

const CORE = [
  {
    name: 'hello-64',
    about: 'GET, 11 bytes of text, 64 connections kept alive',
    bars: FLOOR,
    chart: true,
  },
  {
    name: 'hello-512',
    about: 'the same over 512 connections',
    connections: 512,
    bars: FLOOR,
  },
  {
    name: 'hello-1',
    about: 'the same over one connection: what a lone client waits',
    connections: 1,
    bars: [atMost(1.05, 'uwebsockets', 'milouv', 'p50')],
  },
  {
    name: 'json',
    about: 'an object made and serialised for every request',
    kind: 'json',
    bars: BEST,
    chart: true,
  },
  {
    name: 'browser',
    about: "a browser's 15 fields, 800 bytes; the handler looks at none",
    headers: BROWSER,
    bars: BEST,
    chart: true,
  },
  {
    name: 'browser-read',
    about: 'the same; the handler reads one field and sends it back',
    kind: 'header',
    headers: BROWSER,
    bars: BEST,
  },
  {
    name: 'post-1k',
    about: 'POST of 1 KiB, read as text and sent back',
    kind: 'echo',
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    bodySize: KIB,
    bars: BEST,
    chart: true,
  },
  {
    name: 'pipelined',
    about: 'hello, 16 requests in one write',
    depth: 16,
    bars: BEST,
  },
  {
    name: 'close',
    about: 'hello, a connection for every request',
    kind: 'hello-close',
    headers: { Connection: 'close' },
    closes: true,
    bars: BEST,
    chart: true,
  },
]

const BULK = [
  {
    name: 'answer-64k',
    about: '64 KiB of bytes that were made once',
    kind: 'answer-64k',
    connections: 16,
    bars: BEST,
  },
  {
    name: 'answer-10m',
    about: '10 MiB of bytes that were made once',
    kind: 'answer-10m',
    connections: 4,
    bars: BEST,
  },
  {
    name: 'streamed',
    about: '64 KiB in 16 pieces, each a turn of the loop after the one before',
    kind: 'streamed',
    only: NOT_FLOOR,
    bars: BEST,
    chart: true,
  },
  {
    name: 'upload-100m',
    about: 'POST of 100 MB, counted piece by piece; the answer is the count',
    kind: 'upload',
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    bodySize: UPLOAD_BYTES,
    connections: 2,
    only: NOT_FLOOR,
    bars: BEST,
  },
].map((workload) => ({ ...workload, bulk: true }))

const NODES = [
  {
    name: 'hello-native',
    about: "hello with the platform's Response, on the Nodes of --nodes",
    only: ['milouv', 'milouv-native', 'hono-node-server', 'node-http', 'bun'],
    perNode: true,
    bars: NATIVE,
  },
]

const APPS = [
  {
    name: 'hono',
    about: 'a Hono app that answers c.text()',
    kind: 'hono',
    only: FETCH,
    bars: HONO,
    chart: true,
  },
  {
    name: 'hono-json',
    about: 'a Hono app: a route with a parameter, a query, c.json()',
    kind: 'hono-json',
    path: '/users/42?page=3',
    only: FETCH,
  },
]

const PROCESS = [
  {
    name: 'rss-idle',
    about: 'memory of a connection that had one answer and is idle',
    kind: 'hello-idle',
    measure: 'memory',
    connections: 10_000,
    only: LEAN,
    bars: bytesAtMost(KIB),
  },
  {
    name: 'rss-half-head',
    about: 'memory of a connection that has sent 300 bytes of a head',
    kind: 'hello-idle',
    measure: 'memory',
    headers: BROWSER,
    firstBytes: 300,
    connections: 10_000,
    // The floor keeps three bytes of it, which is no way to read a head.
    only: LEAN.filter((name) => name !== 'floor'),
    bars: bytesAtMost(1.5 * KIB),
  },
  {
    name: 'start-up',
    about: 'from the start of the process to the first right answer',
    measure: 'start',
    connections: 1,
    bars: START,
  },
]

const MORE = [
  {
    name: 'touch',
    about: 'POST of JSON; the handler reads path, query, three fields and the body, sends JSON',
    kind: 'touch-json',
    method: 'POST',
    ...TOUCHED,
    body: JSON.stringify(user()),
    only: NOT_FLOOR,
  },
  {
    name: 'async',
    about: 'hello from a handler that awaits a turn of the loop',
    kind: 'async',
    only: NOT_FLOOR,
  },
  {
    name: 'post-64k',
    about: 'POST of 64 KiB, read as text and sent back',
    kind: 'echo-64k',
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    bodySize: 64 * KIB,
    connections: 16,
    only: NOT_FLOOR,
  },
]

const DEFAULTS = {
  kind: 'hello',
  measure: 'load',
  method: 'GET',
  path: '/',
  headers: {},
  body: '',
  bodySize: 0,
  connections: 64,
  depth: 1,
  closes: false,
  bulk: false,
  perNode: false,
  chart: false,
  only: undefined,
  bars: [],
}

const GROUPS = { core: CORE, bodies: BULK, nodes: NODES, apps: APPS, process: PROCESS, more: MORE }

export const workloads = Object.entries(GROUPS).flatMap(([group, list]) =>
  list.map((workload) => ({ ...DEFAULTS, ...workload, group })),
)
