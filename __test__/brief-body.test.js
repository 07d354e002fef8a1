// The platform's Responses, sent: those of text and bytes go out whole with their length, and the
// streams of an app are read as they always were.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BriefBody } from '../lib/brief-body.js'
import { request } from './support/raw-client.js'
import { deferred, serveRaw } from './support/serve.js'

const { Response } = globalThis
// Not out of a pool: a byte stream takes the buffer away.
const bytesOf = (text) => new TextEncoder().encode(text)
const later = (action) => setTimeout(action, 2)

/** A byte stream of some pieces, each enqueued in the manner given. */
function piecesOf(texts, enqueueBy) {
  const left = [...texts]
  const pulls = { count: 0 }
  const stream = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      pulls.count += 1
      const text = left.shift()
      return enqueueBy(() => {
        if (text === undefined) {
          controller.close()
          controller.byobRequest?.respond(0)
        } else controller.enqueue(bytesOf(text))
      })
    },
  })
  return { stream, pulls }
}

test('text and bytes go out whole, from every kind of handler', async (t) => {
  const bodies = ['', 'text', new Uint8Array(70_000).fill(97), new URLSearchParams('a=b')]
  const make = () => new Response(bodies[next])
  let next = 0
  const after = async () => {
    await undefined
    return make()
  }
  const onError = () => make()
  const thrown = () => {
    throw new Error('asks for the answer of onError')
  }
  const handlers = [
    thrown,
    make,
    async () => make(),
    after,
    () => new Promise((r) => later(() => r(make()))),
  ]
  for (const handler of handlers) {
    const { client } = await serveRaw(t, handler, { onError })
    for (next = 0; next < bodies.length; next++) {
      const expected = await make().text()
      for (const method of ['GET', 'HEAD']) {
        const answer = await client.ask(request(`${method} /`))
        assert.equal(answer.text, method === 'GET' ? expected : '')
        assert.equal(answer.get('content-length'), String(expected.length))
        assert.equal(answer.get('transfer-encoding'), null)
      }
    }
  }
})

const manners = {
  'at once': (enqueue) => enqueue(),
  'later, in a promise': (enqueue) => new Promise((resolve) => later(() => resolve(enqueue()))),
  'later, behind its back': (enqueue) => void later(enqueue),
}
for (const [manner, enqueueBy] of Object.entries(manners)) {
  test(`an app's byte stream whose pieces come ${manner} is pulled once for each`, async (t) => {
    const texts = ['one', 'two', 'three']
    let pulls
    const { client } = await serveRaw(t, async () => {
      const made = piecesOf(texts, enqueueBy)
      pulls = made.pulls
      return new Response(made.stream)
    })
    const answer = await client.ask(request('GET /'))
    assert.equal(answer.text, 'onetwothree')
    assert.deepEqual(answer.chunks.map(String), texts)
    assert.equal(pulls.count, texts.length + 1)
  })
}

test('the head does not wait for the first piece', async (t) => {
  const first = deferred()
  const stream = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      controller.enqueue(bytesOf(await first.promise))
      controller.close()
    },
  })
  const { client } = await serveRaw(t, () => new Response(stream))
  client.send(request('GET /'))
  await client.arrived(/transfer-encoding: chunked\r\n[\s\S]*\r\n\r\n$/)
  first.resolve('late')
  assert.equal((await client.answer()).text, 'late')
})

test('a stream that fails or that nobody waits for any more', async (t) => {
  const told = deferred()
  const failing = { type: 'bytes', pull: () => Promise.reject(new Error('no bytes')) }
  const broken = await serveRaw(t, async () => new Response(new ReadableStream(failing)), {
    onError: told.resolve,
  })
  broken.client.send(request('GET /'))
  assert.equal((await told.promise).message, 'no bytes')
  await broken.client.closed
  const pulled = deferred()
  const cancelled = deferred()
  const pull = () => {
    pulled.resolve()
    return new Promise(() => {})
  }
  const { client } = await serveRaw(t, () => {
    return new Response(new ReadableStream({ type: 'bytes', pull, cancel: cancelled.resolve }))
  })
  client.send(request('GET /'))
  await pulled.promise
  await client.reset()
  assert.equal((await cancelled.promise).name, 'AbortError')
})

test('what a brief body gives', async () => {
  const streamOf = (source) => new ReadableStream({ type: 'bytes', ...source })
  const made = (source) => {
    let ended = false
    const stream = streamOf({ pull: (controller) => source(controller, () => (ended = true)) })
    return new BriefBody(stream, () => ended)
  }
  const whole = await made((controller, end) => {
    controller.enqueue(bytesOf('ab'))
    end()
  }).take()
  assert.deepEqual(whole, new Uint8Array([97, 98]))
  const rest = await made((controller) => controller.enqueue(bytesOf('a'))).take()
  const reader = rest.getReader()
  for (let i = 0; i < 2; i++) assert.deepEqual((await reader.read()).value, new Uint8Array([97]))
  await rest.cancel()
  assert.equal((await reader.read()).done, true)
})
