// A client that ends its side behind its request gets the answer, and waiting for it costs the
// server nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'

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
