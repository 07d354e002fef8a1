// The clock of `timeouts.send` measures what the client takes, not how long a large answer is
// under way.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { listen } from './support/raw-socket.js'
import { connectTo, deferred, serve } from './support/serve.js'
import { readSlowly } from './support/slow-reader.js'

const SIZE = 32 * 1024 * 1024
const LIMIT = 500
/** The kernel makes room in steps of some MiB, and a busy machine takes its time for each. */
const LONG_LIMIT = 2000
/** As fast as this the client reads for about three times that. */
const PACE = { step: 1024 * 1024, pause: 200 }

const text = 'large '.repeat(SIZE / 6 + 1).slice(0, SIZE)
const bytes = Buffer.from(text)

function* pieces() {
  for (let at = 0; at < SIZE; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

const bodies = {
  'a string': () => text,
  'a Uint8Array': () => bytes,
  'a stream': () => ReadableStream.from(pieces()),
}

function assertWhole(found, limit) {
  const { failure, ms } = found
  assert.equal(failure, null)
  const body = found.bytes.subarray(found.bytes.length - SIZE)
  assert.equal(body.length, SIZE, `${found.bytes.length} bytes arrived`)
  assert.ok(body.equals(bytes), 'other bytes arrived')
  assert.ok(ms > 2 * limit, `the client was too fast to show anything: ${ms} ms`)
}

describe('read slowly for longer than the limit', { concurrency: true }, () => {
  for (const [kind, body] of Object.entries(bodies)) {
    test(`${kind} arrives whole`, async (t) => {
      const headers = { 'content-length': `${SIZE}` }
      const handler = () => new Response(body(), { headers })
      const server = serve(t, handler, { timeouts: { send: LONG_LIMIT } })
      const asked = request('GET /', ['connection: close'])
      assertWhole(await readSlowly(t, server.port, asked, PACE), LONG_LIMIT)
    })
  }

  for (const [kind, data] of Object.entries({ 'a string': text, 'a Uint8Array': bytes })) {
    test(`${kind} of a raw connection arrives whole`, async (t) => {
      const socket = listen(t, { data: (found) => found.setTimeout(LONG_LIMIT).end(data) })
      assertWhole(await readSlowly(t, socket.port, 'go', PACE), LONG_LIMIT)
    })
  }
})

describe('not read at all', { concurrency: true }, () => {
  for (const [kind, body] of Object.entries(bodies)) {
    test(`${kind} is cut`, async (t) => {
      const { promise: outcome, resolve } = deferred()
      const handler = (_, { completed }) => {
        completed.then(() => resolve('completed'), resolve)
        return new Response(body())
      }
      const server = serve(t, handler, { timeouts: { send: LIMIT } })
      const client = await connectTo(t, server)
      client.pause().send(request('GET /'))
      const error = await outcome
      assert.equal(error.name, 'AbortError')
      assert.equal(error.code, 'ECONNRESET')
      assert.equal(server.stats().connections.open, 0)
      client.resume()
      await client.closed
      await assert.rejects(client.answer())
    })
  }

  test('a raw connection is cut', async (t) => {
    const { promise: closed, resolve } = deferred()
    const socket = listen(t, {
      data: (found) => found.setTimeout(300).write(text),
      close: (_, error) => resolve(error),
    })
    const client = await connectTo(t, socket)
    client.pause().send('go')
    assert.equal((await closed).code, 'ETIMEDOUT')
    client.resume()
    await client.closed
    assert.ok((await client.rest()).length < SIZE)
  })
})
