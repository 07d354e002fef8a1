// Closes that the client did not ask for: what it still sends must not reset the connection, or
// the answer would be lost on its way (RFC 9112, 9.6).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, eventually, serve, serveRaw } from './support/serve.js'

const bodies = {
  large: Buffer.alloc(1024 * 1024, 'answer '),
  small: Buffer.from('answer'),
}
const closing = { headers: { connection: 'close' } }

const closes = {
  'the limit of requests': {
    options: { limits: { maxRequestsPerConnection: 1 } },
    answer: (body) => new Response(body),
  },
  "the handler's connection: close": { answer: (body) => new Response(body, closing) },
  "the handler's connection: close on a stream": {
    answer: (body) => new Response(ReadableStream.from([body]), closing),
  },
  'a shutdown': {
    answer: (body, server) => {
      server.close()
      return new Response(body)
    },
  },
}

/** A client whose first request was handled; it has read nothing yet. */
async function handledOnce(t, { options, answer }, body) {
  const handled = []
  const handler = (req) => {
    handled.push(req.url)
    return answer(body, server)
  }
  const { server, client } = await serveRaw(t, handler, options)
  client.pause().send(request('GET /'))
  await eventually(() => assert.equal(handled.length, 1))
  return { client, handled }
}

describe('the answer arrives whole although the client sends on', () => {
  const more = request('GET /more').repeat(8_000)

  for (const [name, close] of Object.entries(closes)) {
    for (const [size, body] of Object.entries(bodies)) {
      test(`a ${size} one behind which ${name} closes`, async (t) => {
        const { client, handled } = await handledOnce(t, close, body)
        for (let round = 0; round < 2; round += 1) {
          client.send(more)
          for (let turn = 0; turn < 20; turn += 1) await nextTurn()
        }
        client.resume()
        const answer = await client.answer()
        assert.equal(answer.get('connection'), 'close')
        assert.ok(answer.body.equals(body))
        assert.equal((await client.rest()).length, 0)
        assert.equal(await client.closed, null)
        assert.equal(handled.length, 1)
      })
    }
  }
})

describe('a body that nobody reads', () => {
  for (const mebibytes of [1, 8, 40]) {
    test(`of ${mebibytes} MiB takes no answer from a client that sends it first`, async (t) => {
      const { client } = await serveRaw(t, () => new Response('early'))
      const size = mebibytes * 1024 * 1024
      const head = Buffer.from(request('POST /', [`content-length: ${size}`]))
      await client.pause().sendPieces([head, Buffer.alloc(size)])
      client.resume()
      const answer = await client.answer()
      assert.equal(`${answer.body}`, 'early')
      assert.equal(answer.get('connection'), 'close')
      assert.equal((await client.rest()).length, 0)
      assert.equal(await client.closed, null)
    })
  }
})

describe('a client that does not end', () => {
  const opened = async (t) => {
    const server = serve(t, () => new Response('last', closing))
    const client = await connectTo(t, server, { allowHalfOpen: true })
    client.send(request('GET /'))
    await client.answer()
    const isOpen = () => server.stats().connections.open === 1
    return { client, isOpen }
  }
  const closes = (isOpen) => eventually(() => assert.ok(!isOpen()))

  test('is destroyed once it has been silent', async (t) => {
    const { client, isOpen } = await opened(t)
    for (let piece = 0; piece < 5; piece += 1) {
      await setTimeout(600)
      assert.ok(isOpen(), 'it still sends')
      client.send('x')
    }
    await closes(isOpen)
  })

  test('is destroyed in the end, whatever it sends', async (t) => {
    const { client, isOpen } = await opened(t)
    const sending = setInterval(() => client.send('x'), 500)
    t.after(() => clearInterval(sending))
    await setTimeout(28_000)
    assert.ok(isOpen(), 'its time is not over')
    await closes(isOpen)
  })
})
