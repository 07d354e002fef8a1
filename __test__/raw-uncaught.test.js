// What the handlers of a raw socket throw is never lost and never takes the process down by
// itself: it goes where Node's own callbacks send it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Child, indexUrl } from './support/child.js'
import { connectTo } from './support/raw-socket.js'

// Throws on the first connection, in the handler that is named; echoes on the others.
const PROGRAM = `
  import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
  const [place, mode] = process.argv.slice(-2)
  let isThrown = false
  function explode(where) {
    if (where !== place || isThrown) return
    isThrown = true
    throw new RangeError('thrown in ' + where)
  }
  const tell = (message) => console.log(JSON.stringify(message))
  if (mode === 'handled') {
    process.on('uncaughtException', (error, origin) => {
      tell({ message: error.message, origin, isRangeError: error instanceof RangeError })
    })
  }
  const big = new Uint8Array(16 * 1024 * 1024)
  const handlers = {
    open() { explode('open') },
    data(connection, bytes) {
      if (place === 'drain' && !isThrown) connection.write(big)
      explode('data')
      if (place === 'microtask') queueMicrotask(() => explode('microtask'))
      if (place === 'tick') process.nextTick(() => explode('tick'))
      connection.write(bytes)
    },
    drain() { explode('drain') },
    end(connection) {
      connection.end()
      explode('end')
    },
    close() { explode('close') },
  }
  const listener = (request, response, error) => {
    if (error) explode('function, told of an error')
    explode('function')
    response.write(request.data)
  }
  const asynchronous = async ({ data }, response) => {
    response.write(data)
    explode('async function')
  }
  const isFunction = place.startsWith('function')
  const given = place === 'async function' ? asynchronous : isFunction ? listener : handlers
  const socket = new InboundTcpSocket().listen(given)
  process.stdin.on('end', () => socket.close()).resume()
  tell({ port: socket.port })
`

const PLACES = [
  'open',
  'data',
  'drain',
  'end',
  'close',
  'microtask',
  'tick',
  'function',
  'function, told of an error',
]

/** Makes the first connection, and whatever has the program reach each of its handlers. */
async function provoke(t, place, socket) {
  const client = await connectTo(t, socket)
  client.send('hello')
  if (place === 'function, told of an error') {
    await client.bytes(5)
    client.reset()
  } else if (place !== 'drain') {
    // Nobody is asked for more once both sides have ended.
    client.end()
  }
  return client
}

describe('a throw in a handler', () => {
  for (const place of PLACES) {
    test(`${place}: goes to 'uncaughtException', and all goes on`, async (t) => {
      const child = new Child(t, PROGRAM, { args: [place, 'handled'] })
      const socket = await child.message()
      const first = await provoke(t, place, socket)
      assert.deepEqual(await child.message(), {
        message: `thrown in ${place}`,
        origin: 'uncaughtException',
        isRangeError: true,
      })
      const second = await connectTo(t, socket)
      assert.equal((await second.send('still there').bytes(11)).toString(), 'still there')
      await Promise.all([first.end().closed, second.end().closed])
      child.closeInput()
      const { code, signal, stderr } = await child.ended()
      assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    })

    test(`${place}: ends the process with 1 and the stack where nobody listens`, async (t) => {
      const child = new Child(t, PROGRAM, { args: [place, 'bare'] })
      const client = await provoke(t, place, await child.message())
      const { code, signal, stderr } = await child.ended()
      assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr)
      assert.ok(stderr.includes(`RangeError: thrown in ${place}`), stderr)
      assert.match(stderr, /\n\s+at explode \(/)
      await client.closed
    })
  }

  test('data: leaves the same connection alive, too', async (t) => {
    const child = new Child(t, PROGRAM, { args: ['data', 'handled'] })
    const client = await connectTo(t, await child.message())
    client.send('lost')
    assert.equal((await child.message()).message, 'thrown in data')
    assert.equal((await client.send('echoed').bytes(6)).toString(), 'echoed')
  })
})

describe('an async listener that rejects', () => {
  test('is an unhandled rejection, as everywhere in Node', async (t) => {
    const child = new Child(t, PROGRAM, { args: ['async function', 'bare'] })
    const client = await provoke(t, 'async function', await child.message())
    const { code, signal, stderr } = await child.ended()
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr)
    assert.match(stderr, /RangeError: thrown in async function/)
    await client.closed
  })

  test('can be handled, and all goes on', async (t) => {
    const child = new Child(t, PROGRAM, { args: ['async function', 'handled'] })
    const socket = await child.message()
    await provoke(t, 'async function', socket)
    assert.equal((await child.message()).origin, 'unhandledRejection')
    const client = await connectTo(t, socket)
    assert.equal((await client.send('still there').bytes(11)).toString(), 'still there')
  })
})

test("a throw in a worker's handler is the worker's error, not ours", async (t) => {
  const source = `
    import(${JSON.stringify(indexUrl)}).then(({ InboundTcpSocket }) => {
      const { parentPort } = require('node:worker_threads')
      const listener = () => { throw new RangeError('thrown in a worker') }
      parentPort.postMessage(new InboundTcpSocket().listen(listener).port)
    })
  `
  const worker = new Worker(source, { eval: true })
  t.after(() => worker.terminate())
  const failed = once(worker, 'error')
  // `once` would take the error for its own failure.
  const exited = new Promise((resolve) => worker.on('exit', resolve))
  const [port] = await once(worker, 'message')
  const client = await connectTo(t, { port })
  client.send('hello')
  const [error] = await failed
  assert.equal(error.message, 'thrown in a worker')
  assert.ok(error instanceof RangeError)
  assert.equal(await exited, 1)
  await client.closed
})

describe('process.exit in a handler', () => {
  for (const place of ['open', 'data', 'end', 'close']) {
    test(`${place}: ends the process with its code and nothing else`, async (t) => {
      const source = `
        import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
        const handlers = { end: (connection) => connection.end() }
        handlers[process.argv.at(-1)] = () => process.exit(7)
        console.log(new InboundTcpSocket().listen(handlers).port)
      `
      const child = new Child(t, source, { args: [place] })
      const client = await connectTo(t, { port: Number(await child.line()) })
      client.send('bytes').end()
      const { code, signal, stderr } = await child.ended()
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' })
      await client.closed
    })
  }
})
