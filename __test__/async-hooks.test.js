// Handlers run in an async context of their own, as Node's own callbacks do: hooks see them, and
// what hooks do is no matter of theirs.

import assert from 'node:assert/strict'
import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HttpParser, Response } from 'milouv'
import { request } from './support/raw-client.js'
import { listen } from './support/raw-socket.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'

const FOREIGN = Buffer.from(request('DELETE /another/request', ['x-other: 1', 'x-more: 2']))

function withHook(t, callbacks) {
  const hook = createHook(callbacks).enable()
  t.after(() => hook.disable())
}

describe('hooks', () => {
  test('that parse another request leave the own one alone', async (t) => {
    let parsed = 0
    withHook(t, {
      before() {
        const [found] = new HttpParser().execute(FOREIGN)
        if (found.target === '/another/request') parsed += 1
      },
    })
    const { client } = await serveRaw(t, (req) =>
      Response.json([req.method, new URL(req.url).pathname, [...req.headers]]),
    )
    for (const path of ['/one', '/two-is-longer', '/3']) {
      const answer = await client.ask(request(`GET ${path}`, [`x-path: ${path}`]))
      const headers = [
        ['host', 'test'],
        ['x-path', path],
      ]
      assert.deepEqual(JSON.parse(answer.text), ['GET', path, headers])
    }
    assert.ok(parsed > 0, 'the hook was never called')
  })

  test('that parse do not mix up pipelined requests', async (t) => {
    withHook(t, { before: () => new HttpParser().execute(FOREIGN) })
    const { client } = await serveRaw(t, async (req) => {
      const { pathname } = new URL(req.url)
      await nextTurn()
      return new Response(pathname)
    })
    const paths = Array.from({ length: 20 }, (_, at) => `/${'p'.repeat(at)}${at}`)
    client.send(paths.map((path) => request(`GET ${path}`)).join(''))
    for (const path of paths) assert.equal((await client.answer()).text, path)
  })

  test('see each handler between before and after', async (t) => {
    const running = []
    const wrong = []
    withHook(t, {
      before: (id) => running.push(id),
      // What was running already when the hook came has no `before`.
      after: (id) => running.length === 0 || running.pop() === id || wrong.push(id),
    })
    const ids = []
    const { client } = await serveRaw(t, () => {
      ids.push([executionAsyncId(), running.at(-1)])
      return new Response('hello')
    })
    for (let round = 0; round < 3; round += 1) await client.ask(request('GET /'))
    assert.deepEqual(wrong, [])
    assert.equal(ids.length, 3)
    for (const [id, innermost] of ids) {
      assert.ok(id > 0)
      assert.equal(id, innermost)
    }
  })
})

describe('AsyncLocalStorage', () => {
  test('keeps concurrent requests apart', async (t) => {
    const storage = new AsyncLocalStorage()
    const gate = deferred()
    const server = serve(t, (req) =>
      storage.run(new URL(req.url).pathname, async () => {
        const sent = await req.text()
        await gate.promise
        return new Response(`${sent} ${storage.getStore()}`)
      }),
    )
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(t, server)))
    const answers = clients.map((client, at) => {
      const body = `body ${at}`
      return client.ask(request(`POST /${at}`, [`content-length: ${body.length}`], body))
    })
    gate.resolve()
    const texts = (await Promise.all(answers)).map(({ text }) => text)
    assert.deepEqual(
      texts,
      texts.map((_, at) => `body ${at} /${at}`),
    )
  })

  test('what one handler enters is not there for the next', async (t) => {
    const storage = new AsyncLocalStorage()
    const { server, client } = await serveRaw(t, (req) => {
      const before = storage.getStore() ?? 'nothing'
      const { pathname } = new URL(req.url)
      storage.enterWith(pathname)
      return nextTurn().then(() => new Response(`${before} ${storage.getStore()}`))
    })
    assert.equal((await client.ask(request('GET /one'))).text, 'nothing /one')
    assert.equal((await client.ask(request('GET /two'))).text, 'nothing /two')
    const other = await connectTo(t, server)
    assert.equal((await other.ask(request('GET /three'))).text, 'nothing /three')
  })

  test('what one handler enters is not there for those of other clients in its turn', async (t) => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const see = () => {
      seen.push(storage.getStore())
      storage.enterWith('of another client')
    }
    const handler = async () => {
      see()
      await nextTurn()
      return new Response(storage.getStore())
    }
    const server = serve(t, handler, { onClientError: see })
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(t, server)))
    // All are read in one turn; each one's second and third come behind others' first.
    const lines = `${request('GET /')}${request('GET /')}no request\r\n\r\n`
    for (const client of clients) client.send(lines)
    for (const client of clients) {
      for (const _ of [1, 2]) assert.equal((await client.answer()).text, 'of another client')
      assert.equal((await client.answer()).status, 400)
    }
    assert.deepEqual(seen, Array(30).fill(undefined))
  })

  test('what one handler enters is not there for another that refuses or aborts', async (t) => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const aborted = deferred()
    const handler = (req) => {
      if (req.url.endsWith('/enter')) {
        storage.enterWith('of another client')
        return new Response('entered')
      }
      req.signal.addEventListener('abort', () => {
        seen.push(storage.getStore())
        aborted.resolve()
      })
      return new Promise(() => {})
    }
    const onClientError = () => seen.push(storage.getStore())
    const { server, client } = await serveRaw(t, handler, { onClientError })
    const leaving = await connectTo(t, server)
    leaving.send(request('GET /wait'))
    await client.ask(request('GET /enter'))
    assert.equal((await client.ask('no request\r\n\r\n')).status, 400)
    await leaving.reset()
    await aborted.promise
    assert.deepEqual(seen, [undefined, undefined])
  })

  test('what one handler of a raw connection enters is not there for the next', async (t) => {
    const storage = new AsyncLocalStorage()
    const socket = listen(t, {
      data(connection, bytes) {
        const before = storage.getStore() ?? 'nothing'
        storage.enterWith(`${bytes}`)
        connection.end(before)
      },
    })
    for (const name of ['one', 'two']) {
      const client = await connectTo(t, socket)
      assert.equal(`${await client.send(name).rest()}`, 'nothing')
    }
  })

  test('every handler starts with the same as the first', async (t) => {
    const storage = new AsyncLocalStorage()
    const handler = () => {
      const store = storage.getStore() ?? 'nothing'
      storage.enterWith('something else')
      return new Response(store)
    }
    // As node:http has it: what there was when the server began to listen.
    const { client } = await storage.run('of the server', () => serveRaw(t, handler))
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await client.ask(request('GET /'))).text, 'of the server')
    }
  })

  test('all handlers of raw connections start with the same as well', async (t) => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const note = (name) => {
      seen.push([name, storage.getStore()])
      storage.enterWith('of a handler')
    }
    const closed = deferred()
    const listener = {
      open: () => note('open'),
      data(connection) {
        note('data')
        connection.write(Buffer.alloc(32 * 1024 * 1024))
      },
      drain: () => note('drain'),
      end(connection) {
        note('end')
        connection.end()
      },
      close() {
        note('close')
        closed.resolve()
      },
    }
    const socket = storage.run('of the socket', () => listen(t, listener))
    const client = await connectTo(t, socket)
    client.pause().send('bytes')
    await eventually(() => assert.equal(seen.length, 2))
    client.resume()
    await client.bytes(32 * 1024 * 1024)
    client.end()
    await closed.promise
    const names = ['open', 'data', 'drain', 'end', 'close']
    assert.deepEqual(
      seen,
      names.map((name) => [name, 'of the socket']),
    )
  })

  test('whoever listens to the signal, or is cancelled, finds those of the request', async (t) => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const { server } = await serveRaw(t, (req) => {
      const { pathname } = new URL(req.url)
      storage.enterWith(pathname)
      req.signal.addEventListener('abort', () => seen.push(['abort', pathname, storage.getStore()]))
      const cancel = () => seen.push(['cancel', pathname, storage.getStore()])
      const start = (controller) => controller.enqueue(Buffer.from('piece'))
      return new Response(new ReadableStream({ start, cancel }))
    })
    const paths = ['/one', '/two', '/three']
    for (const path of paths) {
      const client = await connectTo(t, server)
      client.send(request(`GET ${path}`))
      await client.arrived(/piece/)
      await client.reset()
    }
    await eventually(() => assert.equal(seen.length, 6))
    for (const [name, path, store] of seen) assert.equal(store, path, name)
  })
})
