// Answers that cannot be sent as they are: errors are told once, and the client is never left
// waiting.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { deferred, eventually, serveRaw } from './support/serve.js'

const NativeResponse = globalThis.Response
const headers = { 'content-length': '99' }

function throwing() {
  throw new Error('the first')
}

/** What console.error is given during a test. */
function watchErrors(t) {
  const calls = []
  t.mock.method(console, 'error', (...args) => calls.push(args))
  return calls
}

describe('an onError whose answer cannot be sent is asked once', () => {
  const answers = {
    'a native Response': () => new NativeResponse('short', { headers }),
    'a native Response, later': async () => new NativeResponse('short', { headers }),
    'a Response of ours': () => new Response('short', { headers }),
    'a Response of ours, later': async () => new Response('short', { headers }),
    'what is no Response': () => 'text',
    'a Response of type error': () => NativeResponse.error(),
  }
  for (const [name, onErrorAnswer] of Object.entries(answers)) {
    for (const handler of [throwing, async () => throwing()]) {
      const manner = handler === throwing ? 'throws' : 'rejects'
      test(`${name}, after a handler that ${manner}`, async (t) => {
        const errors = watchErrors(t)
        let asked = 0
        const onError = () => {
          asked += 1
          // So that an endless loop is a failure, not a hang.
          if (asked > 5) return undefined
          return onErrorAnswer()
        }
        const { client } = await serveRaw(t, handler, { onError })
        for (let round = 1; round <= 2; round += 1) {
          const answer = await client.ask(request('GET /'))
          assert.deepEqual([answer.status, answer.text], [500, ''])
          assert.equal(asked, round)
        }
        assert.match(String(errors[0][1]), /the first/)
        assert.match(String(errors[1][0]), /onError failed too/)
        assert.equal(errors.length, 4)
      })
    }
  }
})

describe('rejected trailers', () => {
  const rejected = () => Promise.reject(new Error('no trailers'))
  const bodies = {
    text: () => 'text',
    'a stream': () => ReadableStream.from([Buffer.from('text')]),
  }

  function watchRejections(t) {
    const found = []
    const listener = (reason) => found.push(reason)
    process.on('unhandledRejection', listener)
    t.after(() => process.off('unhandledRejection', listener))
    return found
  }

  /** Rejections that nobody handles are told when the microtasks are done. */
  async function assertNone(found) {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn()
    assert.deepEqual(found, [])
  }

  for (const [name, body] of Object.entries(bodies)) {
    test(`break off the connection behind ${name}`, async (t) => {
      const unhandled = watchRejections(t)
      const told = deferred()
      const handler = () => new Response(body(), { trailers: rejected() })
      const { client } = await serveRaw(t, handler, { onError: told.resolve })
      client.send(request('GET /'))
      assert.equal((await told.promise).message, 'no trailers')
      await client.closed
      await assert.rejects(client.answer(), /the connection ended/)
      await assertNone(unhandled)
    })
  }

  test('do not matter to HEAD', async (t) => {
    const unhandled = watchRejections(t)
    const errors = []
    const handler = () => new Response('text', { trailers: rejected() })
    const { client } = await serveRaw(t, handler, { onError: (error) => void errors.push(error) })
    assert.equal((await client.ask(request('HEAD /'))).status, 200)
    assert.equal((await client.ask(request('HEAD /'))).status, 200)
    await assertNone(unhandled)
    assert.deepEqual(errors, [])
  })

  test('do not matter when the client has left', async (t) => {
    const unhandled = watchRejections(t)
    const errors = []
    const left = deferred()
    const handler = async (req) => {
      req.signal.addEventListener('abort', left.resolve)
      await left.promise
      return new Response('text', { trailers: rejected() })
    }
    const onError = (error) => void errors.push(error)
    const { server, client } = await serveRaw(t, handler, { onError })
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    await client.reset()
    await left.promise
    await assertNone(unhandled)
    assert.deepEqual(errors, [])
  })
})
