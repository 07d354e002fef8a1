// A client that ends its side behind its request gets the answer, and waiting for it costs the
// server nothing. One that has gone altogether looks the same at first, and is found out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'
import { deferred, serve } from './support/serve.js'

/** Milliseconds of waiting, and how many of them the processor may have worked. */
const WAIT = 1_000
const WORK = 250

const SOURCE = `
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}

async function workedWhileWaiting() {
  const before = process.cpuUsage()
  await sleep(${WAIT})
  const { user, system } = process.cpuUsage(before)
  return String((user + system) / 1000)
}

async function* pieces() {
  yield 'first,'
  yield await workedWhileWaiting()
}

const server = new HttpServer()
server.listen(async (req) => {
  if (req.url.endsWith('/streamed')) return new Response(pieces())
  if (req.url.endsWith('/body')) await req.text()
  return new Response('first,' + await workedWhileWaiting())
})
console.log(server.port)
`

const cases = {
  whole: request('GET /whole'),
  streamed: request('GET /streamed'),
  'behind a body': request('POST /body', ['content-length: 4'], 'body'),
  'with a body nobody reads': request('POST /whole', ['content-length: 4'], 'body'),
}

for (const [name, bytes] of Object.entries(cases)) {
  test(`the answer to a half-closed client: ${name}`, async (t) => {
    const child = new Child(t, SOURCE)
    const client = await RawClient.connect(await child.message(), { allowHalfOpen: true })
    t.after(() => client.destroy())
    client.send(bytes).end()
    const answer = await client.answer()
    const [first, worked] = answer.text.split(',')
    t.diagnostic(`${worked} ms of work in ${WAIT} ms of waiting`)
    assert.equal(first, 'first')
    assert.ok(Number(worked) < WORK, `the server worked for ${worked} ms`)
    assert.equal((await client.rest()).length, 0)
    assert.equal(await client.closed, null)
  })
}

for (const [name, bytes] of Object.entries(cases)) {
  if (name === 'streamed') continue
  test(`a client that has closed: ${name}`, async (t) => {
    const begun = deferred()
    const aborted = deferred()
    const server = serve(t, (req, info) => {
      req.signal.addEventListener('abort', () => aborted.resolve(req.signal.reason))
      begun.resolve(info)
      return new Promise(() => {})
    })
    const client = await RawClient.connect(server.port)
    client.send(bytes)
    const info = await begun.promise
    // Nothing unread is there, so that this is no reset.
    await client.destroy()
    const { name: kind, code } = await aborted.promise
    assert.equal(kind, 'AbortError')
    assert.match(code, /^(ECONNRESET|EPIPE)$/)
    await assert.rejects(info.completed, { name: 'AbortError' })
    assert.equal(server.stats().connections.open, 0)
  })
}

test('a client that has closed: an answer that waits for its next piece', async (t) => {
  const cancelled = deferred()
  const server = serve(t, () => {
    const first = (controller) => controller.enqueue(new Uint8Array([97]))
    return new Response(new ReadableStream({ start: first, cancel: cancelled.resolve }))
  })
  const client = await RawClient.connect(server.port)
  client.send(request('GET /'))
  await client.arrived(/a\r\n$/)
  await client.destroy()
  const { name } = await cancelled.promise
  assert.equal(name, 'AbortError')
})

test('early hints and pipelined requests of a client that only ended its side', async (t) => {
  const server = serve(t, async (req, info) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    info.sendInformational(103, { link: '</a>' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    return new Response(req.url)
  })
  const client = await RawClient.connect(server.port, { allowHalfOpen: true })
  t.after(() => client.destroy())
  client.send(request('GET /1') + request('GET /2')).end()
  for (const path of ['/1', '/2']) {
    const hints = await client.answer()
    assert.deepEqual([hints.status, hints.get('link')], [103, '</a>'])
    assert.equal((await client.answer()).text, `http://test${path}`)
  }
  assert.equal((await client.rest()).length, 0)
})
