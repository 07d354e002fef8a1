// The listening socket: both kinds of listener, its addresses, and its ways to close.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InboundTcpSocket, TcpConnection } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { connectTo, listen, pair, Recorder } from './support/raw-socket.js'
import { deferred } from './support/serve.js'

const HELLO = 'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nHello World'

describe('a function as listener', () => {
  test('gets the raw message of a fetch with a POST body, which gets its answer', async (t) => {
    let message = ''
    const { port } = listen(t, (request, response, error) => {
      assert.equal(error, null)
      assert.ok(Buffer.isBuffer(request.data))
      assert.ok(response instanceof TcpConnection)
      message += request.data.toString('latin1')
      if (message.endsWith('a body')) response.end(HELLO)
    })
    const url = `http://127.0.0.1:${port}/path?query`
    const headers = { 'content-type': 'text/plain', 'x-own': 'value' }
    const response = await fetch(url, { method: 'POST', body: 'a body', headers })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), '11')
    assert.equal(await response.text(), 'Hello World')
    const [head, body] = message.split('\r\n\r\n')
    const [line, ...fields] = head.split('\r\n')
    assert.equal(line, 'POST /path?query HTTP/1.1')
    assert.ok(fields.includes(`host: 127.0.0.1:${port}`), head)
    assert.ok(fields.includes('content-type: text/plain'), head)
    assert.ok(fields.includes('x-own: value'), head)
    assert.ok(fields.includes('content-length: 6'), head)
    assert.equal(body, 'a body')
  })

  test('that answers the first read of a long POST is not asked again', async (t) => {
    let calls = 0
    const { port } = listen(t, (_request, response) => {
      calls++
      response.end(HELLO)
    })
    const body = 'x'.repeat(4 * 1024 * 1024)
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
    assert.equal(await response.text(), 'Hello World')
    assert.equal(calls, 1)
  })

  test('is not called for what comes after its answer', async (t) => {
    const seen = []
    const socket = listen(t, (request, response) => {
      seen.push(request.data.toString())
      response.end(HELLO)
    })
    const client = await connectTo(t, socket, { allowHalfOpen: true })
    client.send('first')
    assert.equal((await client.rest()).toString(), HELLO)
    client.send('second').end()
    await client.closed
    assert.deepEqual(seen, ['first'])
  })

  test('is given the same connection for each of its reads', async (t) => {
    const reads = new Map()
    const socket = listen(t, ({ data }, connection) => {
      const before = reads.get(connection) ?? ''
      reads.set(connection, before + data)
      connection.write(`${before}${data};`)
    })
    const clients = await Promise.all([connectTo(t, socket), connectTo(t, socket)])
    for (const [at, client] of clients.entries()) {
      assert.equal((await client.send(`a${at}`).bytes(3)).toString(), `a${at};`)
      assert.equal((await client.send(`b${at}`).bytes(5)).toString(), `a${at}b${at};`)
    }
    assert.deepEqual([...reads.values()].sort(), ['a0b0', 'a1b1'])
  })

  test('is told of a connection that fails, with no data', async (t) => {
    const calls = []
    const { promise, resolve } = deferred()
    const socket = listen(t, (request, connection, error) => {
      calls.push([request.data.toString(), connection, error?.code ?? null])
      if (error !== null) resolve(error)
    })
    const client = await connectTo(t, socket)
    client.send('hello')
    while (calls.length === 0) await nextTurn()
    client.reset()
    const error = await promise
    assert.ok(error instanceof Error)
    assert.equal(error.syscall, 'read')
    const connection = calls[0][1]
    assert.deepEqual(calls, [
      ['hello', connection, null],
      ['', connection, 'ECONNRESET'],
    ])
  })

  test('that answers after the client ended its side does no harm', async (t) => {
    const outcome = deferred()
    const socket = listen(t, (_request, response) => {
      const answer = () => {
        if (response.readyState !== 'closed') return setImmediate(answer)
        outcome.resolve(response.write('too late'))
      }
      setImmediate(answer)
    })
    const client = await connectTo(t, socket, { allowHalfOpen: true })
    client.send('question').end()
    assert.equal(await outcome.promise, false)
    assert.equal((await client.rest()).toString(), '')
  })
})

describe('an object of handlers', () => {
  test('is told of everything in order, as the methods of the object', async (t) => {
    const receivers = new Set()
    const given = { end: (connection) => connection.end('bye') }
    const { recorder, client, connection } = await pair(t, given)
    for (const [name, handler] of Object.entries(recorder.handlers)) {
      recorder.handlers[name] = function (...args) {
        receivers.add(this)
        return handler(...args)
      }
    }
    client.send('hello')
    const [from, bytes] = await recorder.next('data')
    assert.equal(from, connection)
    assert.ok(Buffer.isBuffer(bytes))
    assert.equal(bytes.toString(), 'hello')
    client.end()
    assert.equal((await client.rest()).toString(), 'bye')
    assert.deepEqual(await recorder.next('close'), [connection, undefined])
    assert.deepEqual(recorder.log, ['open', 'data', 'end', 'close'])
    assert.deepEqual([...receivers], [recorder.handlers])
  })

  test('may be empty: connections are accepted, read and ended', async (t) => {
    const socket = listen(t, {})
    const client = await connectTo(t, socket, { allowHalfOpen: true })
    client.send('to nobody').end()
    assert.equal((await client.rest()).length, 0)
  })

  test('keeps what it got: the memory of one read is not used for the next', async (t) => {
    const { recorder, client } = await pair(t)
    const kept = []
    for (const text of ['first', 'again', 'third']) {
      client.send(text)
      kept.push((await recorder.next('data'))[1])
    }
    assert.deepEqual(kept.map(String), ['first', 'again', 'third'])
  })

  test('gets every byte value as it was sent, and sends it so', async (t) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    const { recorder, client, connection } = await pair(t)
    client.send(bytes)
    assert.deepEqual(await recorder.bytes(256), bytes)
    connection.write(new Uint8Array(bytes))
    connection.write('')
    connection.write(new Uint8Array(0))
    connection.end('grüße \u{1f600} \ud800')
    const text = Buffer.from('grüße \u{1f600} \ufffd')
    assert.deepEqual(await client.rest(), Buffer.concat([bytes, text]))
  })

  test('serves many connections at once, each by itself', async (t) => {
    const socket = listen(t, { data: (connection, bytes) => connection.write(bytes) })
    assert.equal(socket.connections, 0)
    const clients = await Promise.all(Array.from({ length: 64 }, () => connectTo(t, socket)))
    const echoes = clients.map(async (client, at) => {
      for (let round = 0; round < 10; round++) {
        const text = `client ${at}, round ${round}`
        assert.equal((await client.send(text).bytes(text.length)).toString(), text)
      }
    })
    await Promise.all(echoes)
    assert.equal(socket.connections, 64)
  })
})

describe('listening', () => {
  test('tells where, before and after', async (t) => {
    const socket = new InboundTcpSocket()
    t.after(() => socket.close())
    assert.deepEqual([socket.hostname, socket.port, socket.address()], ['127.0.0.1', 0, null])
    assert.equal(socket.connections, 0)
    assert.equal(
      socket.listen(() => {}),
      socket,
    )
    const { port } = socket
    assert.ok(port > 0)
    assert.deepEqual(socket.address(), { address: '127.0.0.1', port, family: 'IPv4' })
    // What is given away is a copy.
    socket.address().port = 1
    assert.equal(socket.address().port, port)
    await socket.close()
    assert.equal(socket.address(), null)
    assert.equal(socket.connections, 0)
  })

  test('twice is refused, and the first goes on', async (t) => {
    const socket = listen(t, (request, connection) => connection.end(request.data))
    assert.throws(() => socket.listen(() => {}), { code: 'ERR_SERVER_ALREADY_LISTEN' })
    const client = await connectTo(t, socket)
    assert.equal((await client.send('still here').rest()).toString(), 'still here')
  })

  test('again after close, at the same port', async (t) => {
    const socket = listen(t, (_request, connection) => connection.end('one'))
    const { port } = socket
    await socket.close()
    const again = new InboundTcpSocket({ port })
    t.after(() => again.close())
    for (const text of ['two', 'three']) {
      again.listen((_request, connection) => connection.end(text))
      const client = await connectTo(t, again)
      assert.equal((await client.send('?').rest()).toString(), text)
      await again.close()
    }
  })
})

describe('close', () => {
  test('ends every connection, then settles; nobody gets in any more', async (t) => {
    const recorder = new Recorder({ end: () => {} })
    const socket = listen(t, recorder.handlers)
    const { port } = socket
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(t, socket)))
    for (const _ of clients) await recorder.next('open')
    const first = socket.close()
    assert.equal(socket.close(), first)
    await first
    assert.equal(recorder.log.filter((name) => name === 'close').length, 5)
    for (const client of clients) assert.equal(await client.closed, null)
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    await socket.close()
  })

  test('before listen is nothing, and asyncDispose is close', async (t) => {
    const socket = new InboundTcpSocket()
    await socket.close()
    socket.listen(() => {})
    const client = await connectTo(t, socket)
    await socket[Symbol.asyncDispose]()
    assert.equal(socket.address(), null)
    assert.equal((await client.rest()).length, 0)
  })

  for (const name of ['open', 'data', 'end', 'close']) {
    test(`may be called in the handler \`${name}\``, async (t) => {
      const closed = deferred()
      const handlers = { end: (connection) => connection.end() }
      handlers[name] = () => closed.resolve(socket.close())
      const socket = listen(t, handlers)
      const client = await connectTo(t, socket)
      client.send('bytes').end()
      await closed.promise
      assert.equal(socket.connections, 0)
      await client.closed
    })
  }
})

describe('ref and unref', () => {
  const program = (calls) => `
    import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
    const socket = new InboundTcpSocket()
    const handlers = {
      open: (connection) => socket.unref() && connection.unref(),
      data: (connection, bytes) => connection.write(bytes),
    }
    ${calls}
    console.log(JSON.stringify({ port: socket.port }))
  `
  const ended = { code: 0, signal: null, stderr: '' }

  for (const calls of ['socket.listen(handlers).unref()', 'socket.unref().listen(handlers)']) {
    test(`${calls} lets the process end`, async (t) => {
      const { stdout: _, ...end } = await new Child(t, program(calls)).ended()
      assert.deepEqual(end, ended)
    })
  }

  test('a listening socket keeps the process alive; unref on all lets it end', async (t) => {
    const child = new Child(t, program('socket.unref().listen(handlers).ref()'))
    const client = await connectTo(t, await child.message())
    // The child unrefs everything in `open`, so that it may be gone before it answers.
    await client.closed
    const { stdout: _, ...end } = await child.ended()
    assert.deepEqual(end, ended)
  })
})
