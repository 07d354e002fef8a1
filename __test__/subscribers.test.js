// Subscribers of node:diagnostics_channel that come and go, and that hear of very many requests.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InboundTcpSocket, Response } from 'milouv'
import { load } from './support/load.js'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'
import { brokenBody, Watched, watch } from './support/watched.js'

const hello = () => new Response('hello')
const failing = () => {
  throw new Error('the handler failed')
}

describe('a subscriber', () => {
  test('that comes while a request is served hears nothing of it', async (t) => {
    const proceed = deferred()
    const { server, client } = await serveRaw(t, () => proceed.promise.then(hello))
    client.send(request('GET /before'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    const watched = new Watched(t, { traced: true })
    proceed.resolve()
    assert.equal((await client.answer()).text, 'hello')
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    assert.deepEqual(watched.log, [])
    assert.equal((await client.ask(request('GET /behind'))).text, 'hello')
    const [message] = await watched.over(1)
    assert.ok(message.request.url.endsWith('/behind'))
  })

  test('that comes while one is traced hears no end of it', async (t) => {
    const proceed = deferred()
    const tracing = { traced: true, channels: [] }
    const { watched, client } = await watch(t, () => proceed.promise.then(hello), {}, tracing)
    client.send(request('GET /'))
    await eventually(() => assert.equal(watched.log.length, 2))
    const late = new Watched(t, { channels: ['request.start', 'response.finish'] })
    proceed.resolve()
    assert.equal((await client.answer()).text, 'hello')
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    assert.deepEqual(late.log, [])
  })

  test('of one channel alone hears it', async (t) => {
    for (const channel of ['request.start', 'response.created', 'response.finish']) {
      const { watched, client } = await watch(t, hello, {}, { channels: [channel] })
      await client.ask(request('GET /'))
      await eventually(() => assert.deepEqual(watched.names(), [channel]))
      watched.stop()
    }
  })

  test('of any channel may ask for all that the message has', async (t) => {
    const watched = new Watched(t, { traced: true })
    const seen = []
    watched.onTold = (name, { request: { url, headers, signal }, info }) => {
      info.completed.then(() => seen.push(name))
      assert.deepEqual([info.remoteAddress.family, info.httpVersion], ['IPv4', '1.1'])
      assert.deepEqual([headers.get('host'), url], ['test', 'http://test/'])
      assert.equal(signal.aborted, false)
    }
    const { client } = await serveRaw(t, async () => hello())
    assert.equal((await client.ask(request('GET /'))).text, 'hello')
    await watched.over(1)
    await eventually(() => assert.deepEqual(seen.sort(), watched.names().sort()))
  })

  test('that goes hears nothing more', async (t) => {
    const { watched, client } = await watch(t, hello)
    await client.ask(request('GET /'))
    await watched.over(1)
    watched.stop()
    await client.ask(request('GET /'))
    assert.equal(watched.starts.length, 1)
  })

  test('hears of each of thousands, of which many come to nothing', async (t) => {
    const watched = new Watched(t)
    const handlers = [
      hello,
      async () => hello(),
      failing,
      () => new Response(new Blob(['x'.repeat(100_000)]).stream()),
      () => nextTurn().then(() => new globalThis.Response('platform')),
    ]
    let turn = 0
    const handler = (req) => {
      if (req.url.endsWith('/broken')) return new Response(brokenBody())
      return handlers[turn++ % handlers.length]()
    }
    const server = serve(t, handler, { onError: () => undefined })
    watched.server = server
    const clients = load(server.port, { text: request('GET /').repeat(3) })
    for (let round = 1; round <= 20; round++) {
      await clients.answered(round * 500_000)
      const leaving = await connectTo(t, server)
      leaving.send(request('GET /').repeat(4) + request('GET /broken'))
      await nextTurn()
      await leaving.reset()
      const broken = await connectTo(t, server)
      await broken.send(request('GET /') + request('GET /broken')).closed
    }
    const closed = server.close()
    server.closeAllConnections()
    await Promise.all([closed, clients.ended])
    assert.ok(watched.starts.length > 500, `${watched.starts.length}`)
    assert.equal(server.stats().requests, watched.starts.length)
    await watched.over(watched.starts.length)
    for (const { reason } of watched.finishes) assert.match(reason, /^(finished|aborted|error)$/)
  })
})

test('a raw socket tells of each connection', async (t) => {
  const watched = new Watched(t, { channels: ['socket'] })
  const opened = []
  const server = new InboundTcpSocket().listen({ open: (connection) => opened.push(connection) })
  t.after(() => server.close())
  watched.server = server
  for (let round = 0; round < 2; round++) await connectTo(t, server)
  await eventually(() => assert.equal(opened.length, 2))
  assert.deepEqual(
    watched.told('socket').map(({ socket }) => socket),
    opened,
  )
})
