// The ways a server stops: all at once, politely, with a time limit, from anywhere.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { HttpServer, Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'

const hello = () => new Response('hello')
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')

/** A handler that waits for `proceed`, and tells with `started` that it does. */
function waiting(answer = hello) {
  const [started, proceed] = [deferred(), deferred()]
  const handler = async (...args) => {
    started.resolve()
    await proceed.promise
    return answer(...args)
  }
  return { handler, started: started.promise, proceed: proceed.resolve }
}

const refused = (port) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', ({ code }) => resolve(code))
    socket.on('connect', () => {
      socket.destroy()
      reject(new Error('the port is still open'))
    })
  })

/** Whether a promise is still pending, seen a turn of the loop later. */
async function isPending(promise) {
  const later = new Promise((resolve) => setImmediate(resolve, isPending))
  return (await Promise.race([promise, later])) === isPending
}

describe('close()', () => {
  test('of a server that does not listen', async () => {
    const server = new HttpServer()
    assert.equal(await server.close(), undefined)
    assert.equal(await server.close({ timeout: 1 }), undefined)
  })

  test('closes the port at once, and idle connections', async (t) => {
    const { server, client } = await serveRaw(t, hello)
    const unused = await connectTo(t, server)
    await client.ask(request('GET /'))
    await eventually(() => assert.equal(server.stats().connections.open, 2))
    const { port } = server
    const closed = server.close()
    assert.equal(server.listening, false)
    assert.equal(server.address(), null)
    assert.equal(await refused(port), 'ECONNREFUSED')
    assert.equal(await closed, undefined)
    for (const each of [client, unused]) {
      assert.equal((await each.rest()).length, 0)
      assert.equal(await each.closed, null)
    }
    assert.equal(server.stats().connections.open, 0)
  })

  test('lets a running request finish, whose answer says close', async (t) => {
    const { handler, started, proceed } = waiting()
    const { server, client } = await serveRaw(t, handler)
    client.send(request('GET /') + request('GET /never'))
    await started
    const closed = server.close()
    assert.equal(await isPending(closed), true)
    proceed()
    const answer = await client.answer()
    assert.equal(answer.get('connection'), 'close')
    assert.equal(answer.text, 'hello')
    assert.equal((await client.rest()).length, 0)
    await closed
    assert.equal(server.stats().requests, 1)
  })

  test('lets an answer stream to its end', async (t) => {
    let controller
    const stream = new ReadableStream({
      start(given) {
        controller = given
        controller.enqueue(Buffer.from('one'))
      },
    })
    const { server, client } = await serveRaw(t, () => new Response(stream))
    client.send(request('GET /'))
    await client.arrived(/one/)
    const closed = server.close()
    assert.equal(await isPending(closed), true)
    controller.enqueue(Buffer.from(' two'))
    controller.close()
    assert.equal((await client.answer()).text, 'one two')
    assert.equal((await client.rest()).length, 0)
    await closed
  })

  test('serves a request that had begun to arrive', async (t) => {
    const { server, client } = await serveRaw(t, hello)
    const text = request('GET /')
    client.send(text.slice(0, 10))
    await eventually(() => assert.equal(server.stats().bytesIn, 10))
    const closed = server.close()
    assert.equal(await isPending(closed), true)
    client.send(text.slice(10))
    assert.equal((await client.answer()).get('connection'), 'close')
    await closed
  })

  test('called twice, settles twice', async (t) => {
    const { handler, started, proceed } = waiting()
    const { server, client } = await serveRaw(t, handler)
    client.send(request('GET /'))
    await started
    const both = [server.close(), server.close()]
    proceed()
    await Promise.all(both)
    await server.close()
  })

  test('inside a handler', async (t) => {
    let closed
    const { server, client } = await serveRaw(t, () => {
      closed = server.close()
      return hello()
    })
    client.send(request('GET /') + request('GET /never'))
    const answer = await client.answer()
    assert.deepEqual([answer.text, answer.get('connection')], ['hello', 'close'])
    assert.equal((await client.rest()).length, 0)
    await closed
    assert.equal(server.stats().requests, 1)
  })

  test('inside an async handler, after it waited', async (t) => {
    let closed
    const { server, client } = await serveRaw(t, async (req) => {
      await req.text()
      closed = server.close()
      return hello()
    })
    const answer = await client.ask(request('GET /'))
    assert.deepEqual([answer.text, answer.get('connection')], ['hello', 'close'])
    await client.rest()
    await closed
  })

  test('waits for what waitUntil was given', async (t) => {
    const [work, more] = [deferred(), deferred()]
    const { server, client } = await serveRaw(t, (_, info) => {
      info.waitUntil(work.promise.then(() => info.waitUntil(more.promise)))
      return hello()
    })
    await client.ask(request('GET /', ['connection: close']))
    await client.closed
    const closed = server.close()
    assert.equal(await isPending(closed), true)
    work.resolve()
    assert.equal(await isPending(closed), true)
    more.resolve()
    await closed
  })

  for (const options of [null, 5, { timeout: '1' }, { timeout: -1 }, { timeout: 0.5 }, { x: 1 }]) {
    test(`refuses ${JSON.stringify(options)} and stays open`, async (t) => {
      const server = serve(t, hello)
      assert.throws(() => server.close(options), /^(Type|Range)Error/)
      assert.equal(server.listening, true)
    })
  }
})

describe('close({ timeout })', () => {
  for (const timeout of [0, 20]) {
    test(`destroys what is left after ${timeout} ms`, async (t) => {
      const { handler, started, proceed } = waiting()
      const completed = deferred()
      const { server, client } = await serveRaw(t, (req, info) => {
        info.completed.catch(completed.resolve)
        return handler(req)
      })
      client.send(request('GET /'))
      await started
      await server.close({ timeout })
      assert.equal((await client.rest()).length, 0)
      assert.equal((await completed.promise).name, 'AbortError')
      // The late answer is for nobody.
      proceed()
    })
  }

  test('does not cut what finishes in time, and leaves no timer', async (t) => {
    const { handler, started, proceed } = waiting()
    const { server, client } = await serveRaw(t, handler)
    client.send(request('GET /'))
    await started
    const closed = server.close({ timeout: 2 ** 31 - 1 })
    proceed()
    assert.equal((await client.answer()).text, 'hello')
    await closed
  })

  test('gives a limit to a close() that had none', async (t) => {
    const { handler, started } = waiting()
    const { server, client } = await serveRaw(t, handler)
    client.send(request('GET /'))
    await started
    const closed = server.close()
    await server.close({ timeout: 1 })
    await closed
    assert.equal((await client.rest()).length, 0)
  })
})

describe('the signal', () => {
  test('closes the server', async (t) => {
    const { handler, started, proceed } = waiting()
    const controller = new AbortController()
    const { server, client } = await serveRaw(t, handler, { signal: controller.signal })
    client.send(request('GET /'))
    await started
    controller.abort()
    assert.equal(server.listening, false)
    proceed()
    assert.equal((await client.answer()).get('connection'), 'close')
    await client.closed
    await server.close()
  })

  test('aborted before: listen() throws its reason', () => {
    const signal = AbortSignal.abort(new Error('changed my mind'))
    const server = new HttpServer({ signal })
    assert.throws(() => server.listen(hello), /^Error: changed my mind$/)
    assert.equal(server.listening, false)
  })

  test('aborted after the end: nothing happens', async (t) => {
    const controller = new AbortController()
    const server = serve(t, hello, { signal: controller.signal })
    await server.close()
    controller.abort()
    assert.equal(server.listening, false)
  })
})

test('asyncDispose closes', async (t) => {
  const { server, client } = await serveRaw(t, hello)
  await client.ask(request('GET /'))
  await server[ASYNC_DISPOSE]()
  assert.equal(server.listening, false)
  assert.equal((await client.rest()).length, 0)
})

describe('closing connections, not the server', () => {
  test('closeIdleConnections() leaves the busy', async (t) => {
    const { handler, started, proceed } = waiting()
    const { server, client: busy } = await serveRaw(t, (req) => {
      return req.url.endsWith('/busy') ? handler(req) : hello()
    })
    const idle = await connectTo(t, server)
    await idle.ask(request('GET /'))
    busy.send(request('GET /busy'))
    await started
    server.closeIdleConnections()
    assert.equal((await idle.rest()).length, 0)
    await eventually(() => assert.equal(server.stats().connections.open, 1))
    proceed()
    assert.equal((await busy.answer()).get('connection'), null)
    assert.equal((await busy.ask(request('GET /'))).text, 'hello')
    assert.equal((await (await connectTo(t, server)).ask(request('GET /'))).text, 'hello')
  })

  test('closeAllConnections() cuts all', async (t) => {
    const { handler, started, proceed } = waiting()
    const aborted = deferred()
    const { server, client: busy } = await serveRaw(t, (req) => {
      req.signal.addEventListener('abort', () => aborted.resolve(req.signal.reason))
      return handler(req)
    })
    const idle = await connectTo(t, server)
    busy.send(request('GET /'))
    await started
    server.closeAllConnections()
    assert.equal((await busy.rest()).length, 0)
    assert.equal((await idle.rest()).length, 0)
    assert.equal((await aborted.promise).name, 'AbortError')
    proceed()
    assert.equal((await (await connectTo(t, server)).ask(request('GET /'))).text, 'hello')
  })

  test('closeAllConnections() inside a handler', async (t) => {
    const { server, client } = await serveRaw(t, () => {
      server.closeAllConnections()
      return hello()
    })
    client.send(request('GET /'))
    assert.equal((await client.rest()).length, 0)
    assert.equal(server.listening, true)
  })

  test('on a server that never listened nothing happens', () => {
    const server = new HttpServer()
    server.closeIdleConnections()
    server.closeAllConnections()
  })
})

describe('listen()', () => {
  test('again after close()', async (t) => {
    const server = serve(t, () => new Response('first'))
    for (const text of ['second', 'third']) {
      await server.close()
      server.listen(() => new Response(text))
      const client = await connectTo(t, server)
      assert.equal((await client.ask(request('GET /'))).text, text)
      assert.equal(server.stats().requests, 1)
    }
  })

  test('twice: the second is refused, the first serves on', async (t) => {
    const { server, client } = await serveRaw(t, hello)
    const again = { name: 'Error', code: 'ERR_SERVER_ALREADY_LISTEN' }
    assert.throws(() => server.listen(() => new Response('other')), again)
    assert.equal((await client.ask(request('GET /'))).text, 'hello')
  })

  test('while it closes: refused', async (t) => {
    const { handler, started, proceed } = waiting()
    const { server, client } = await serveRaw(t, handler)
    client.send(request('GET /'))
    await started
    const closed = server.close()
    assert.throws(() => server.listen(hello), { code: 'ERR_SERVER_ALREADY_LISTEN' })
    proceed()
    await closed
    server.listen(hello)
    assert.equal(server.listening, true)
  })

  test('on a taken port throws, and works once it is free', async (t) => {
    const first = serve(t, hello)
    const { port } = first
    const second = new HttpServer({ port })
    assert.throws(() => second.listen(hello), {
      name: 'Error',
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: '127.0.0.1',
      port,
    })
    assert.equal(second.listening, false)
    await first.close()
    t.after(() => second.close())
    second.listen(hello)
    assert.equal(second.port, port)
  })
})
