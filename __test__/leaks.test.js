// Thousands of requests of each kind leave nothing behind: no heap, no memory outside it, no
// handle, no warning, no rejection. MILOUV_LEAK_REQUESTS sets another number.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProgram } from './support/program.js'
import { chunked, RawClient, request } from './support/raw-client.js'

const REQUESTS = Number(process.env.MILOUV_LEAK_REQUESTS ?? 5000)
const WARM_UP = 2000
const PIPELINED = 50
const GROWTH = 1024 * 1024
const LATE = 4 * 1024 * 1024
/** The platform's Request and AbortSignal.any work with finalizers, which clean up late. */
const SLACK = { platform: LATE, clone: LATE, tee: LATE }

const get = (kind) => request(`GET /${kind}`)
const post = (kind, body, fields = []) =>
  request(`POST /${kind}`, [`content-length: ${body.length}`, ...fields], body)
const inChunks = (kind, trailers = []) =>
  request(`POST /${kind}`, ['transfer-encoding: chunked'], chunked(['some', 'text'], trailers))
const TYPED = ['content-type: application/x-www-form-urlencoded']

const GETS = 'text json later native stream iterable trailers blob clone platform signal'
const cases = {
  ...Object.fromEntries(`${GETS} fails made`.split(' ').map((kind) => [kind, get(kind)])),
  large: get('large'),
  early: get('early'),
  head: request('HEAD /stream'),
  'body at once': post('body', 'x'.repeat(100)),
  'body in chunks': inChunks('body'),
  bytes: post('bytes', 'x'.repeat(1000)),
  form: post('form', 'a=1', TYPED),
  'echoed stream': inChunks('echo'),
  tee: inChunks('tee'),
  'request trailers': inChunks('fields', ['x-sum: 1']),
  'unread body': post('unread', 'x'.repeat(1000)),
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
const connected = program.message().then((port) => RawClient.connect(port))
after(async () => (await connected).destroy())

for (const [name, text] of Object.entries(cases)) {
  test(`${REQUESTS} requests: ${name}`, async (t) => {
    const client = await connected
    await ask(client, text, WARM_UP)
    const before = await report(client)
    await ask(client, text, REQUESTS)
    const after = await report(client)
    const grown = (what) => after[what] - before[what]
    const inKiB = (what) => `${what} ${Math.round(grown(what) / 1024)} KiB`
    t.diagnostic(`${name}: ${['heapUsed', 'external', 'rss'].map(inKiB).join(', ')} more`)
    assert.deepEqual(after.troubles, [])
    const bound = SLACK[name] ?? GROWTH
    assert.ok(grown('heapUsed') < bound, `${grown('heapUsed')} bytes of heap`)
    assert.ok(grown('external') < GROWTH, `${grown('external')} bytes outside the heap`)
    assert.ok(grown('resources') <= 0, `${grown('resources')} more handles`)
  })
}
