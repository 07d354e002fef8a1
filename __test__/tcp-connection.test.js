// One connection: its addresses, states and counts, its ways to end, and calls that come too late.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Child, indexUrl } from './support/child.js'
import { connectTo, listen, pair, Recorder } from './support/raw-socket.js'
import { eventually } from './support/serve.js'

describe('addresses', () => {
  test('are those of both ends, also once the connection is gone', async (t) => {
    const { recorder, socket, client, connection } = await pair(t)
    const remote = { address: '127.0.0.1', port: client.localPort, family: 'IPv4' }
    assert.deepEqual(connection.remoteAddress, remote)
    assert.deepEqual(connection.localAddress, socket.address())
    client.reset()
    await recorder.next('close')
    assert.deepEqual(connection.remoteAddress, remote)
    assert.deepEqual(connection.localAddress, socket.address())
  })

  test('of a client that left before it was accepted are there; Linux knows them', async (t) => {
    const recorder = new Recorder()
    const socket = listen(t, recorder.handlers)
    // Whether it has gone, and the port that it had.
    const gone = new Int32Array(new SharedArrayBuffer(8))
    const source = `
      const { connect } = require('node:net')
      const { workerData: { port, gone } } = require('node:worker_threads')
      const socket = connect(port, '127.0.0.1', () => {
        gone[1] = socket.localPort
        socket.resetAndDestroy()
      })
      socket.on('close', () => {
        Atomics.store(gone, 0, 1)
        Atomics.notify(gone, 0)
      })
    `
    const worker = new Worker(source, { eval: true, workerData: { port: socket.port, gone } })
    t.after(() => worker.terminate())
    // Our loop stands still until the client has come and gone.
    Atomics.wait(gone, 0, 0)
    const [connection] = await recorder.next('open')
    const [, error] = await recorder.next('close')
    const known = process.platform === 'linux'
    const where = known ? ['127.0.0.1', gone[1]] : ['0.0.0.0', 0]
    const { address, port, family } = connection.remoteAddress
    assert.deepEqual([address, port, family], [...where, 'IPv4'])
    assert.equal(error?.code, 'ECONNRESET')
  })
})

describe('readyState', () => {
  test('when we end first: open, readOnly, closed', async (t) => {
    const given = { end: () => {} }
    const { recorder, client, connection } = await pair(t, given, {
      client: { allowHalfOpen: true },
    })
    assert.equal(connection.readyState, 'open')
    connection.end('last words')
    assert.equal(connection.readyState, 'readOnly')
    assert.equal((await client.rest()).toString(), 'last words')
    client.send('still heard').end()
    assert.equal((await recorder.bytes(11)).toString(), 'still heard')
    await recorder.next('close')
    assert.equal(connection.readyState, 'closed')
    // That the peer has ended is told in any case.
    assert.deepEqual(recorder.log, ['open', 'data', 'end', 'close'])
  })

  test('when the client ends first: open, writeOnly, closed', async (t) => {
    const { recorder, client, connection } = await pair(t, { end: () => {} })
    client.end()
    await recorder.next('end')
    assert.equal(connection.readyState, 'writeOnly')
    connection.write('I am ')
    connection.write('still here')
    connection.end()
    assert.equal(connection.readyState, 'closed')
    assert.equal((await client.rest()).toString(), 'I am still here')
    assert.deepEqual(await recorder.next('close'), [connection, undefined])
  })

  test('when it is destroyed: closed at once', async (t) => {
    const { recorder, client, connection } = await pair(t)
    connection.destroy()
    assert.equal(connection.readyState, 'closed')
    assert.deepEqual(await recorder.next('close'), [connection, undefined])
    assert.equal((await client.rest()).length, 0)
    assert.deepEqual(recorder.log, ['open', 'close'])
  })
})

describe('the end', () => {
  test('of the client ends ours too where there is no handler `end`', async (t) => {
    const { recorder, client, connection } = await pair(t)
    client.send('only this').end()
    assert.equal((await recorder.bytes(9)).toString(), 'only this')
    assert.deepEqual(await recorder.next('close'), [connection, undefined])
    assert.equal((await client.rest()).length, 0)
    // The client did that, not the program, which therefore is not told off.
    assert.equal(connection.write('into the void'), false)
    connection.end('into the void')
  })

  test('may be said more than once, but nothing may be written behind it', async (t) => {
    const { recorder, client, connection } = await pair(t)
    connection.end('bye')
    connection.end()
    const code = 'ERR_STREAM_WRITE_AFTER_END'
    assert.throws(() => connection.write('more'), { code, message: /after end/ })
    assert.throws(() => connection.end('more'), { code })
    assert.equal((await client.rest()).toString(), 'bye')
    await recorder.next('close')
    assert.throws(() => connection.write('more'), { code })
    connection.end()
  })

  test('by a reset is an error with its code, told once', async (t) => {
    const { recorder, client, connection } = await pair(t)
    client.reset()
    const [closed, error] = await recorder.next('close')
    assert.equal(closed, connection)
    assert.ok(error instanceof Error)
    assert.equal(error.code, 'ECONNRESET')
    assert.equal(error.syscall, 'read')
    assert.equal(error.message, 'read ECONNRESET')
    assert.deepEqual(recorder.log, ['open', 'close'])
  })

  test('by a reset that only our end finds, because nothing is read', async (t) => {
    const { recorder, client, connection } = await pair(t)
    connection.pause()
    await client.reset()
    connection.end()
    const [, error] = await recorder.next('close')
    // Not ENOTCONN, as a shutdown has it.
    assert.equal(error.code, 'ECONNRESET')
    assert.deepEqual(recorder.log, ['open', 'close'])
  })

  for (const name of ['open', 'data', 'end']) {
    test(`may come by destroy in the handler \`${name}\``, async (t) => {
      const destroy = (connection) => connection.destroy()
      const recorder = new Recorder({ end: () => {}, [name]: destroy })
      const socket = listen(t, recorder.handlers)
      const client = await connectTo(t, socket)
      client.send('bytes').end()
      const [, error] = await recorder.next('close')
      assert.equal(error, undefined)
      await client.closed
      assert.equal(socket.connections, 0)
      const order = ['open', 'data', 'end', 'close']
      const expected = order.slice(0, order.indexOf(name) + 1).concat('close')
      assert.deepEqual(recorder.log, expected)
    })
  }
})

describe('a connection that is gone', () => {
  test('takes every call and does nothing', async (t) => {
    const { recorder, client, connection } = await pair(t)
    client.send('12345')
    await recorder.next('data')
    connection.write('123')
    await client.bytes(3)
    client.reset()
    await recorder.next('close')
    assert.equal(connection.write('late'), false)
    assert.equal(connection.write(new Uint8Array(1 << 20)), false)
    connection.pause()
    connection.resume()
    assert.equal(connection.setNoDelay(true), connection)
    assert.equal(connection.setKeepAlive(true, 10), connection)
    assert.equal(connection.setTimeout(10), connection)
    assert.equal(connection.ref(), connection)
    assert.equal(connection.unref(), connection)
    connection.end('late')
    connection.destroy()
    assert.equal(connection.bytesRead, 5)
    assert.equal(connection.bytesWritten, 3)
    assert.equal(connection.writableLength, 0)
    assert.equal(connection.readyState, 'closed')
    assert.deepEqual(recorder.log, ['open', 'data', 'close'])
  })

  test('is not mixed up with one that took its place', async (t) => {
    const { recorder, socket, connection: old } = await pair(t)
    old.destroy()
    await recorder.next('close')
    const client = await connectTo(t, socket)
    const [connection] = await recorder.next('open')
    assert.notEqual(connection, old)
    old.destroy()
    old.write('to the old one')
    old.end()
    old.pause()
    client.send('hello')
    assert.equal((await recorder.bytes(5)).toString(), 'hello')
    connection.end('world')
    assert.equal((await client.rest()).toString(), 'world')
  })
})

describe('settings', () => {
  test('can be changed on an open connection, in a chain', async (t) => {
    const options = { noDelay: false, keepAlive: 30 }
    const { client, connection } = await pair(t, {}, options)
    const result = connection
      .setNoDelay()
      .setNoDelay(false)
      .setKeepAlive(true)
      .setKeepAlive(true, 0)
      .setKeepAlive(true, 32_767)
      .setKeepAlive()
      .setTimeout(0)
      .unref()
      .ref()
    assert.equal(result, connection)
    connection.end('fine')
    assert.equal((await client.rest()).toString(), 'fine')
  })
})

describe('counters', () => {
  test('count both ways, while it is open and after', async (t) => {
    const { recorder, client, connection } = await pair(t, { end: () => {} })
    const counts = () => [connection.bytesRead, connection.bytesWritten, connection.writableLength]
    assert.deepEqual(counts(), [0, 0, 0])
    client.send('1234567')
    await recorder.bytes(7)
    assert.deepEqual(counts(), [7, 0, 0])
    connection.write('äöü')
    connection.write(new Uint8Array(4))
    await client.bytes(10)
    await eventually(() => assert.deepEqual(counts(), [7, 10, 0]))
    client.send('890').end()
    await recorder.next('end')
    connection.end('!')
    await client.rest()
    await recorder.next('close')
    assert.deepEqual(counts(), [10, 11, 0])
  })
})

test('an unreferenced connection does not keep the process alive', async (t) => {
  const child = new Child(
    t,
    `
    import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
    const socket = new InboundTcpSocket().unref().listen({
      open(connection) {
        console.log('open')
        connection.unref()
      },
    })
    const timer = setInterval(() => socket.connections > 0 && clearInterval(timer), 5)
    console.log(socket.port)
  `,
  )
  const client = await connectTo(t, { port: Number(await child.line()) })
  const { code, signal, stderr } = await child.ended()
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  await client.closed
})
