// What subscribers of node:diagnostics_channel hear: each request once when it starts and once when
// it is over, whatever becomes of it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { chunked, request } from './support/raw-client.js'
import { connectTo, deferred, eventually } from './support/serve.js'
import { brokenBody, watch } from './support/watched.js'

const hello = () => new Response('hello')
const never = () => new Promise(() => {})
const failing = () => {
  throw new Error('the handler failed')
}
/** Without it, what fails would be on stderr. */
const quiet = { onError: () => undefined }
const LARGE = 32 * 1024 * 1024

/** A body that never ends: its first piece comes at once. */
const endless = () =>
  new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('first')) })

describe('a request that is answered', () => {
  const kinds = {
    'by a handler without parameters': hello,
    'by a handler with both': (_request, _info) => new Response('hello'),
    'by an async handler': async () => new Response('hello'),
    'with the platform’s Response': () => new globalThis.Response('hello'),
    'with a stream': () => new Response(new Blob(['hello']).stream()),
    'with the body of the request': (req) => new Response(req.body ?? 'hello'),
    'by an app': {
      fetch: hello,
    },
  }
  for (const [name, handler] of Object.entries(kinds)) {
    test(`is told of ${name}`, async (t) => {
      const { watched, server, client } = await watch(t, handler)
      // The header lines of the third are kept by the addon, where they can be.
      for (let round = 1; round <= 4; round++) {
        assert.equal((await client.ask(request(`GET /${round}`))).text, 'hello')
        await watched.over(round)
      }
      for (const [at, message] of watched.finishes.entries()) {
        assert.equal(new URL(message.request.url).pathname, `/${at + 1}`)
        assert.equal(message.server, server)
        assert.equal(message.info.httpVersion, '1.1')
        assert.ok(message.response instanceof globalThis.Response)
        const { status, reason, error } = message
        assert.deepEqual([status, reason, error], [200, 'finished', undefined])
      }
      const each = ['request.start', 'response.created', 'response.finish']
      assert.deepEqual(watched.names(), Array(4).fill(each).flat())
    })
  }

  const asked = {
    HEAD: request('HEAD /'),
    'HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
    'an upgrade': request('GET /', ['connection: upgrade', 'upgrade: websocket']),
    'a body that nobody reads': request('POST /', ['content-length: 4'], 'body'),
    'connection: close': request('GET /', ['connection: close']),
  }
  for (const [name, text] of Object.entries(asked)) {
    test(`is told of: ${name}`, async (t) => {
      const { watched, client } = await watch(t, hello)
      assert.equal((await client.ask(text)).status, 200)
      const [{ status, reason }] = await watched.over(1)
      assert.deepEqual([status, reason], [200, 'finished'])
    })
  }

  test('is told of: 100-continue, read and not read', async (t) => {
    const { watched, client } = await watch(t, async (req) => {
      return new Response(req.url.endsWith('read') ? await req.text() : 'no')
    })
    const fields = ['expect: 100-continue', 'content-length: 4']
    assert.equal((await client.ask(request('POST /read', fields))).status, 100)
    client.send('body')
    assert.equal((await client.answer()).text, 'body')
    assert.equal((await client.ask(request('POST /', fields))).text, 'no')
    await watched.over(2)
  })

  for (const [name, handler] of [
    ['at once', (req) => new Response(new URL(req.url).pathname)],
    ['later', (req) => nextTurn().then(() => new Response(new URL(req.url).pathname))],
  ]) {
    test(`is told of: pipelined, and answered ${name}`, async (t) => {
      const { watched, client } = await watch(t, handler)
      const paths = Array.from({ length: 30 }, (_, at) => `/${at}`)
      client.send(paths.map((path) => request(`GET ${path}`)).join(''))
      for (const path of paths) assert.equal((await client.answer()).text, path)
      await watched.over(30)
      assert.deepEqual(
        watched.starts.map((message) => new URL(message.request.url).pathname),
        paths,
      )
    })
  }

  test('is over when the socket has taken the answer', async (t) => {
    const { watched, client } = await watch(t, () => new Response(Buffer.alloc(LARGE)))
    client.pause().send(request('GET /'))
    await eventually(() => assert.equal(watched.told('response.created').length, 1))
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    assert.equal(watched.finishes.length, 0)
    client.resume()
    assert.equal((await client.answer()).body.length, LARGE)
    assert.equal((await watched.over(1))[0].reason, 'finished')
  })

  test('is told of where its client has ended its side', async (t) => {
    const proceed = deferred()
    const { watched, client } = await watch(t, () => proceed.promise.then(hello))
    client.send(request('GET /')).end()
    proceed.resolve()
    assert.equal((await client.answer()).text, 'hello')
    assert.equal((await watched.over(1))[0].reason, 'finished')
  })

  test('gets the header fields that a subscriber adds', async (t) => {
    const { watched, client } = await watch(t, hello)
    watched.onTold = (name, { response }) => {
      if (name === 'response.created') response.headers.set('x-trace', 'added')
    }
    assert.equal((await client.ask(request('GET /'))).get('x-trace'), 'added')
  })
})

describe('a handler that fails', () => {
  const cases = {
    'throws, and nobody answers for it': [failing, quiet, [500, undefined]],
    rejects: [async () => failing(), quiet, [500, undefined]],
    'gives what is no answer': [() => 'text', quiet, [500, undefined]],
    'gives an answer that cannot be sent': [
      () => new Response('text', { headers: { 'content-length': '5' } }),
      quiet,
      [500, undefined],
    ],
    'throws, and onError answers': [
      failing,
      { onError: () => new Response('sorry', { status: 503 }) },
      [503, ''],
    ],
    'throws, and onError answers later': [
      failing,
      { onError: async () => new Response('sorry', { status: 503 }) },
      [503, ''],
    ],
  }
  for (const [name, [handler, options, [status, text]]] of Object.entries(cases)) {
    test(name, async (t) => {
      const { watched, client } = await watch(t, handler, options)
      assert.equal((await client.ask(request('GET /'))).status, status)
      const [message] = await watched.over(1)
      assert.equal(message.status, status)
      assert.equal(message.reason, 'finished')
      assert.equal(message.response?.statusText, text)
      assert.ok(message.error instanceof Error)
    })
  }

  for (const [name, onError] of [
    ['throws', failing],
    ['rejects', async () => failing()],
    ['gives nonsense', () => 'text'],
  ]) {
    test(`and onError ${name}`, async (t) => {
      t.mock.method(console, 'error', () => {})
      const first = new Error('the first')
      const handler = () => {
        throw first
      }
      const { watched, client } = await watch(t, handler, { onError })
      assert.equal((await client.ask(request('GET /'))).status, 500)
      const [message] = await watched.over(1)
      assert.equal(message.error, first)
      assert.deepEqual([message.status, message.reason], [500, 'finished'])
      assert.equal(message.response, undefined)
    })
  }

  test('behind the head: the reason is the error', async (t) => {
    const { watched, client } = await watch(t, () => new Response(brokenBody()), quiet)
    client.send(request('GET /'))
    await client.closed
    const [{ status, reason, error }] = await watched.over(1)
    assert.deepEqual([status, reason, error.message], [200, 'error', 'the body failed'])
  })
})

describe('a client that leaves', () => {
  const stages = {
    'before the answer': { handler: never },
    'while its body is read': {
      handler: (req) => req.text().then(hello),
      text: request('POST /', ['content-length: 100'], 'part'),
    },
    'while its body is not read': {
      handler: never,
      text: request('POST /', ['content-length: 100'], 'part'),
    },
    'within a stream': { handler: () => new Response(endless()), status: 200 },
    'within a large answer': {
      handler: () => new Response(Buffer.alloc(LARGE)),
      status: 200,
      paused: true,
    },
    'within a large answer that came later': {
      handler: async () => new Response(Buffer.alloc(LARGE)),
      status: 200,
      paused: true,
    },
    'while the handler fails because of it': {
      handler: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    },
  }
  for (const [name, { handler, text = request('GET /'), status, paused }] of Object.entries(stages))
    for (const way of ['reset', 'destroy']) {
      test(`${name}: ${way}`, async (t) => {
        const { watched, client } = await watch(t, handler)
        if (paused) client.pause()
        client.send(text)
        const told = status === undefined ? 'request.start' : 'response.created'
        await eventually(() => assert.equal(watched.told(told).length, 1))
        await nextTurn()
        await client[way]()
        // One that only ends its side may wait for its answer.
        if (way === 'destroy') watched.server.closeAllConnections()
        const [message] = await watched.over(1)
        assert.deepEqual([message.status, message.reason], [status, 'aborted'])
        assert.equal(message.error.name, 'AbortError')
        assert.match(message.error.code, /^(?:ECONNRESET|EPIPE)$/)
      })
    }

  test('with others waiting behind: those are never told of', async (t) => {
    const { watched, client } = await watch(t, never)
    client.send(request('GET /one') + request('GET /two'))
    await eventually(() => assert.equal(watched.starts.length, 1))
    await client.reset()
    await watched.over(1)
  })
})

describe('a server that closes', () => {
  const ways = {
    'all connections': (server) => server.closeAllConnections(),
    'at the timeout': (server) => server.close({ timeout: 20 }),
  }
  for (const [name, close] of Object.entries(ways)) {
    test(name, async (t) => {
      const { watched, server, client } = await watch(t, never)
      const other = await connectTo(t, server)
      for (const each of [client, other]) each.send(request('GET /'))
      await eventually(() => assert.equal(watched.starts.length, 2))
      await close(server)
      for (const { reason, error } of await watched.over(2)) {
        assert.deepEqual([reason, error.code], ['aborted', 'ECONNRESET'])
      }
    })
  }

  test('all connections, from within the handler', async (t) => {
    const { watched } = await watch(t, () => {
      watched.server.closeAllConnections()
      return hello()
    })
    const client = await connectTo(t, watched.server)
    client.send(request('GET /'))
    await client.closed
    assert.equal((await watched.over(1))[0].reason, 'aborted')
  })

  test('all connections, from within a subscriber', async (t) => {
    const { watched, client } = await watch(t, hello)
    watched.onTold = (name, { server }) => {
      if (name === 'request.start') server.closeAllConnections()
    }
    client.send(request('GET /'))
    await client.closed
    assert.equal((await watched.over(1))[0].reason, 'aborted')
  })

  test('has told of all that it served when it is closed', async (t) => {
    const { watched, server, client } = await watch(t, async () => {
      await nextTurn()
      return hello()
    })
    client.send(request('GET /').repeat(5))
    await eventually(() => assert.ok(watched.starts.length > 0))
    await server.close()
    assert.equal(watched.finishes.length, watched.starts.length)
    watched.assertPaired()
  })
})

describe('what is refused', () => {
  test('before the handler: it never started', async (t) => {
    const { watched, server, client } = await watch(t, hello)
    assert.equal((await client.ask('nonsense\r\n\r\n')).status, 400)
    await client.closed
    assert.deepEqual(watched.names(), ['request.refused'])
    const [{ remoteAddress, ...refusal }] = watched.told('request.refused')
    assert.equal(remoteAddress.address, '127.0.0.1')
    const { code, reason, ...rest } = refusal
    assert.match(code, /^HTTP_/)
    assert.equal(typeof reason, 'string')
    assert.deepEqual(rest, { status: 400, offset: 0, server })
  })

  test('behind a request that is answered', async (t) => {
    const { watched, client } = await watch(t, hello)
    client.send(`${request('GET /')}nonsense\r\n\r\n`)
    assert.equal((await client.answer()).status, 200)
    assert.equal((await client.answer()).status, 400)
    await watched.over(1)
    assert.equal(watched.told('request.refused').length, 1)
  })

  const handler = (req) => req.text().then(hello)
  const cases = {
    'too large': [{ limits: { maxRequestBodySize: 4 } }, chunked(['12345']), 413],
    'no chunk': [{}, 'nonsense\r\n', 400],
    'too slow': [{ timeouts: { receive: 50 } }, '5\r\n12', 408],
  }
  for (const [name, [options, body, status]] of Object.entries(cases)) {
    test(`within the body: ${name}`, async (t) => {
      const { watched, client } = await watch(t, handler, options)
      const fields = ['transfer-encoding: chunked', 'expect: 100-continue']
      assert.equal((await client.ask(request('POST /', fields))).status, 100)
      client.send(body)
      assert.equal((await client.answer()).status, status)
      const [message] = await watched.over(1)
      const [refusal] = watched.told('request.refused')
      assert.deepEqual([message.status, message.reason], [undefined, 'aborted'])
      assert.equal(message.error.code, refusal.code)
      assert.equal(refusal.status, status)
    })
  }

  test('a head that does not come in time never started', async (t) => {
    const { watched, client } = await watch(t, hello, { timeouts: { headers: 50 } })
    client.send('GET / HT')
    assert.equal((await client.answer()).status, 408)
    assert.deepEqual(watched.names(), ['request.refused'])
  })

  test('an answer that is not taken in time', async (t) => {
    const options = { timeouts: { send: 100 } }
    const { watched, client } = await watch(t, () => new Response(Buffer.alloc(LARGE)), options)
    client.pause().send(request('GET /'))
    const [{ status, reason, error }] = await watched.over(1)
    assert.deepEqual([status, reason], [200, 'aborted'])
    assert.match(error.message, /did not take the answer in time|left before the answer/)
  })
})
