// Status, reason and headers of answers; Responses that are cloned, kept, changed or spent.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'

const STATUSES = [200, 201, 202, 203, 206, 300, 400, 401, 404, 410, 418, 429, 451, 500, 503, 599]
const kept = {}

/** Answers with what failed, or the name of what did not. */
function fails(make) {
  try {
    make()
  } catch (error) {
    return error.name
  }
  return 'nothing'
}

export const responses = {
  'the status': {
    handle: (_, { rest }) => new Response('body', { status: Number(rest.slice(1)) }),
    async check(client) {
      for (const status of STATUSES) {
        const answer = await client.ask(`/${status}`)
        assert.deepEqual([answer.status, await answer.text()], [status, 'body'])
      }
    },
  },

  'a status without a body has none': {
    handle: (_, { rest }) =>
      new Response(null, { status: Number(rest.slice(1)), headers: { etag: '"x"' } }),
    async check(client) {
      const raw = await client.raw()
      for (const status of [204, 205, 304, 204]) {
        const answer = await raw.ask(client.line('GET', `/${status}`))
        assert.deepEqual([answer.status, answer.text, answer.get('etag')], [status, '', '"x"'])
        assert.equal(answer.get('transfer-encoding'), null)
        if (status === 204) assert.equal(answer.get('content-length'), null)
      }
    },
  },

  'the reason': {
    handle: (_, { rest }) =>
      new Response('', { status: 404, statusText: decodeURIComponent(rest.slice(1)) }),
    async check(client) {
      for (const reason of ['Gone Fishing', 'x']) {
        assert.equal((await client.ask(`/${encodeURIComponent(reason)}`)).statusText, reason)
      }
      const raw = await client.raw()
      assert.match((await raw.ask(client.line('GET'))).head, /^HTTP\/1\.1 404 Not Found\r\n/)
    },
  },

  'Response.redirect': {
    handle: (request, { rest }) =>
      Response.redirect(new URL('/to?a b', request.url), Number(rest.slice(1)) || undefined),
    async check(client) {
      for (const status of [302, 301, 303, 307, 308]) {
        const answer = await client.ask(`/${status}`, { redirect: 'manual' })
        const location = `${client.origin}/to?a%20b`
        assert.deepEqual([answer.status, answer.headers.get('location')], [status, location])
      }
      assert.equal((await client.ask('', { redirect: 'manual' })).status, 302)
    },
  },

  'a redirection is followed': {
    handle(_, { rest, base }) {
      if (rest === '/there') return new Response('arrived')
      return new Response(null, {
        status: 303,
        headers: { location: `${new URL(base).pathname}/there` },
      })
    },
    async check(client) {
      const answer = await client.ask('', { method: 'POST', body: 'x' })
      assert.deepEqual([answer.redirected, await answer.text()], [true, 'arrived'])
    },
  },

  'what Response refuses': {
    handle: () =>
      Response.json([
        fails(() => new Response('x', { status: 101 })),
        fails(() => new Response('x', { status: 600 })),
        fails(() => new Response('x', { status: 204 })),
        fails(() => new Response('', { statusText: 'a\nb' })),
        fails(() => new Response('', { headers: { 'a b': 'c' } })),
        fails(() => new Response('', { headers: { a: 'b\r\nc: d' } })),
        fails(() => new Response('', { headers: { a: 'ł' } })),
        fails(() => Response.json(undefined)),
        fails(() => Response.redirect('http://a/', 200)),
      ]),
    async check(client) {
      const errors = ['RangeError', 'RangeError', ...Array(6).fill('TypeError'), 'RangeError']
      assert.deepEqual(await client.json(), errors)
    },
  },

  'cookies, each on a line of its own': {
    handle(_, { rest }) {
      const cookies = ['a=1; Path=/', 'b=2, 3', 'a=1; Path=/']
      const pairs = cookies.map((cookie) => ['Set-Cookie', cookie])
      if (rest === '/pairs') return new Response('', { headers: pairs })
      if (rest === '/one') return new Response('', { headers: { 'set-cookie': cookies[0] } })
      const response = new Response(rest === '/null' ? null : '')
      for (const [name, value] of pairs) response.headers.append(name, value)
      return response
    },
    async check(client) {
      const all = ['a=1; Path=/', 'b=2, 3', 'a=1; Path=/']
      for (const rest of ['/pairs', '/append', '/null']) {
        assert.deepEqual((await client.ask(rest)).headers.getSetCookie(), all)
      }
      assert.deepEqual((await client.ask('/one')).headers.getSetCookie(), [all[0]])
    },
  },

  'headers in every form': {
    handle(_, { rest }) {
      const pairs = [
        ['X-A', ' 1 '],
        ['x-a', '2'],
        ['x-e', ''],
        ['x-l', 'caf\xe9'],
      ]
      if (rest === '/pairs') return new Response('x', { headers: pairs })
      if (rest === '/headers') return new Response('x', { headers: new Headers(pairs) })
      if (rest === '/map') return new Response('x', { headers: new Map(pairs.slice(1)) })
      return new Response('x', { headers: { 'X-A': ' 1', 'x-n': 5 } })
    },
    async check(client) {
      for (const rest of ['/pairs', '/headers']) {
        const { headers } = await client.ask(rest)
        assert.equal(headers.get('x-a'), '1, 2')
        assert.equal(headers.get('x-e'), '')
        assert.equal(headers.get('x-l'), 'caf\xe9')
      }
      assert.equal((await client.ask('/map')).headers.get('x-a'), '2')
      const { headers } = await client.ask('/object')
      assert.deepEqual([headers.get('x-a'), headers.get('x-n')], ['1', '5'])
    },
  },

  'headers that are changed before the answer goes out': {
    handle() {
      const given = { 'x-a': '1' }
      const response = new Response('x', { headers: given })
      given['x-b'] = 'too late'
      response.headers.set('x-a', '2')
      response.headers.append('x-c', '3')
      response.headers.delete('content-type')
      return response
    },
    async check(client) {
      const { headers } = await client.ask()
      const names = ['x-a', 'x-b', 'x-c', 'content-type']
      assert.deepEqual(
        names.map((name) => headers.get(name)),
        ['2', null, '3', null],
      )
    },
  },

  'one Headers for two Responses': {
    handle(_, { rest }) {
      kept.headers ??= new Headers({ 'x-a': 'both' })
      const response = new Response(rest, { headers: kept.headers })
      if (rest === '/first') response.headers.set('x-a', 'first')
      return response
    },
    async check(client) {
      assert.equal((await client.ask('/first')).headers.get('x-a'), 'first')
      assert.equal((await client.ask('/second')).headers.get('x-a'), 'both')
    },
  },

  'one Response for many requests': {
    handle(_, { rest }) {
      kept[rest] ??= new Response(rest === '/bytes' ? new Uint8Array([97, 98]) : 'kept')
      return kept[rest]
    },
    async check(client) {
      for (let round = 0; round < 3; round++) {
        assert.equal(await client.text('/text'), 'kept')
        assert.equal(await client.text('/bytes'), 'ab')
      }
      const texts = await Promise.all(Array.from({ length: 20 }, () => client.text('/text')))
      assert.deepEqual(new Set(texts), new Set(['kept']))
    },
  },

  'one Response without a body for many requests': {
    handle() {
      kept.empty ??= new Response(null, { status: 404, headers: { 'x-a': 'b' } })
      return kept.empty
    },
    async check(client) {
      for (let round = 0; round < 3; round++) {
        const answer = await client.ask()
        assert.deepEqual([answer.status, answer.headers.get('x-a')], [404, 'b'])
      }
    },
  },

  'headers that are changed between two requests': {
    handle() {
      kept.count = (kept.count ?? 0) + 1
      kept.counted ??= new Response('counted')
      kept.counted.headers.set('x-count', kept.count)
      kept.counted.headers.append('set-cookie', `c=${kept.count}`)
      return kept.counted
    },
    async check(client) {
      for (const count of [1, 2, 3]) {
        const { headers } = await client.ask()
        assert.equal(headers.get('x-count'), String(count))
        assert.equal(headers.getSetCookie().length, count)
      }
    },
  },

  'a clone of a kept Response for each request': {
    handle(_, { rest }) {
      const source = rest === '/stream' ? new Blob(['kept']).stream() : 'kept'
      kept[`clone${rest}`] ??= new Response(source, { headers: { 'x-a': 'b' } })
      return kept[`clone${rest}`].clone()
    },
    async check(client) {
      for (const rest of ['/text', '/stream', '/text', '/stream']) {
        const answer = await client.ask(rest)
        assert.deepEqual([await answer.text(), answer.headers.get('x-a')], ['kept', 'b'])
      }
    },
  },

  'a clone was read, the Response goes out': {
    async handle(_, { rest }) {
      const response = new Response('{"a":1}', { status: 201 })
      const clone = response.clone()
      const value = await (rest === '/other' ? response : clone).json()
      const answer = rest === '/other' ? clone : response
      answer.headers.set('x-a', value.a)
      return answer
    },
    async check(client) {
      for (const rest of ['/one', '/other']) {
        const answer = await client.ask(rest)
        assert.deepEqual([answer.status, answer.headers.get('x-a')], [201, '1'])
        assert.equal(await answer.text(), '{"a":1}')
      }
    },
  },

  'a Response made of another': {
    handle() {
      const first = new Response('body', { status: 202, statusText: 'So', headers: { 'x-a': '1' } })
      first.headers.append('set-cookie', 'a=1')
      first.headers.append('set-cookie', 'b=2')
      const second = new Response(first.body, first)
      second.headers.set('x-a', '2')
      return second
    },
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, answer.statusText], [202, 'So'])
      assert.equal(answer.headers.get('x-a'), '2')
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(await answer.text(), 'body')
    },
  },

  'what is spent or none is a 500, and nobody waits': {
    async handle(_, { rest }) {
      const response = new Response(new Blob(['x']).stream())
      if (rest === '/read') await response.text()
      if (rest === '/locked') response.body.getReader()
      if (rest === '/error') return Response.error()
      if (rest === '/undefined') return undefined
      if (rest === '/null') return null
      if (rest === '/text') return 'text'
      if (rest === '/object') return {}
      return response
    },
    async check(client) {
      const whats = ['read', 'locked', 'error', 'undefined', 'null', 'text', 'object']
      for (const what of whats) assert.equal((await client.ask(`/${what}`)).status, 500, what)
      assert.equal(await client.text('/fine'), 'x')
    },
  },

  'instances of Response': {
    async handle() {
      class Mine extends Response {
        get kind() {
          return 'mine'
        }
      }
      const fetched = await fetch('data:,x')
      const mine = new Mine('x')
      return Response.json([
        new Response() instanceof Response,
        Response.json(1) instanceof Response,
        Response.error() instanceof Response,
        new Response().clone() instanceof Response,
        fetched instanceof Response,
        new Response().headers instanceof Headers,
        [mine instanceof Mine, mine instanceof Response, mine.kind],
        Object.prototype.toString.call(mine),
        inspect(new Response('x', { status: 418 })).includes('418'),
      ])
    },
    async check(client) {
      const mine = [true, true, 'mine']
      const all = [true, true, true, true, true, true, mine, '[object Response]', true]
      assert.deepEqual(await client.json(), all)
    },
  },

  'an instance of a subclass is sent': {
    handle() {
      class Mine extends Response {}
      return new Mine('mine', { status: 203 })
    },
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, await answer.text()], [203, 'mine'])
    },
  },
}
