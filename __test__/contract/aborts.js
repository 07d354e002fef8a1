// The request's signal, clients that leave, and what goes on behind the answer.

import assert from 'node:assert/strict'
import { deferred } from '../../lib/deferred.js'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const post = (body) => ({ method: 'POST', body })
/** Settles when the client tells by another connection that it has left the first. */
const left = deferred()

/** Asks, waits until the handler has begun, and leaves. */
async function leave(client, rest = '') {
  const raw = await client.raw()
  raw.send(client.line('GET', rest))
  await client.noted((notes) => assert.equal(notes[0], 'begun'))
  await raw.reset()
}

const aborted = (signal) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', resolve, { once: true })
  })

export const aborts = {
  'the signal does not abort when all is well': {
    async handle(request, { note, rest }) {
      request.signal.addEventListener('abort', () => note('aborted'))
      if (rest === '/read') await request.text()
      if (rest === '/stream') return new Response(request.body)
      return new Response('x')
    },
    async check(client) {
      await client.text()
      for (const rest of ['/read', '/unread', '/stream']) await client.text(rest, post('body'))
      const large = new Uint8Array(300_000)
      for (const rest of ['/read', '/stream']) await client.text(rest, post(large))
      const raw = await client.raw()
      await raw.ask(client.line('GET', '', ['connection: close']))
      await raw.rest()
      await pause(50)
      assert.deepEqual(await client.notes(), [])
    },
  },

  'nor when it is asked for late': {
    async handle(request, { note, rest }) {
      if (rest === '/read') await request.text()
      if (rest === '/stream') for await (const _ of request.body);
      const early = request.signal.aborted
      setTimeout(() => note([early, request.signal.aborted]), 30)
      return new Response('x')
    },
    async check(client) {
      for (const rest of ['/read', '/stream', '/unread']) await client.text(rest, post('body'))
      const fine = [false, false]
      await client.noted((notes) => assert.deepEqual(notes, [fine, fine, fine]))
    },
  },

  'a client that leaves aborts it, once': {
    needs: 'signal',
    async handle(request, { note }) {
      note('begun')
      request.signal.addEventListener('abort', () => note('aborted'))
      await aborted(request.signal)
      await pause(10)
      note([request.signal.aborted, request.signal.reason instanceof Error])
      return new Response('late')
    },
    async check(client) {
      await leave(client)
      const all = ['begun', 'aborted', [true, true]]
      await client.noted((notes) => assert.deepEqual(notes, all))
    },
  },

  'the reason is an AbortError': {
    needs: 'signal',
    async handle(request, { note }) {
      note('begun')
      await aborted(request.signal)
      note(request.signal.reason.name)
      return new Response('late')
    },
    async check(client) {
      await leave(client)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'AbortError']))
    },
  },

  'a signal that is asked for when the client has left': {
    needs: 'signal',
    async handle(request, { note, rest }) {
      if (rest === '/left') {
        left.resolve()
        return new Response()
      }
      note('begun')
      await left.promise
      await pause(20)
      for (let round = 0; round < 100 && !request.signal.aborted; round++) await pause(10)
      note(request.signal.aborted)
      return new Response('late')
    },
    async check(client) {
      await leave(client)
      await client.text('/left')
      await client.noted((notes) => assert.deepEqual(notes, ['begun', true]))
    },
  },

  'the signals of a clone and of a copy follow': {
    needs: 'signal',
    async handle(request, { note }) {
      const signals = [request.clone().signal, new Request(request).signal]
      note('begun')
      await Promise.all(signals.map(aborted))
      note('both')
      return new Response('late')
    },
    async check(client) {
      await leave(client)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'both']))
    },
  },

  'it aborts while the answer is on its way': {
    needs: 'signal',
    handle(request, { note }) {
      const stream = new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array([97]))
          await aborted(request.signal)
          note('aborted')
        },
      })
      return new Response(stream)
    },
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await raw.arrived(/a\r\n$/)
      await raw.reset()
      await client.noted((notes) => assert.deepEqual(notes, ['aborted']))
    },
  },

  'what fetch does for the client ends with it': {
    needs: 'signal',
    async handle(request, { rest, note, base }) {
      if (rest === '/there') {
        await aborted(request.signal)
        note('there')
        return new Response()
      }
      setTimeout(note, 20, 'begun')
      return fetch(`${base}/there`, { signal: request.signal })
    },
    async check(client) {
      const controller = new AbortController()
      const asked = client.ask('', { signal: controller.signal })
      await client.noted((notes) => assert.deepEqual(notes, ['begun']))
      controller.abort()
      await assert.rejects(asked)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'there']))
    },
  },

  'an answer for a client that has left is dropped, and its stream cancelled': {
    async handle(_, { note }) {
      note('begun')
      await pause(60)
      return new Response(new ReadableStream({ cancel: () => note('cancelled') }))
    },
    async check(client) {
      await leave(client)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'cancelled']))
    },
  },

  'a handler that never answers is left alone': {
    handle(_, { note }) {
      note('begun')
      return new Promise(() => {})
    },
    async check(client) {
      await leave(client)
      assert.deepEqual(await client.notes(), ['begun'])
    },
  },

  'a server that is waited for by nobody': {
    async handle(request, { note }) {
      note('begun')
      await aborted(AbortSignal.any([request.signal, AbortSignal.timeout(80)]))
      request.signal.throwIfAborted()
      return new Response('in time')
    },
    async check(client) {
      assert.equal(await client.text(), 'in time')
      await leave(client)
      await pause(120)
    },
  },

  'waitUntil lets work go on behind the answer': {
    needs: 'waitUntil',
    handle(_, { note, waitUntil }) {
      waitUntil(pause(40).then(() => note('done')))
      return new Response('x')
    },
    async check(client) {
      assert.equal(await client.text(), 'x')
      await client.noted((notes) => assert.deepEqual(notes, ['done']))
    },
  },

  'waitUntil of what fails': {
    needs: 'waitUntil',
    handle(_, { waitUntil }) {
      waitUntil(Promise.reject(new Error('on purpose')))
      waitUntil(pause(5).then(() => Promise.reject(new Error('on purpose'))))
      return new Response('x')
    },
    async check(client) {
      assert.equal(await client.text(), 'x')
      await pause(30)
    },
  },
}
