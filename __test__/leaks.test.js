// Thousands of requests of each kind, and of connections, leave nothing behind: no heap, no memory
// outside it, no handle, no warning, no rejection. MILOUV_LEAK_REQUESTS sets another number.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProgram } from './support/program.js'
import { chunked, RawClient, request } from './support/raw-client.js'
import { eventually } from './support/serve.js'

const REQUESTS = Number(process.env.MILOUV_LEAK_REQUESTS ?? 5000)
const WARM_UP = Math.min(2000, REQUESTS)
const PIPELINED = 50
const AT_ONCE = 50
const GROWTH = 1024 * 1024
const LATE = 4 * 1024 * 1024
/** The platform's Request and AbortSignal.any work with finalizers, which clean up late. */
const SLACK = { platform: LATE, clone: LATE, tee: LATE }
/** What allocators keep for later; a leak of the addon's shows with 100,000 requests. */
const NATIVE = 32 * 1024 * 1024
const PARSERS = 4 * 1024 * 1024
/** A leak of one small allocation per parser would be twice of what is let pass here. */
const NATIVE_SLACK = { platform: 4 * NATIVE, parsers: PARSERS }

const get = (kind) => request(`GET /${kind}`)
const post = (kind, body, fields = []) =>
  request(`POST /${kind}`, [`content-length: ${body.length}`, ...fields], body)
const inChunks = (kind, trailers = []) =>
  request(`POST /${kind}`, ['transfer-encoding: chunked'], chunked(['some', 'text'], trailers))
const TYPED = ['content-type: application/x-www-form-urlencoded']
const MULTIPART = ['content-type: multipart/form-data; boundary=b']
const PART = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
const EXPECTS = ['expect: 100-continue']

const GETS = 'text json later native stream iterable trailers blob clone platform signal'
const cases = {
  ...Object.fromEntries(`${GETS} fails made parsers`.split(' ').map((kind) => [kind, get(kind)])),
  large: get('large'),
  early: get('early'),
  head: request('HEAD /stream'),
  'body at once': post('body', 'x'.repeat(100)),
  'body in chunks': inChunks('body'),
  bytes: post('bytes', 'x'.repeat(1000)),
  form: post('form', 'a=1', TYPED),
  'multipart form': post('form', PART, MULTIPART),
  'an expectation': post('body', 'text', EXPECTS),
  'an expectation, echoed': post('echo', 'text', EXPECTS),
  'reader with buffers of its own': inChunks('byob'),
  'cancelled body': inChunks('cancelled'),
  'HTTP/1.0': 'GET /text HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
  'echoed stream': inChunks('echo'),
  tee: inChunks('tee'),
  'request trailers': inChunks('fields', ['x-sum: 1']),
  'unread body': post('unread', 'x'.repeat(1000)),
}

/** What is sent on a connection of its own, to which port, and what must come back. */
const connections = {
  'connection: close': ['http', request('GET /text', ['connection: close']), /^HTTP\/1.1 200 /],
  'a refusal': ['http', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
  'raw handlers': ['handlers', 'some bytes', /^some bytes$/],
  'a raw function': ['function', 'some bytes', /^some bytes$/],
}

async function connectEach(port, text, expected, total) {
  let started = 0
  const one = async () => {
    while (started++ < total) {
      const client = await RawClient.connect(port)
      client.send(text)
      assert.match((await client.rest()).toString(), expected)
      await client.destroy()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

async function ask(client, text, total) {
  const method = text.slice(0, text.indexOf(' '))
  for (let asked = 0; asked < total; asked += PIPELINED) {
    client.send(text.repeat(PIPELINED))
    for (let left = PIPELINED; left > 0; ) {
      const { status } = await client.answer(method)
      if (status >= 200) left--
    }
  }
}

async function report(client) {
  return JSON.parse((await client.ask(get('report'))).text)
}

/** One server and one connection for all: what one kind leaves would show in the next, too. */
const program = startProgram({ after }, 'leak-server.js', [], ['--expose-gc'])
const ports = program.message()
const connected = ports.then(({ http }) => RawClient.connect(http))
after(async () => (await connected).destroy())

/** The report once the connections of this kind are gone; the one it comes by stays. */
const settled = (client) =>
  eventually(async () => {
    const found = await report(client)
    assert.equal(found.connections, 1)
    return found
  })

async function assertNothingLeft(t, name, run) {
  const client = await connected
  await run(WARM_UP)
  const before = await settled(client)
  await run(REQUESTS)
  const after = await settled(client)
  const grown = (what) => after[what] - before[what]
  const inKiB = (what) => `${what} ${Math.round(grown(what) / 1024)} KiB`
  t.diagnostic(`${name}: ${['heapUsed', 'external', 'native'].map(inKiB).join(', ')} more`)
  assert.deepEqual(after.troubles, [])
  const bound = SLACK[name] ?? GROWTH
  assert.ok(grown('heapUsed') < bound, `${grown('heapUsed')} bytes of heap`)
  assert.ok(grown('external') < GROWTH, `${grown('external')} bytes outside the heap`)
  const native = NATIVE_SLACK[name] ?? NATIVE
  assert.ok(grown('native') < native, `${grown('native')} bytes of the addon's`)
  assert.ok(grown('resources') <= 0, `${grown('resources')} more handles`)
}

for (const [name, text] of Object.entries(cases)) {
  test(`${REQUESTS} requests: ${name}`, async (t) => {
    const client = await connected
    await assertNothingLeft(t, name, (total) => ask(client, text, total))
  })
}

for (const [name, [to, text, expected]] of Object.entries(connections)) {
  test(`${REQUESTS} connections: ${name}`, async (t) => {
    const { [to]: port } = await ports
    await assertNothingLeft(t, name, (total) => connectEach(port, text, expected, total))
  })
}
