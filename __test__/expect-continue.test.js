// `100 Continue` goes out when the handler first reads the body, ahead of the answer's head, and
// never when it does not: a client that waits for it then need not send the body at all.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Response } from 'milouv'
import { chunked, request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'

const framings = {
  'content-length: 4': 'body',
  'transfer-encoding: chunked': chunked(['bo', 'dy']),
}
const expecting = (framing) => request('POST /', [framing, 'expect: 100-continue'])

async function* relayed(body) {
  for await (const piece of body) yield piece
}

/** Answers with the body, in every way that reads it. */
const readers = {
  'reads it': async (asked) => new Response(await asked.text()),
  'reads it a while later': async (asked) => {
    await sleep(20)
    return new Response(await asked.bytes())
  },
  'reads a clone': async (asked) => new Response(await asked.clone().text()),
  'reads itself and cancels the clone': async (asked) => {
    const clone = asked.clone()
    // It settles when both are read or cancelled, not before.
    clone.body.cancel()
    return new Response(await asked.text())
  },
  'reads both halves of a tee': async ({ body }) => {
    const [one, other] = body.tee().map((half) => new Response(half).text())
    assert.equal(await one, await other)
    return new Response(await one)
  },
  'makes a platform’s Request of it': async (asked) =>
    new Response(await new globalThis.Request(asked).text()),
  'sends it back': ({ body }) => new Response(body),
  'sends it back after a moment': async ({ body }) => new Response(body),
  'sends it back in a platform’s Response': ({ body }) => new globalThis.Response(body),
  'sends it back through a transform': ({ body }) =>
    new Response(body.pipeThrough(new TransformStream())),
  'sends it back by a generator': ({ body }) => new Response(relayed(body)),
  'sends it back in the answer of onError': () => {
    throw new Error('onError answers')
  },
}

/** Answers without it, in every way that does not. */
const others = {
  'does not touch it': () => new Response('enough'),
  'takes its stream': ({ body }) => new Response(body.locked ? 'locked' : 'enough'),
  'makes a clone': (asked) => asked.clone() && new Response('enough'),
  'makes a tee': ({ body }) => body.tee() && new Response('enough'),
  'makes a platform’s Request of it': (asked) =>
    new globalThis.Request(asked) && new Response('enough'),
  'asks for its trailers': (_asked, info) => info.trailers && new Response('enough'),
  'cancels it': async ({ body }) => {
    await body.cancel()
    return new Response('enough')
  },
  'answers with a stream of its own': () =>
    new Response(ReadableStream.from([Buffer.from('enough')])),
}

const onError = (_error, { body }) => new Response(body)

for (const [framing, body] of Object.entries(framings)) {
  describe(`a client that waits before its body (${framing})`, () => {
    for (const [name, handler] of Object.entries(readers)) {
      test(`is told to go on when the handler ${name}`, async (t) => {
        const { client } = await serveRaw(t, handler, { onError })
        for (let round = 0; round < 2; round++) {
          client.send(expecting(framing))
          const early = await client.answer()
          assert.equal(early.head, 'HTTP/1.1 100 Continue\r\n\r\n')
          client.send(body)
          const answer = await client.answer()
          assert.deepEqual([answer.status, answer.text], [200, 'body'])
        }
      })
    }

    for (const [name, handler] of Object.entries(others)) {
      test(`is not told so when the handler ${name}`, async (t) => {
        const { client } = await serveRaw(t, handler)
        const answer = await client.ask(expecting(framing))
        assert.deepEqual([answer.status, answer.text], [200, 'enough'])
        // What it sends now could be the body or another request.
        assert.equal(answer.get('connection'), 'close')
        assert.equal((await client.rest()).length, 0)
      })
    }
  })
}

describe('nobody is told to go on', () => {
  const echo = async (asked) => new Response(await asked.text())
  const quiet = {
    'who sent the body with the head': request(
      'POST /',
      ['content-length: 4', 'expect: 100-continue', 'connection: close'],
      'body',
    ),
    'who sends no body': request('POST /', [
      'content-length: 0',
      'expect: 100-continue',
      'connection: close',
    ]),
    'who speaks HTTP/1.0':
      'POST / HTTP/1.0\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\nbody',
  }
  for (const [name, text] of Object.entries(quiet)) {
    test(name, async (t) => {
      const { client } = await serveRaw(t, echo)
      client.send(text)
      const answer = await client.answer()
      assert.equal(answer.status, 200)
      assert.equal((await client.rest()).length, 0)
    })
  }

  test('behind the head of the answer', async (t) => {
    const started = deferred()
    async function* late(asked) {
      yield 'head,'
      await started.promise
      yield await asked.text()
    }
    const { client } = await serveRaw(t, (asked) => new Response(late(asked)))
    client.send(expecting('content-length: 4'))
    await client.arrived(/head,/)
    started.resolve()
    await sleep(20)
    // As such clients do that have waited long enough.
    client.send('body')
    const answer = await client.answer()
    assert.deepEqual([answer.status, answer.text], [200, 'head,body'])
  })
})

test('an answer that comes too late is cancelled, with the reason', async (t) => {
  const cancelled = deferred()
  const server = serve(t, () => {
    server.closeAllConnections()
    return new Response(new ReadableStream({ cancel: cancelled.resolve }))
  })
  const client = await connectTo(t, server)
  client.send(expecting('content-length: 4'))
  assert.equal((await cancelled.promise).code, 'ECONNRESET')
  await eventually(() => assert.equal(server.stats().connections.open, 0))
})
