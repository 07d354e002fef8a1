// The TracingChannel around the handler: its order, and the stores of AsyncLocalStorage that a
// subscriber binds to it.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { request } from './support/raw-client.js'
import { connectTo, eventually, serve, serveRaw } from './support/serve.js'
import { Watched } from './support/watched.js'

const hello = () => new Response('hello')
const failing = () => {
  throw new Error('the handler failed')
}
const handling = tracingChannel('milouv.server.handler')

describe('the order', () => {
  const trace = (...names) => names.map((name) => `tracing:handler:${name}`)
  const [start, end, asyncStart, asyncEnd, error] = [
    ...trace('start', 'end', 'asyncStart', 'asyncEnd', 'error'),
  ]
  const created = 'response.created'
  const cases = {
    'at once': [hello, [start, 'request.start', created, end]],
    later: [async () => hello(), [start, 'request.start', end, asyncStart, created, asyncEnd]],
    'by a throw': [failing, [start, 'request.start', error, end]],
    'by a rejection': [
      async () => failing(),
      [start, 'request.start', end, error, asyncStart, asyncEnd],
    ],
  }
  for (const [name, [handler, order]] of Object.entries(cases)) {
    test(`of a handler that answers ${name}`, async (t) => {
      const watched = new Watched(t, { traced: true })
      const { client } = await serveRaw(t, handler, { onError: () => undefined })
      await client.ask(request('GET /'))
      await watched.over(1)
      assert.deepEqual(watched.names(), [...order, 'response.finish'])
      // The one message goes through all.
      assert.equal(new Set(watched.log.map(({ message }) => message)).size, 1)
    })
  }
})

describe('a bound store', () => {
  const storage = new AsyncLocalStorage()

  /** What every callback of a request finds in the storage, by the callback's name. */
  function bound(t) {
    const seen = []
    const note = (name) => seen.push([name, storage.getStore()])
    const finish = () => note('finish')
    handling.start.bindStore(storage, ({ request: { url } }) => new URL(url).pathname)
    subscribe('milouv.server.response.finish', finish)
    t.after(() => {
      handling.start.unbindStore(storage)
      unsubscribe('milouv.server.response.finish', finish)
    })
    return { seen, note }
  }

  test('is there for the handler, what it awaits, its body and the end', async (t) => {
    const { seen, note } = bound(t)
    let pieces = 2
    const { client } = await serveRaw(t, async (req, info) => {
      note('handler')
      info.completed.then(() => note('completed'))
      info.waitUntil(nextTurn().then(() => note('waitUntil')))
      await req.text()
      note('body')
      return new Response(
        new ReadableStream({
          async pull(controller) {
            note('pull')
            await nextTurn()
            if (pieces-- > 0) controller.enqueue(Buffer.from('piece'))
            else controller.close()
          },
        }),
      )
    })
    await client.ask(request('POST /one', ['content-length: 4'], 'body'))
    await eventually(() => assert.ok(seen.some(([name]) => name === 'finish')))
    for (const [name, store] of seen) assert.equal(store, '/one', name)
    const names = new Set(seen.map(([name]) => name))
    assert.deepEqual([...names].sort(), [
      ...['body', 'completed', 'finish', 'handler', 'pull', 'waitUntil'],
    ])
  })

  test('is there when the client leaves', async (t) => {
    const { seen, note } = bound(t)
    const { client } = await serveRaw(t, async ({ signal }) => {
      signal.addEventListener('abort', () => note('abort'))
      let sent = false
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent) return new Promise(() => {})
            sent = true
            controller.enqueue(Buffer.from('piece'))
          },
          cancel: () => note('cancel'),
        }),
      )
    })
    client.send(request('GET /leaves'))
    await client.arrived(/piece/)
    await client.reset()
    await eventually(() => assert.equal(seen.length, 3))
    assert.deepEqual(seen.map(([name]) => name).sort(), ['abort', 'cancel', 'finish'])
    for (const [name, store] of seen) assert.equal(store, '/leaves', name)
  })

  test('is there for onError', async (t) => {
    for (const handler of [failing, async () => failing()]) {
      const { seen, note } = bound(t)
      const { client } = await serveRaw(t, handler, { onError: () => void note('onError') })
      await client.ask(request('GET /fails'))
      await eventually(() => assert.equal(seen.length, 2))
      assert.deepEqual(seen, [
        ['onError', '/fails'],
        ['finish', '/fails'],
      ])
      handling.start.unbindStore(storage)
    }
  })

  test('keeps concurrent requests apart, also those of one read', async (t) => {
    bound(t)
    const server = serve(t, async () => {
      const before = storage.getStore()
      await nextTurn()
      return Response.json([before, storage.getStore()])
    })
    const clients = await Promise.all(Array.from({ length: 8 }, () => connectTo(t, server)))
    for (const [at, client] of clients.entries()) {
      client.send(request(`GET /${at}/a`) + request(`GET /${at}/b`))
    }
    for (const [at, client] of clients.entries()) {
      for (const path of [`/${at}/a`, `/${at}/b`]) {
        assert.deepEqual(JSON.parse((await client.answer()).text), [path, path])
      }
    }
  })
})

test('what a subscriber throws is uncaught, and no matter of the request', async (t) => {
  const child = new Child(
    t,
    `
    import { subscribe } from 'node:diagnostics_channel'
    import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
    const caught = []
    process.on('uncaughtException', (error) => caught.push(error.message))
    const names = ['server.request.start', 'server.response.created', 'server.response.finish']
    for (const name of names) {
      subscribe('milouv.' + name, () => {
        throw new Error(name)
      })
    }
    const server = new HttpServer().listen(() => new Response('hello'))
    const texts = [await (await fetch(server.url)).text(), await (await fetch(server.url)).text()]
    await server.close()
    console.log(JSON.stringify({ texts, caught }))
  `,
  )
  const { texts, caught } = await child.message()
  assert.deepEqual(texts, ['hello', 'hello'])
  const each = ['server.request.start', 'server.response.created', 'server.response.finish']
  assert.deepEqual(caught.sort(), [...each, ...each].sort())
})

test('a worker that ends while it is watched ends, and its clients see it', async () => {
  const source = `
    const { subscribe } = require('node:diagnostics_channel')
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(indexUrl)}).then(({ HttpServer }) => {
      for (const name of ['request.start', 'response.finish']) {
        subscribe('milouv.server.' + name, () => parentPort.postMessage(name))
      }
      const server = new HttpServer().listen(() => new Promise(() => {}))
      parentPort.postMessage(server.url)
    })
  `
  for (let round = 0; round < 5; round++) {
    const told = []
    const worker = new Worker(source, { eval: true, execArgv: [] })
    const [url] = await once(worker, 'message')
    const begun = once(worker, 'message')
    worker.on('message', (name) => told.push(name))
    const asked = fetch(url)
    await begun
    // Nothing more can run there, so nobody is told of the end.
    const [code] = await Promise.all([worker.terminate(), assert.rejects(asked)])
    assert.deepEqual([code, told], [1, ['request.start']])
  }
})
