// What a server counts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HttpServer, Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serveRaw } from './support/serve.js'

const nothing = {
  connections: { open: 0, total: 0 },
  requests: 0,
  bytesIn: 0,
  bytesOut: 0,
  answers: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
  refusals: {},
}

const withStatus = (req) => {
  const status = Number(new URL(req.url).pathname.slice(1))
  return new Response(status === 204 || status === 304 ? null : 'text', { status })
}

describe('stats', () => {
  test('are nothing before the server listens, and at first', async () => {
    const server = new HttpServer()
    assert.deepEqual(server.stats(), nothing)
    server.listen(withStatus)
    assert.deepEqual(server.stats(), nothing)
    await server.close()
    assert.deepEqual(server.stats(), nothing)
  })

  test('count answers by class, requests, and every byte', async (t) => {
    const { server, client } = await serveRaw(t, withStatus)
    const statuses = [200, 204, 206, 301, 304, 404, 410, 499, 500, 599]
    let sent = 0
    for (const status of statuses) {
      const text = request(`GET /${status}`)
      sent += text.length
      assert.equal((await client.ask(text)).status, status)
    }
    const { answers, requests, connections, bytesIn } = server.stats()
    assert.deepEqual(answers, { '2xx': 3, '3xx': 2, '4xx': 3, '5xx': 2 })
    assert.equal(requests, statuses.length)
    assert.deepEqual(connections, { open: 1, total: 1 })
    assert.equal(bytesIn, sent)
  })

  test('count the bytes of both directions', async (t) => {
    const size = 3 * 1024 * 1024
    const { server, client } = await serveRaw(t, async (req) => new Response(await req.bytes()))
    const text = request('POST /', [`content-length: ${size}`, 'connection: close'])
    client.send(text).send(Buffer.alloc(size, 'x'))
    const received = await client.rest()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    const { bytesIn, bytesOut } = server.stats()
    assert.deepEqual([bytesIn, bytesOut], [text.length + size, received.length])
  })

  test('count informational answers as bytes only', async (t) => {
    const { server, client } = await serveRaw(t, (_, info) => {
      info.sendInformational(103, { link: '</a.css>' })
      return new Response('text')
    })
    client.send(request('GET /', ['connection: close']))
    const { length } = await client.rest()
    const { answers, bytesOut } = server.stats()
    assert.deepEqual(answers, { ...nothing.answers, '2xx': 1 })
    assert.equal(bytesOut, length)
  })

  test('count refusals by code', async (t) => {
    const gate = deferred()
    const options = { limits: { maxRequestBodySize: 4 } }
    const { server, client } = await serveRaw(t, () => gate.promise, options)
    for (const [text, status] of [
      ['GET / HTTP/1.1\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\n\r\n', 400],
      [request('POST /', ['content-length: 5']), 413],
      ['GET / HTTP/9.9\r\n\r\n', 505],
    ]) {
      const refused = await connectTo(t, server)
      assert.equal((await refused.ask(text)).status, status)
      await refused.destroy()
      await eventually(() => assert.equal(server.stats().connections.open, 1))
    }
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    gate.resolve(new Response('text'))
    await client.answer()
    const { refusals, answers, requests, connections } = server.stats()
    assert.deepEqual(refusals, {
      HTTP_MISSING_HOST: 2,
      HTTP_BODY_TOO_LARGE: 1,
      HTTP_VERSION_NOT_SUPPORTED: 1,
    })
    assert.deepEqual(answers, { '2xx': 1, '3xx': 0, '4xx': 3, '5xx': 1 })
    assert.equal(requests, 1)
    assert.equal(connections.total, 5)
  })

  test('do not count a request whose handler was never called', async (t) => {
    const waiting = []
    const { server, client } = await serveRaw(t, () => {
      // The other's request was read in the same turn, and waits behind this one.
      server.closeAllConnections()
      waiting.push('called')
      return new Response('text')
    })
    const other = await connectTo(t, server)
    await eventually(() => assert.equal(server.stats().connections.open, 2))
    client.send(request('GET /'))
    other.send(request('GET /'))
    await Promise.all([client.closed, other.closed])
    assert.equal(server.stats().requests, waiting.length)
  })

  test('stay when the server has closed, and begin anew when it listens again', async (t) => {
    const { server, client } = await serveRaw(t, withStatus)
    await client.ask(request('GET /200'))
    await server.close()
    const stats = server.stats()
    assert.deepEqual(stats.connections, { open: 0, total: 1 })
    assert.equal(stats.requests, 1)
    assert.ok(stats.bytesIn > 0 && stats.bytesOut > 0)
    server.listen(withStatus)
    assert.deepEqual(server.stats(), nothing)
  })
})
