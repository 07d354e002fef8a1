// What is asked of every server, and what it must answer. The one source for the bytes wrk sends,
// the bytes that are verified before timing, and the floor's fixed answer.
import { user } from '../servers/plain-handlers.mjs'

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

const KIB = 'milouv, sixteen.'.repeat(64)

const BODIES = {
  hello: 'Hello World',
  'hello-close': 'Hello World',
  header: BROWSER['Accept-Language'],
  json: JSON.stringify(user()),
  echo: KIB,
  hono: 'Hello World',
  'hono-json': JSON.stringify({ id: '42', page: '3' }),
}

/** The body that a right answer to this kind of work has. */
export function bodyOf(kind) {
  const body = BODIES[kind]
  if (body === undefined) throw new Error(`no such kind of work: ${kind}`)
  return body
}

const FETCH = ['milouv', 'milouv-native', 'milouv-fast', 'hono-node-server', 'bun', 'deno', 'srvx']

const atMost = (most, against, server = 'milouv', metric = 'cpu') => ({
  server,
  metric,
  against,
  most,
})
const FLOOR = [atMost(1.0, 'uwebsockets'), atMost(1.15, 'floor')]
const BEST = [atMost(1.0, 'best')]

// A platform's Response can be read without its stream on every line of Node but 20's.
const major = Number(process.versions.node.split('.')[0])
const NATIVE =
  major === 20
    ? atMost(0.75, 'hono-node-server', 'milouv-native')
    : atMost(1.0, 'bun', 'milouv-native')

const HONO = [atMost(0.6, 'hono-node-server'), atMost(0.5, 'hono-node-server', 'milouv-fast')]

const WORKLOADS = [
  {
    name: 'hello-64',
    about: 'GET, 11 bytes of text, 64 connections kept alive',
    bars: [...FLOOR, NATIVE],
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
  },
  {
    name: 'browser',
    about: "a browser's 15 fields, 800 bytes; the handler looks at none",
    headers: BROWSER,
    bars: BEST,
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
    body: KIB,
    bars: BEST,
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
  },
  {
    name: 'hono',
    about: 'a Hono app that answers c.text()',
    kind: 'hono',
    only: FETCH,
    bars: HONO,
  },
  {
    name: 'hono-json',
    about: 'a Hono app: a route with a parameter, a query, c.json()',
    kind: 'hono-json',
    path: '/users/42?page=3',
    only: FETCH,
    bars: [],
  },
]

const DEFAULTS = {
  kind: 'hello',
  method: 'GET',
  path: '/',
  headers: {},
  body: '',
  connections: 64,
  depth: 1,
  closes: false,
  only: undefined,
}

export const workloads = WORKLOADS.map((workload) => {
  const whole = { ...DEFAULTS, ...workload }
  return { ...whole, expected: bodyOf(whole.kind) }
})
