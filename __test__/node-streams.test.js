// Streams of Node's as bodies: whatever becomes of the answer, they are not left open.

import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { deferred, eventually, serveRaw } from './support/serve.js'

const file = fileURLToPath(import.meta.url)

const kinds = {
  'our Response': (body) => new Response(body),
  'our Response whose body was looked at': (body) => {
    const response = new Response(body)
    assert.equal(response.body.locked, false)
    return response
  },
  'a Response of another realm': (body) => ({ status: 200, headers: new Map(), body }),
}

describe("a stream of Node's", () => {
  for (const [kind, make] of Object.entries(kinds)) {
    test(`is sent whole, by ${kind}`, async (t) => {
      const { client } = await serveRaw(t, () => make(createReadStream(file)))
      assert.match((await client.ask(request('GET /'))).text, /is sent whole/)
    })

    test(`is destroyed behind the answer to HEAD, by ${kind}`, async (t) => {
      const stream = createReadStream(file)
      const { client } = await serveRaw(t, () => make(stream))
      await client.ask(request('HEAD /'))
      await eventually(() => assert.equal(stream.closed, true))
    })

    for (const sent of ['a piece', '']) {
      const when = sent === '' ? 'it has brought nothing' : 'it has brought a piece'
      test(`is destroyed when the client leaves and ${when}, by ${kind}`, async (t) => {
        const stream = new PassThrough()
        const errors = []
        const onError = (error) => {
          errors.push(error)
        }
        if (sent !== '') stream.write(sent)
        const { client } = await serveRaw(t, () => make(stream), { onError })
        client.send(request('GET /'))
        await client.bytes(1)
        await client.reset()
        await eventually(() => assert.equal(stream.closed, true))
        // Whoever answers a client that leaves has made no mistake.
        await nextTurn()
        assert.deepEqual(errors, [])
      })
    }

    test(`is destroyed when the client had left before the answer, by ${kind}`, async (t) => {
      const stream = createReadStream(file)
      const gate = deferred()
      const handler = async () => {
        await gate.promise
        return make(stream)
      }
      const { server, client } = await serveRaw(t, handler)
      client.send(request('GET /'))
      await eventually(() => assert.equal(server.stats().requests, 1))
      await client.reset()
      await eventually(() => assert.equal(server.stats().connections.open, 0))
      gate.resolve()
      await eventually(() => assert.equal(stream.closed, true))
    })
  }
})

test('an iterator that will not be sent hears of it', async (t) => {
  const returned = deferred()
  const body = {
    [Symbol.asyncIterator]: () => body,
    next: () => assert.fail('it was read'),
    return: async () => returned.resolve(),
  }
  const { client } = await serveRaw(t, () => new Response(body))
  await client.ask(request('HEAD /'))
  await returned.promise
})
