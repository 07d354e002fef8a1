// What waits in the kernel when a server closes: connections that nobody has accepted, requests
// that nobody has read. And close({ grace }), which tells clients before it takes anything away.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve } from './support/serve.js'
import { socketPath } from './support/unix-socket.js'

const GET = request('GET /')
const hello = () => new Response('hello')

/** A server that is told to close while its thread has stood still for a while. */
const stuckServer = (options) => `
  import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
  const server = new HttpServer(${JSON.stringify(options)})
  server.listen(({ url }) => {
    if (!url.endsWith('/stop')) return new Response('hello')
    console.log('stopped')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    server.close().then(() => console.log(JSON.stringify(server.stats())))
    return new Response('closing')
  })
  console.log(server.port)
`

describe('close() behind a thread that stood still', () => {
  const places = { port: () => ({}), path: async (t) => ({ path: await socketPath(t) }) }
  for (const [name, place] of Object.entries(places)) {
    test(`answers who was not accepted, and what was not read (${name})`, async (t) => {
      const options = await place(t)
      const child = new Child(t, stuckServer(options))
      const port = Number(await child.line())
      const open = async () => {
        const client = await RawClient.connect(port, options)
        t.after(() => client.destroy())
        return client
      }
      const idle = await Promise.all(Array.from({ length: 20 }, open))
      for (const client of idle) assert.equal((await client.ask(GET)).status, 200)
      const stopper = await open()
      stopper.send(request('GET /stop'))
      assert.equal(await child.line(), 'stopped')
      // The kernel lets them in; the server knows nothing of it.
      const waiting = await Promise.all(Array.from({ length: 100 }, open))
      for (const client of [...idle, ...waiting]) client.send(GET)
      for (const client of [stopper, ...idle, ...waiting]) {
        const answer = await client.answer()
        assert.deepEqual([answer.status, answer.get('connection')], [200, 'close'])
        assert.equal((await client.rest()).length, 0)
        assert.equal(await client.closed, null)
      }
      const stats = await child.message()
      assert.equal(stats.connections.total, 121)
      assert.equal(stats.requests, 141)
    })
  }

  test('does not wait for one that says nothing', async (t) => {
    const child = new Child(t, stuckServer({}))
    const port = Number(await child.line())
    const stopper = await connectTo(t, { port })
    stopper.send(request('GET /stop'))
    assert.equal(await child.line(), 'stopped')
    const silent = await connectTo(t, { port })
    assert.equal((await silent.rest()).length, 0)
    assert.equal((await child.message()).connections.total, 2)
  })
})

describe('close({ grace })', () => {
  /** How connecting ends. */
  const knock = (port) =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', ({ code }) => resolve(code))
      socket.on('connect', () => resolve('connected') ?? socket.destroy())
    })

  test('answers once more on each connection, and says so', async (t) => {
    const server = serve(t, hello)
    const client = await connectTo(t, server)
    assert.equal((await client.ask(GET)).get('connection'), null)
    const closed = server.close({ grace: 60_000 })
    assert.equal(server.listening, true)
    const fresh = await connectTo(t, server)
    for (const each of [client, fresh]) {
      const answer = await each.ask(GET)
      assert.deepEqual([answer.text, answer.get('connection')], ['hello', 'close'])
      assert.equal((await each.rest()).length, 0)
    }
    // Another close ends the grace.
    const { port } = server
    server.close()
    await closed
    assert.equal(server.listening, false)
    assert.equal(await knock(port), 'ECONNREFUSED')
  })

  test('ends by itself, and then closes who was idle all the time', async (t) => {
    const server = serve(t, hello)
    const client = await connectTo(t, server)
    await client.ask(GET)
    const started = performance.now()
    await server.close({ grace: 200 })
    const took = performance.now() - started
    assert.ok(took >= 190, `${took} ms`)
    assert.equal((await client.rest()).length, 0)
    assert.equal(server.stats().connections.open, 0)
    // It can listen again, and is as it was.
    server.listen(hello)
    const next = await connectTo(t, server)
    assert.equal((await next.ask(GET)).get('connection'), null)
    assert.equal((await next.ask(GET)).text, 'hello')
  })

  test('lets what runs finish, also behind the grace', async (t) => {
    const [started, proceed] = [deferred(), deferred()]
    const server = serve(t, async () => {
      started.resolve()
      await proceed.promise
      return hello()
    })
    const client = await connectTo(t, server)
    client.send(GET)
    await started.promise
    const closed = server.close({ grace: 20 })
    await eventually(() => assert.equal(server.listening, false))
    proceed.resolve()
    assert.equal((await client.answer()).get('connection'), 'close')
    await closed
  })

  test('is cut short by the timeout', async (t) => {
    const started = deferred()
    const server = serve(t, () => {
      started.resolve()
      return new Promise(() => {})
    })
    const client = await connectTo(t, server)
    client.send(GET)
    await started.promise
    await server.close({ grace: 60_000, timeout: 50 })
    assert.equal(server.listening, false)
    assert.equal(server.stats().connections.open, 0)
    assert.equal((await client.rest()).length, 0)
  })

  test('a path is served until the end of the grace', async (t) => {
    const path = await socketPath(t)
    const server = serve(t, hello, { path })
    const closed = server.close({ grace: 60_000 })
    const client = await RawClient.connect(undefined, { path })
    assert.equal((await client.ask(GET)).get('connection'), 'close')
    server.close()
    await closed
  })

  const skip = process.platform !== 'linux' && 'only Linux can turn clients away'
  test('at the end new clients go to the others at the port', { skip }, async (t) => {
    const old = serve(t, () => new Response('old'), { reusePort: true })
    const { port } = old
    const closed = old.close({ grace: 150 })
    // Its last call lasts from 75 ms on; a busy machine may be late, but not early.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const next = serve(t, () => new Response('next'), { port, reusePort: true })
    const before = old.stats().connections.total
    const asked = Array.from({ length: 40 }, async () => {
      const client = await RawClient.connect(port)
      const { text } = await client.ask(GET)
      await client.destroy()
      return text
    })
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['next']))
    await closed
    assert.equal(old.stats().connections.total, before)
    assert.equal(next.stats().connections.total, 40)
  })
})
