// `proxyProtocol`: the proxy says first whose connection it is. It is believed if it may say so,
// and whoever does not say it, or may not, is not served.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InboundTcpSocket, Response } from 'milouv'
import { binaryHeader, tcp4Header, unixHeader } from './support/proxy-headers.js'
import { RawClient, request } from './support/raw-client.js'
import { connectTo, eventually, serve } from './support/serve.js'
import { connectToPath, socketPath } from './support/unix-socket.js'

const LINE = 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n'
const CLIENT = { address: '192.0.2.1', port: 1234, family: 'IPv4' }
const FRONT = { address: '192.0.2.2', port: 443, family: 'IPv4' }
const BINARY = tcp4Header(CLIENT, FRONT, [
  [0x04, 'padding'],
  [0xe0, Buffer.alloc(300)],
])
const LOCALHOST = { trust: '127.0.0.1' }

const asBytes = (bytes) => Buffer.from(bytes, 'latin1')

/** A server that tells what it is told; `calls` counts its handler's. */
function telling(t, options = {}) {
  const calls = { count: 0 }
  const handler = (_request, { remoteAddress, localAddress, peerAddress }) => {
    calls.count += 1
    return Response.json({ remoteAddress, localAddress, peerAddress })
  }
  return { calls, server: serve(t, handler, { proxyProtocol: LOCALHOST, ...options }) }
}

const told = async (client, text = request('GET /')) => JSON.parse((await client.ask(text)).text)

/** Nothing was answered, nobody was asked, and it was counted. */
async function assertRefused({ server, calls }, client, code) {
  await client.rest().then((bytes) => assert.equal(bytes.toString('latin1'), ''))
  await client.closed
  await eventually(() => assert.deepEqual(server.stats().refusals, { [code]: 1 }))
  assert.equal(calls.count, 0)
  await eventually(() => assert.equal(server.stats().connections.open, 0))
}

describe('a trusted peer says', () => {
  for (const [name, header] of [
    ['in version 1', asBytes(LINE)],
    ['in version 2, with extensions', BINARY],
  ]) {
    test(`whose connection it is, ${name}`, async (t) => {
      const { server } = telling(t)
      const client = await connectTo(t, server)
      client.send(header)
      const expected = {
        remoteAddress: CLIENT,
        localAddress: FRONT,
        peerAddress: { address: '127.0.0.1', port: client.localPort, family: 'IPv4' },
      }
      // For all requests of the connection.
      for (let round = 0; round < 3; round += 1) assert.deepEqual(await told(client), expected)
    })

    test(`it in whatever pieces, ${name}`, async (t) => {
      const { server } = telling(t)
      const bytes = Buffer.concat([header, asBytes(request('GET /', ['connection: close']))])
      const cuts = [
        1,
        5,
        6,
        12,
        15,
        16,
        17,
        28,
        header.length - 1,
        header.length,
        header.length + 1,
      ]
      for (const cut of cuts) {
        const client = await connectTo(t, server)
        await client.sendPieces([bytes.subarray(0, cut), bytes.subarray(cut)])
        assert.deepEqual(JSON.parse((await client.answer()).text).remoteAddress, CLIENT)
      }
      const client = await connectTo(t, server)
      await client.sendPieces(Array.from(bytes, (byte) => Buffer.from([byte])))
      assert.deepEqual(JSON.parse((await client.answer()).text).remoteAddress, CLIENT)
    })
  }

  test('that it is an IPv6 connection', async (t) => {
    const { server } = telling(t)
    const client = await connectTo(t, server)
    client.send('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n')
    const { remoteAddress, localAddress } = await told(client)
    assert.deepEqual(remoteAddress, { address: '2001:db8::1', port: 1, family: 'IPv6' })
    assert.deepEqual(localAddress, { address: '2001:db8::2', port: 2, family: 'IPv6' })
  })

  test('that it is one of a Unix domain socket', async (t) => {
    const { server } = telling(t)
    const client = await connectTo(t, server)
    client.send(unixHeader('', '/run/front'))
    const { remoteAddress, localAddress } = await told(client)
    assert.deepEqual(remoteAddress, { address: '', port: 0, family: 'Unix' })
    assert.deepEqual(localAddress, { address: '/run/front', port: 0, family: 'Unix' })
  })

  test('nothing of the client: then it stands for itself', async (t) => {
    const { server } = telling(t)
    for (const header of [
      asBytes('PROXY UNKNOWN\r\n'),
      asBytes('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'),
      binaryHeader('local', 'none'),
      binaryHeader('local', 'tcp4', BINARY.subarray(16)),
      binaryHeader('proxy', 'none'),
      binaryHeader('proxy', 'udp4', BINARY.subarray(16)),
    ]) {
      const client = await connectTo(t, server)
      const { remoteAddress, localAddress, peerAddress } = await told(
        client.send(header),
        request('GET /'),
      )
      assert.deepEqual(remoteAddress, peerAddress)
      assert.equal(remoteAddress.port, client.localPort)
      assert.equal(localAddress.port, server.port)
    }
  })

  test('it once: a second header is no request', async (t) => {
    const { server } = telling(t)
    const client = await connectTo(t, server)
    await told(client.send(LINE))
    assert.equal((await client.ask(LINE)).status, 400)
  })

  test('it by whatever way the address is trusted', async (t) => {
    for (const [hostname, trust] of [
      ['127.0.0.1', true],
      ['127.0.0.1', 'loopback'],
      ['127.0.0.1', ['10.0.0.0/8', '127.0.0.0/8']],
      ['127.0.0.1', '10.0.0.0/8, 127.0.0.1'],
      ['::', '127.0.0.1'],
    ]) {
      const { server } = telling(t, { hostname, proxyProtocol: { trust } })
      const client = await connectTo(t, server)
      assert.deepEqual((await told(client.send(LINE))).remoteAddress, CLIENT)
    }
  })

  test('it at a path, too, where whoever may connect is trusted', async (t) => {
    const path = await socketPath(t)
    for (const proxyProtocol of [{}, { trust: true }]) {
      const { server } = telling(t, { path, proxyProtocol })
      const client = await connectToPath(t, path)
      const { remoteAddress, localAddress, peerAddress } = await told(client.send(BINARY))
      assert.deepEqual([remoteAddress, localAddress], [CLIENT, FRONT])
      assert.deepEqual(peerAddress, { address: '', port: 0, family: 'Unix' })
      server.closeAllConnections()
      await server.close()
    }
  })

  test('it also of requests that are refused, and of clients that have gone', async (t) => {
    const errors = []
    const infos = []
    const server = serve(
      t,
      (_request, info) => {
        infos.push(info)
        return new Promise(() => {})
      },
      { proxyProtocol: LOCALHOST, onClientError: (error) => errors.push(error) },
    )
    const wrong = await connectTo(t, server)
    wrong.send(LINE)
    assert.equal((await wrong.ask('GET /\r\n\r\n')).status, 400)
    assert.deepEqual(errors[0].remoteAddress, CLIENT)

    const gone = await connectTo(t, server)
    gone.send(LINE + request('GET /'))
    await eventually(() => assert.equal(infos.length, 1))
    await gone.reset()
    await infos[0].completed.catch(() => {})
    assert.deepEqual(infos[0].remoteAddress, CLIENT)
    assert.deepEqual(infos[0].peerAddress, { address: '', port: 0, family: 'IPv4' })
  })
})

describe('is closed without an answer', () => {
  for (const [name, bytes, code] of [
    ['who sends no header', request('GET /'), 'PROXY_HEADER_MISSING'],
    ['who sends a header that is none', 'PROXY TCP4 1.2.3.4\r\n', 'PROXY_HEADER_MALFORMED'],
    ['who sends one of another version', binaryHeader(0x31, 'tcp4'), 'PROXY_HEADER_MALFORMED'],
    ['whose first line is too long', `PROXY ${'x'.repeat(200)}`, 'PROXY_HEADER_TOO_LONG'],
    [
      'whose header is too long',
      binaryHeader('proxy', 'tcp4', Buffer.alloc(4097)).subarray(0, 100),
      'PROXY_HEADER_TOO_LONG',
    ],
  ]) {
    test(name, async (t) => {
      const scene = telling(t)
      const client = await connectTo(t, scene.server)
      await assertRefused(scene, client.send(bytes), code)
    })
  }

  test('who ends in the middle of it', async (t) => {
    const scene = telling(t)
    const client = await connectTo(t, scene.server)
    await assertRefused(scene, client.send(LINE.slice(0, -2)).end(), 'PROXY_HEADER_MALFORMED')
  })

  test('a stranger, whatever he says', async (t) => {
    for (const trust of ['10.0.0.0/8', [], ['::1', 'uniquelocal', 'linklocal']]) {
      const scene = telling(t, { proxyProtocol: { trust } })
      const client = await connectTo(t, scene.server)
      await assertRefused(scene, client.send(LINE + request('GET /')), 'PROXY_UNTRUSTED')
    }
  })

  test('who does not say it in time', async (t) => {
    for (const options of [
      { timeouts: { headers: 100 } },
      { timeouts: { headers: 0 }, proxyProtocol: { ...LOCALHOST, timeout: 100 } },
    ]) {
      const scene = telling(t, options)
      const client = await connectTo(t, scene.server)
      await assertRefused(scene, client.send('PROXY '), 'PROXY_TIMEOUT')
    }
  })

  test('uncounted, who only looks whether somebody listens', async (t) => {
    const { server } = telling(t)
    for (const leave of ['end', 'destroy']) {
      const client = await connectTo(t, server)
      await eventually(() => assert.equal(server.stats().connections.open, 1))
      client[leave]()
      await client.closed
      await eventually(() => assert.equal(server.stats().connections.open, 0))
    }
    assert.deepEqual(server.stats().refusals, {})
  })
})

describe('before the header is there', () => {
  test('close() and closeIdleConnections() need not wait', async (t) => {
    const { server } = telling(t)
    for (const bytes of ['', LINE.slice(0, 10)]) {
      const client = await connectTo(t, server)
      client.send(bytes)
      // Once another has been served, these bytes have been read.
      await told(await connectTo(t, server), LINE + request('GET /', ['connection: close']))
      server.closeIdleConnections()
      await client.closed
    }
    const client = await connectTo(t, server)
    await eventually(() => assert.equal(server.stats().connections.open, 1))
    await server.close()
    await client.closed
  })

  test('close({ grace }) lets it come, and the answer is the last', async (t) => {
    const { server } = telling(t)
    const client = await connectTo(t, server)
    await eventually(() => assert.equal(server.stats().connections.open, 1))
    const closed = server.close({ grace: 20_000 })
    assert.equal((await client.ask(LINE + request('GET /'))).get('connection'), 'close')
    server.close()
    await closed
  })

  test('close({ grace }) goes on to those who have said it', async (t) => {
    const { server } = telling(t)
    const clients = []
    // Between them, others who have said nothing.
    for (let count = 1; count <= 5; count += 1) {
      const client = await connectTo(t, server)
      await eventually(() => assert.equal(server.stats().connections.open, count))
      if (count % 2 === 1) continue
      await told(client, LINE + request('GET /'))
      clients.push(client)
    }
    const closed = server.close({ grace: 20_000 })
    for (const client of clients) {
      assert.equal((await client.ask(request('GET /'))).get('connection'), 'close')
    }
    server.close()
    await closed
  })
})

/** A raw socket that takes note of what it is told. */
function raw(t, handlers = {}, options = {}) {
  const events = []
  const socket = new InboundTcpSocket({ proxyProtocol: LOCALHOST, ...options }).listen({
    open(connection) {
      events.push('open')
      handlers.open?.(connection)
    },
    data(connection, bytes) {
      events.push(bytes.toString())
      handlers.data?.(connection, bytes)
    },
    end: () => events.push('end'),
    close: () => events.push('close'),
  })
  t.after(() => socket.close())
  return { socket, events }
}

describe('InboundTcpSocket', () => {
  test('opens a connection once it is known whose it is', async (t) => {
    const found = []
    const open = (connection) => {
      found.push(connection.remoteAddress, connection.localAddress, connection.peerAddress)
    }
    const { socket, events } = raw(t, { open, data: (connection) => connection.end('bye') })
    const client = await RawClient.connect(socket.port)
    t.after(() => client.destroy())
    client.send(LINE.slice(0, 20))
    await eventually(() => assert.equal(socket.connections, 1))
    assert.deepEqual(events, [])
    client.send(`${LINE.slice(20)}hello`)
    assert.equal((await client.rest()).toString(), 'bye')
    const peer = { address: '127.0.0.1', port: client.localPort, family: 'IPv4' }
    assert.deepEqual(found, [CLIENT, FRONT, peer])
    assert.deepEqual(events.slice(0, 2), ['open', 'hello'])
  })

  test('without it, peerAddress is remoteAddress', async (t) => {
    const found = []
    const open = (connection) => found.push(connection.peerAddress, connection.remoteAddress)
    const { socket } = raw(t, { open }, { proxyProtocol: undefined })
    const client = await RawClient.connect(socket.port)
    t.after(() => client.destroy())
    await eventually(() => assert.equal(found.length, 2))
    assert.deepEqual(found[0], found[1])
    assert.equal(found[0].port, client.localPort)
  })

  test('keeps what came with the header for whoever does not read yet', async (t) => {
    let opened
    const open = (connection) => {
      opened = connection
      connection.pause()
    }
    const { socket, events } = raw(t, { open })
    const client = await RawClient.connect(socket.port)
    t.after(() => client.destroy())
    client.send(`${LINE}first`)
    await eventually(() => assert.deepEqual(events, ['open']))
    client.send('second')
    opened.resume()
    opened.pause()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(events, ['open'])
    opened.resume()
    await eventually(() => assert.deepEqual(events, ['open', 'first', 'second']))
    assert.equal(opened.bytesRead, 'firstsecond'.length)
  })

  test('counts refusals, and tells nobody', async (t) => {
    const { socket, events } = raw(t)
    assert.deepEqual(socket.refusals, {})
    for (let count = 1; count <= 2; count += 1) {
      const client = await RawClient.connect(socket.port)
      client.send('hello')
      await client.closed
      await eventually(() => assert.deepEqual(socket.refusals, { PROXY_HEADER_MISSING: count }))
    }
    assert.deepEqual(events, [])
    await socket.close()
    assert.deepEqual(socket.refusals, {})
  })

  test('has a deadline of its own, and close() does not wait for it', async (t) => {
    const { socket } = raw(t, {}, { proxyProtocol: { ...LOCALHOST, timeout: 100 } })
    const slow = await RawClient.connect(socket.port)
    slow.send('PROXY')
    await slow.closed
    await eventually(() => assert.deepEqual(socket.refusals, { PROXY_TIMEOUT: 1 }))
    const client = await RawClient.connect(socket.port)
    client.send('PROXY')
    await eventually(() => assert.equal(socket.connections, 1))
    await socket.close()
    await client.closed
  })

  test('opens nothing after close(), whatever waits to be read', async (t) => {
    const { socket, events } = raw(t)
    const client = await RawClient.connect(socket.port)
    await eventually(() => assert.equal(socket.connections, 1))
    // It has reached the kernel when send() returns, and nobody has read it.
    client.send(`${LINE}hello`)
    await socket.close()
    await client.closed
    assert.deepEqual(events, [])
  })
})
