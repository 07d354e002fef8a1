// What every HTTP/1.1 server does. The same suite runs against node:http, which shows that it asks
// for nothing peculiar.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertBytes } from './support/answers.js'
import { servers } from './support/contract-servers.js'
import { chunked, RawClient, request } from './support/raw-client.js'
import { deferred } from './support/serve.js'

const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7) % 253))
const pathOf = (req) => new URL(req.url).pathname

// The global Response throughout: it is what both servers have in common.
const routes = {
  '/text': () => new Response('grüße'),
  '/bytes': () => new Response(bytes),
  '/empty': () => new Response(),
  '/stream': () => new Response(new Blob([bytes]).stream()),
  '/echo': async (req) => new Response(await req.arrayBuffer()),
  '/pass': (req) => new Response(req.body),
  '/unread': () => new Response('not read'),
  '/throw': () => {
    throw new Error('on purpose')
  },
  '/reject': async () => Promise.reject(new Error('on purpose')),
  '/show': (req) => Response.json([req.method, req.url, [...req.headers]]),
  '/made': () => new Response('x', { status: 201, statusText: 'Made It' }),
  '/cookies': () => {
    const headers = new Headers({ 'x-one': 'a' })
    headers.append('x-one', 'b')
    headers.append('set-cookie', 'a=1; Secure')
    headers.append('set-cookie', 'b=2')
    return new Response('', { headers })
  },
}

function handler(req) {
  const path = pathOf(req)
  const status = /^\/status\/(\d{3})$/.exec(path)?.[1]
  if (status === undefined) return (routes[path] ?? routes['/text'])(req)
  const hasBody = !['204', '205', '304'].includes(status)
  return new Response(hasBody ? 'body' : null, { status: Number(status) })
}

for (const [name, start] of servers) {
  const raw = async (t) => {
    const client = await RawClient.connect(await start(t, handler))
    t.after(() => client.destroy())
    return client
  }
  const fetcher = async (t) => {
    const origin = `http://127.0.0.1:${await start(t, handler)}`
    return (path, options) => fetch(origin + path, options)
  }

  describe(`${name}: what fetch sees`, () => {
    test('bodies', async (t) => {
      const ask = await fetcher(t)
      assert.equal(await (await ask('/text')).text(), 'grüße')
      assertBytes(await (await ask('/bytes')).arrayBuffer(), bytes)
      assertBytes(await (await ask('/stream')).arrayBuffer(), bytes)
      assert.equal(await (await ask('/empty')).text(), '')
    })

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      test(`${method} with a body`, async (t) => {
        const ask = await fetcher(t)
        for (const path of ['/echo', '/pass']) {
          assertBytes(await (await ask(path, { method, body: bytes })).arrayBuffer(), bytes)
          const body = new Blob([bytes]).stream()
          const streamed = await ask(path, { method, body, duplex: 'half' })
          assertBytes(await streamed.arrayBuffer(), bytes)
        }
      })
    }

    test('method, url and headers', async (t) => {
      const ask = await fetcher(t)
      const headers = { 'X-Mixed': 'Case', accept: 'text/x' }
      const path = '/show?a=%20b&c=%C3%BC&d'
      const answer = await ask(path, { method: 'OPTIONS', headers })
      const [method, url, fields] = await answer.json()
      assert.equal(method, 'OPTIONS')
      assert.equal(url, answer.url)
      const found = new Map(fields)
      assert.equal(found.get('x-mixed'), 'Case')
      assert.equal(found.get('accept'), 'text/x')
      assert.equal(found.get('host'), new URL(answer.url).host)
    })

    test('status, reason and headers', async (t) => {
      const ask = await fetcher(t)
      const made = await ask('/made')
      assert.deepEqual([made.status, made.statusText], [201, 'Made It'])
      const cookies = await ask('/cookies')
      assert.deepEqual(cookies.headers.getSetCookie(), ['a=1; Secure', 'b=2'])
      assert.equal(cookies.headers.get('x-one'), 'a, b')
    })

    for (const status of [200, 202, 206, 301, 400, 401, 404, 410, 418, 429, 500, 503, 204, 304]) {
      test(`the status ${status}`, async (t) => {
        const ask = await fetcher(t)
        const answer = await ask(`/status/${status}`, { redirect: 'manual' })
        assert.equal(answer.status, status)
        assert.equal(await answer.text(), status === 204 || status === 304 ? '' : 'body')
      })
    }

    test('many requests at once', async (t) => {
      const ask = await fetcher(t)
      const texts = Array.from({ length: 100 }, async (_, at) => {
        const body = `number ${at}`
        return (await ask('/echo', { method: 'POST', body })).text()
      })
      const expected = texts.map((_, at) => `number ${at}`)
      assert.deepEqual(await Promise.all(texts), expected)
    })

    test('a handler that fails is a 500, and the server goes on', async (t) => {
      const ask = await fetcher(t)
      for (const path of ['/throw', '/reject', '/throw']) {
        const answer = await ask(path)
        assert.deepEqual([answer.status, await answer.text()], [500, ''])
      }
      assert.equal((await ask('/text')).status, 200)
    })
  })

  describe(`${name}: what is on the wire`, () => {
    test('HEAD has the head only', async (t) => {
      const client = await raw(t)
      for (const path of ['/text', '/bytes', '/stream', '/empty']) {
        assert.equal((await client.ask(request(`HEAD ${path}`))).status, 200)
      }
      assert.equal((await client.ask(request('GET /text'))).text, 'grüße')
    })

    test('one connection, many requests, with and without bodies', async (t) => {
      const client = await raw(t)
      for (let round = 0; round < 50; round++) {
        const body = 'x'.repeat(round)
        const fields = [`content-length: ${round}`]
        assert.equal((await client.ask(request('POST /echo', fields, body))).text, body)
        assert.equal((await client.ask(request('GET /status/204'))).status, 204)
        const text = request('POST /echo', ['transfer-encoding: chunked'], chunked([`a${body}`]))
        assert.equal((await client.ask(text)).text, `a${body}`)
      }
    })

    test('pipelined requests are answered in order', async (t) => {
      const client = await raw(t)
      const post = (at) => request('POST /echo', ['content-length: 2'], String(at))
      client.send(Array.from({ length: 16 }, (_, at) => post(at + 10)).join(''))
      for (let at = 10; at < 26; at++) assert.equal((await client.answer()).text, String(at))
    })

    test('a request in single bytes', async (t) => {
      const client = await raw(t)
      const text = request('POST /echo', ['transfer-encoding: chunked'], chunked(['ab', 'c']))
      await client.sendPieces(text.split(''))
      assert.equal((await client.answer()).text, 'abc')
    })

    test('connection: close is honoured and announced', async (t) => {
      const client = await raw(t)
      const answer = await client.ask(request('GET /text', ['connection: close']))
      assert.equal(answer.get('connection'), 'close')
      assert.equal((await client.rest()).length, 0)
    })

    test('HTTP/1.0', async (t) => {
      const client = await raw(t)
      const kept = 'GET /text HTTP/1.0\r\nhost: test\r\nconnection: keep-alive\r\n\r\n'
      const first = await client.ask(kept)
      assert.equal(first.get('transfer-encoding'), null)
      assert.equal(first.text, 'grüße')
      const other = await raw(t)
      const last = await other.ask('GET /stream HTTP/1.0\r\nhost: test\r\n\r\n')
      assert.equal(last.get('connection'), 'close')
      assertBytes(last.body, bytes)
    })

    test('a body that the handler does not read', async (t) => {
      const client = await raw(t)
      const text = request('POST /unread', ['content-length: 5'], 'GET /')
      for (let round = 0; round < 3; round++) {
        assert.equal((await client.ask(text)).text, 'not read')
      }
    })

    test('100-continue', async (t) => {
      const client = await raw(t)
      client.send(request('POST /echo', ['content-length: 2', 'expect: 100-continue']))
      assert.equal((await client.answer()).status, 100)
      client.send('ok')
      assert.equal((await client.answer()).text, 'ok')
    })

    for (const [what, text, status] of [
      ['no HTTP', 'nonsense\r\n\r\n', 400],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
      ['a space before the colon', request('GET /', ['a : b']), 400],
      ['two lengths', request('POST /', ['content-length: 1', 'content-length: 2'], 'ab'), 400],
      ['no number as length', request('POST /', ['content-length: x'], 'ab'), 400],
      ['too large a head', request('GET /', [`a: ${'b'.repeat(20_000)}`]), 431],
    ]) {
      test(`${what}: ${status}, and the end`, async (t) => {
        const client = await raw(t)
        client.send(text)
        const answer = (await client.rest()).toString()
        assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer)
        assert.match(answer, /\r\nconnection: close\r\n/i)
        assert.equal(answer.match(/HTTP\/1\.1 \d/g).length, 1)
      })
    }

    test('a client that leaves is not missed', async (t) => {
      const seen = deferred()
      const port = await start(t, async (req) => {
        if (pathOf(req) === '/first') await req.text().finally(seen.resolve)
        return new Response('next')
      })
      const client = await RawClient.connect(port)
      await client.send(request('POST /first', ['content-length: 5'], 'half')).sendPieces([])
      await client.reset()
      await seen.promise
      const other = await RawClient.connect(port)
      t.after(() => other.destroy())
      assert.equal((await other.ask(request('GET /second'))).text, 'next')
    })
  })
}
