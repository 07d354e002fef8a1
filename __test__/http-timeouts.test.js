// Clients that stand still: each kind of waiting has a limit of its own. The limits here are short
// and no test measures them; where nothing may happen, another connection's end tells the time.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { assertBytes } from './support/answers.js'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'

const SHORT = 60
const hello = () => new Response('hello')
const timeout408 = (reason) =>
  'HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\n' +
  `content-length: ${reason.length}\r\nconnection: close\r\ndate: <date>\r\n\r\n${reason}`

/** Settles once a connection that only waits has run into the server's idle limit. */
async function limitReached(t, server) {
  const client = await connectTo(t, server)
  await client.ask(request('GET /fast'))
  await client.closed
}

/**
 * Sends a byte now and then, as somebody does who wants to hold a connection; at last also what
 * makes the request whole, so that one who waits without end is found out.
 */
function drip(t, client, end) {
  const bytes = [...'a'.repeat(200), end]
  const timer = setInterval(() => {
    if (bytes.length > 0) client.send(bytes.shift())
  }, SHORT / 6)
  t.after(() => clearInterval(timer))
}

describe('headers', () => {
  const timeouts = { headers: SHORT }

  for (const part of ['G', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nhost: test\r\n']) {
    test(`408 after ${JSON.stringify(part)}`, async (t) => {
      const refusals = []
      const onClientError = ({ status, code }) => refusals.push([status, code])
      const { client } = await serveRaw(t, hello, { timeouts, onClientError })
      client.send(part)
      assertBytes(
        (await client.answer()).whole,
        timeout408('The request head did not arrive in time.\n'),
      )
      assert.equal((await client.rest()).length, 0)
      assert.deepEqual(refusals, [[408, 'HTTP_HEADERS_TIMEOUT']])
    })
  }

  test('408 for the second head too', async (t) => {
    const { server, client } = await serveRaw(t, hello, { timeouts })
    await client.ask(request('GET /'))
    client.send('GET /second')
    assert.equal((await client.answer()).status, 408)
    assert.equal((await client.rest()).length, 0)
    assert.deepEqual(server.stats().refusals, { HTTP_HEADERS_TIMEOUT: 1 })
  })

  for (const [which, before] of [
    ['first', 0],
    ['second', 1],
  ]) {
    test(`408 for the ${which} head that comes byte by byte, each in time`, async (t) => {
      const { server, client } = await serveRaw(t, hello, { timeouts })
      for (let at = 0; at < before; at++) await client.ask(request('GET /'))
      client.send('GET /')
      drip(t, client, ' HTTP/1.1\r\nhost: test\r\n\r\n')
      assert.equal((await client.answer()).status, 408)
      assert.equal((await client.rest()).length, 0)
      assert.deepEqual(server.stats().refusals, { HTTP_HEADERS_TIMEOUT: 1 })
    })
  }

  test('who says nothing at all is told nothing', async (t) => {
    const { server, client } = await serveRaw(t, hello, { timeouts })
    assert.equal((await client.rest()).length, 0)
    assert.equal(await client.closed, null)
    assert.deepEqual(server.stats().refusals, {})
  })

  test('a slow handler has nothing to do with it', async (t) => {
    const other = deferred()
    const { server, client } = await serveRaw(t, () => other.promise.then(hello), { timeouts })
    client.send(request('GET /'))
    await (await connectTo(t, server)).closed
    other.resolve()
    assert.equal((await client.answer()).text, 'hello')
  })
})

describe('receive', () => {
  const timeouts = { receive: SHORT, idle: SHORT }
  const half = request('POST /', ['content-length: 10'], 'half')

  for (const [how, read] of [
    ['text()', (req) => req.text()],
    ['the stream', (req) => req.body.pipeTo(new WritableStream())],
  ]) {
    test(`408 while ${how} waits, and the body fails`, async (t) => {
      const failed = deferred()
      const handler = async (req) => {
        await read(req).catch((error) => {
          failed.resolve(error)
          throw error
        })
      }
      const { client } = await serveRaw(t, handler, { timeouts })
      client.send(half)
      const answer = await client.answer()
      assertBytes(answer.whole, timeout408('The request body did not arrive in time.\n'))
      assert.equal((await client.rest()).length, 0)
      const { name, code } = await failed.promise
      assert.deepEqual([name, code], ['AbortError', 'HTTP_RECEIVE_TIMEOUT'])
    })
  }

  for (const [what, start, end] of [
    ['an extension', '1;', '\r\nx\r\n0\r\n\r\n'],
    ['trailers', '1\r\nx\r\n0\r\na: ', '\r\n\r\n'],
  ]) {
    test(`408 for ${what} byte by byte: only data is progress`, async (t) => {
      const handler = async (req) => new Response(await req.text())
      const options = { timeouts, onError: () => {} }
      const { server, client } = await serveRaw(t, handler, options)
      client.send(request('POST /', ['transfer-encoding: chunked'], start))
      drip(t, client, end)
      assert.equal((await client.answer()).status, 408)
      assert.equal((await client.rest()).length, 0)
      assert.deepEqual(server.stats().refusals, { HTTP_RECEIVE_TIMEOUT: 1 })
    })
  }

  test('does not run while nobody reads the body', async (t) => {
    const proceed = deferred()
    const handler = async (req) => {
      if (req.url.endsWith('/fast')) return hello()
      await proceed.promise
      return new Response(await req.text())
    }
    const { server, client } = await serveRaw(t, handler, { timeouts })
    client.send(half)
    await limitReached(t, server)
    client.send('whole!')
    proceed.resolve()
    assert.equal((await client.answer()).text, 'halfwhole!')
  })

  test('after an answer, a body that nobody read does not hold the connection', async (t) => {
    const { server, client } = await serveRaw(t, hello, { timeouts })
    client.send(half)
    assert.equal((await client.answer()).text, 'hello')
    assert.equal((await client.rest()).length, 0)
    await client.closed
    await eventually(() => assert.equal(server.stats().connections.open, 0))
  })
})

describe('idle', () => {
  test('closes without a word', async (t) => {
    const { server, client } = await serveRaw(t, hello, { timeouts: { idle: SHORT } })
    assert.equal((await client.ask(request('GET /'))).text, 'hello')
    assert.equal((await client.rest()).length, 0)
    assert.equal(await client.closed, null)
    assert.deepEqual(server.stats().refusals, {})
  })

  test('does not touch a handler at work, nor a streaming answer', async (t) => {
    const proceed = deferred()
    const handlers = {
      '/fast': hello,
      '/work': () => proceed.promise.then(hello),
      '/stream': () => {
        const source = async function* () {
          yield Buffer.from('hel')
          await proceed.promise
          yield Buffer.from('lo')
        }
        return new Response(ReadableStream.from(source()))
      },
    }
    const server = serve(t, (req) => handlers[new URL(req.url).pathname](), {
      timeouts: { idle: SHORT, headers: SHORT, receive: SHORT, send: SHORT },
    })
    const [work, stream] = [await connectTo(t, server), await connectTo(t, server)]
    work.send(request('GET /work'))
    stream.send(request('GET /stream'))
    await limitReached(t, server)
    await limitReached(t, server)
    proceed.resolve()
    assert.equal((await work.answer()).text, 'hello')
    assert.equal((await stream.answer()).text, 'hello')
  })
})

describe('send', () => {
  const body = Buffer.alloc(32 * 1024 * 1024)
  const timeouts = { send: SHORT }

  for (const [what, make] of [
    ['bytes', () => new Response(body)],
    ['text', () => new Response(body.toString('latin1'))],
    ['a stream', () => new Response(new Blob([body]).stream())],
  ]) {
    test(`a client that does not take ${what} is cut off`, async (t) => {
      const completed = deferred()
      const { server, client } = await serveRaw(
        t,
        (_, info) => {
          info.completed.then(() => completed.reject(new Error('it was sent')), completed.resolve)
          return make()
        },
        { timeouts },
      )
      client.pause().send(request('GET /'))
      assert.equal((await completed.promise).name, 'AbortError')
      await eventually(() => assert.equal(server.stats().connections.open, 0))
      assert.ok((await client.resume().rest()).length < body.length)
    })
  }

  test('a client that sends on is cut off as well', async (t) => {
    const { server, client } = await serveRaw(t, () => new Response(body), { timeouts })
    client.pause()
    // Its bytes are progress of its own, not of the answer.
    const timer = setInterval(() => client.send(request('GET /')), SHORT / 10)
    t.after(() => clearInterval(timer))
    await eventually(() => assert.equal(server.stats().connections.open, 0))
  })

  test('a client that takes it slowly gets it all', async (t) => {
    const { client } = await serveRaw(t, () => new Response(body), { timeouts: { send: 2000 } })
    client.send(request('GET /'))
    for (let round = 0; round < 20; round++) {
      client.pause()
      await new Promise((resolve) => setTimeout(resolve, 5))
      client.resume()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    assertBytes((await client.answer()).body, body)
  })
})

test('0 turns a limit off', async (t) => {
  const off = { headers: 0, receive: 0, idle: 0, send: 0 }
  const clock = serve(t, hello, { timeouts: { idle: SHORT } })
  const echo = async (req) => new Response(await req.text())
  const { server, client: silent } = await serveRaw(t, echo, { timeouts: off })
  const [head, body, idle] = [
    await connectTo(t, server),
    await connectTo(t, server),
    await connectTo(t, server),
  ]
  head.send('GET / HTTP/1.1\r\n')
  body.send(request('POST /', ['content-length: 2'], 'a'))
  await idle.ask(request('GET /'))
  for (let round = 0; round < 4; round++) await limitReached(t, clock)
  assert.equal((await silent.ask(request('GET /'))).status, 200)
  head.send('host: test\r\n\r\n')
  assert.equal((await head.answer()).status, 200)
  body.send('b')
  assert.equal((await body.answer()).text, 'ab')
  assert.equal((await idle.ask(request('GET /'))).status, 200)
})
