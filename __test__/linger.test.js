// Closes that the client did not ask for: what it still sends must not reset the connection, or
// the answer would be lost on its way (RFC 9112, 9.6).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { eventually, serveRaw } from './support/serve.js'

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
  // Twice this is a little less than a lingering connection takes at most.
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
