// What is asked for after the client has left, and what memory answers may be made of.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo as connectRaw, listen, pattern } from './support/raw-socket.js'
import { connectTo as connectHttp, deferred, eventually, serve, serveRaw } from './support/serve.js'

describe('info.remoteAddress, first read after the client has reset', () => {
  for (const [hostname, family] of Object.entries({ '127.0.0.1': 'IPv4', '::1': 'IPv6' })) {
    test(`tells where it was, when the handler waits (${family})`, async (t) => {
      const outcome = deferred()
      const handler = async (req, info) => {
        await new Promise((resolve) => req.signal.addEventListener('abort', resolve))
        outcome.resolve(info.remoteAddress)
        return new Response('nobody is there')
      }
      const server = serve(t, handler, { hostname })
      const client = await connectHttp(t, server, { host: hostname })
      const { localPort } = client
      client.send(request('GET /'))
      await eventually(() => assert.equal(server.stats().requests, 1))
      await client.reset()
      assert.deepEqual(await outcome.promise, { address: hostname, port: localPort, family })
    })
  }

  test('tells where it was, when nothing else of the request was asked for', async (t) => {
    const gate = deferred()
    const outcome = deferred()
    const { server, client } = await serveRaw(t, async (_, info) => {
      await gate.promise
      outcome.resolve(info.remoteAddress)
      return new Response('nobody is there')
    })
    const { localPort } = client
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    await client.reset()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    gate.resolve()
    const { address, port } = await outcome.promise
    assert.deepEqual([address, port], ['127.0.0.1', localPort])
  })
})

describe('a Uint8Array over a SharedArrayBuffer', () => {
  const shared = (bytes) => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
    copy.set(bytes)
    return copy
  }
  // Below and above the size from which arrays are sent from their own memory.
  for (const size of [10, 1_000, 300_000]) {
    const bytes = pattern(size)

    for (const kind of ['ReadableStream', 'iterable']) {
      test(`of ${size} bytes arrives as a piece of a stream (${kind})`, async (t) => {
        async function* pieces() {
          yield shared(bytes)
          yield Buffer.from('|')
          yield shared(bytes)
        }
        const body = () => (kind === 'iterable' ? pieces() : ReadableStream.from(pieces()))
        const server = serve(t, () => new Response(body()))
        const got = Buffer.from(await (await fetch(server.url)).arrayBuffer())
        assert.ok(got.equals(Buffer.concat([bytes, Buffer.from('|'), bytes])), `${got.length}`)
      })
    }

    for (const [kind, make] of Object.entries({
      'our Response': (body) => new Response(body),
      'a Response of another realm': (body) => ({ status: 200, headers: new Map(), body }),
    })) {
      test(`of ${size} bytes arrives as the body of ${kind}`, async (t) => {
        const server = serve(t, () => make(shared(bytes)))
        const got = Buffer.from(await (await fetch(server.url)).arrayBuffer())
        assert.ok(got.equals(bytes), `${got.length}`)
      })
    }

    test(`of ${size} bytes arrives as a raw write`, async (t) => {
      const socket = listen(t, {
        open(connection) {
          connection.write(shared(bytes))
          connection.end(shared(bytes))
        },
      })
      const got = await (await connectRaw(t, socket)).rest()
      assert.ok(got.equals(Buffer.concat([bytes, bytes])), `${got.length} bytes`)
    })
  }

  test('is sent as it was when it was written', async (t) => {
    const bytes = pattern(16 * 1024 * 1024)
    const memory = shared(bytes)
    const socket = listen(t, {
      data(connection) {
        connection.end(memory)
        // As another thread may: most of it is waiting for the client now.
        memory.fill(0)
      },
    })
    const client = await connectRaw(t, socket)
    client.pause().send('go')
    await eventually(() => assert.equal(memory[1], 0))
    const got = await client.resume().rest()
    assert.equal(got.length, bytes.length)
    assert.ok(got.equals(bytes), 'other bytes arrived')
  })
})
