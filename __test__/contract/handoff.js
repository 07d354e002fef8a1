// A request that is handed on: into `new Request`, into fetch, and what comes back from there.

import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'

const post = (body, headers = {}) => ({ method: 'POST', body, headers })
const show = async (request) =>
  Response.json([
    request.method,
    new URL(request.url).pathname.replace(/^\/\w+\/\d+/, ''),
    request.headers.get('x-a'),
    await request.text(),
  ])
/** What fails, by name. */
const failure = (make) => {
  try {
    make()
  } catch (error) {
    return error.name
  }
  return 'none'
}
const SHOWN = ['POST', '/a', 'b', 'body']
const ASKED = post('body', { 'x-a': 'b' })

export const handoff = {
  'new Request(request)': {
    async handle(request) {
      const copy = new Request(request)
      const isUsed = request.bodyUsed
      const shown = await (await show(copy)).json()
      const again = failure(() => new Request(request))
      return Response.json([shown, isUsed, again, copy instanceof Request])
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), [SHOWN, true, 'TypeError', true])
    },
  },

  'new Request(request) of a GET': {
    handle: (request) => show(new Request(request)),
    async check(client) {
      const shown = await client.json('/a', { headers: { 'x-a': 'b' } })
      assert.deepEqual(shown, ['GET', '/a', 'b', ''])
    },
  },

  'new Request(request, init)': {
    async handle(request, { rest }) {
      if (rest === '/method') return show(new Request(request, { method: 'PUT' }))
      if (rest === '/headers') return show(new Request(request, { headers: { 'x-a': 'new' } }))
      const replaced = await show(new Request(request, { body: 'new' }))
      assert.equal(request.bodyUsed, false)
      return replaced
    },
    async check(client) {
      const shown = (rest) => client.json(rest, ASKED)
      assert.deepEqual(await shown('/method'), ['PUT', '/method', 'b', 'body'])
      assert.deepEqual(await shown('/headers'), ['POST', '/headers', 'new', 'body'])
      assert.deepEqual(await shown('/body'), ['POST', '/body', 'b', 'new'])
    },
  },

  'a stream in place of the body': {
    handle: (request) =>
      show(
        new Request(request, {
          body: request.body.pipeThrough(new TransformStream()),
          duplex: 'half',
        }),
      ),
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), SHOWN)
    },
  },

  'new Request(url, request)': {
    handle: (request) => show(new Request(new URL('/mounted', request.url), request)),
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), ['POST', '/mounted', 'b', 'body'])
      const shown = await client.json('/a', { headers: { 'x-a': 'b' } })
      assert.deepEqual(shown, ['GET', '/mounted', 'b', ''])
    },
  },

  'a request that was read, with another body': {
    async handle(request) {
      const text = await request.text()
      const names = [
        failure(() => new Request(request)),
        failure(() => new Request('http://a', request)),
      ]
      const shown = await show(new Request(request, { body: `${text}, again` }))
      return Response.json([names, await shown.json()])
    },
    async check(client) {
      const [names, shown] = await client.json('/a', ASKED)
      assert.deepEqual(names, ['TypeError', 'TypeError'])
      assert.deepEqual(shown, ['POST', '/a', 'b', 'body, again'])
    },
  },

  "a class of one's own": {
    async handle(request) {
      class Mine extends Request {
        get kind() {
          return 'mine'
        }
      }
      const mine = new Mine(request)
      const { headers } = await show(mine)
      return Response.json([mine.kind, mine instanceof Request, headers.get('content-type')])
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), ['mine', true, 'application/json'])
    },
  },

  'a clone, handed on': {
    async handle(request) {
      const shown = await (await show(new Request(request.clone()))).json()
      return Response.json([shown, await request.text()])
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), [SHOWN, 'body'])
    },
  },

  'members by name, as init': {
    async handle(request) {
      const { method, headers, body } = request
      return show(new Request(request.url, { method, headers, body, duplex: 'half' }))
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), SHOWN)
    },
  },

  'fetch(request)': {
    async handle(request, { rest, base }) {
      if (rest === '/there') return show(request)
      return fetch(new Request(`${base}/there`, request))
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), ['POST', '/there', 'b', 'body'])
      assert.deepEqual(await client.json('/a', { headers: { 'x-a': 'b' } }), [
        'GET',
        '/there',
        'b',
        '',
      ])
    },
  },

  'fetch of the very request, once more': {
    async handle(request) {
      if (request.headers.get('x-hops') === null) {
        // What it is asked for again must not come here again.
        const again = new Request(request, { headers: { 'x-hops': '1', 'x-a': 'b' } })
        return fetch(again)
      }
      return show(request)
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), SHOWN)
    },
  },

  'fetch(url, request)': {
    handle(request, { rest, base }) {
      return rest === '/there' ? show(request) : fetch(`${base}/there`, request)
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), ['POST', '/there', 'b', 'body'])
      const shown = await client.json('/a', { headers: { 'x-a': 'b' } })
      assert.deepEqual(shown, ['GET', '/there', 'b', ''])
    },
  },

  'fetch(request) to oneself, which fails of nothing but the loop': {
    async handle(request) {
      if (request.headers.has('x-through')) return show(request)
      const headers = new Headers(request.headers)
      headers.set('x-through', '1')
      const { method, body } = request
      return fetch(request.url, { method, headers, body, duplex: 'half' })
    },
    async check(client) {
      assert.deepEqual(await client.json('/a', ASKED), SHOWN)
    },
  },

  'fetch with the signal of the request': {
    async handle(request, { rest, base }) {
      if (rest === '/there') return new Response('from there')
      return fetch(`${base}/there`, { signal: request.signal })
    },
    async check(client) {
      assert.equal(await client.text(), 'from there')
    },
  },

  'an answer that fetch got, and had decoded': {
    handle(_, { rest, base }) {
      if (rest !== '/there') return fetch(`${base}/there`)
      const body = gzipSync('compressed '.repeat(100))
      return new Response(body, { headers: { 'content-encoding': 'gzip', 'x-a': 'b' } })
    },
    async check(client) {
      const answer = await client.ask()
      assert.equal(answer.headers.get('x-a'), 'b')
      assert.equal(await answer.text(), 'compressed '.repeat(100))
    },
  },

  'an answer that fetch had decoded, in a new Response': {
    async handle(_, { rest, base }) {
      if (rest === '/there') {
        const body = gzipSync('compressed '.repeat(100))
        return new Response(body, { headers: { 'content-encoding': 'gzip' } })
      }
      const there = await fetch(`${base}/there`)
      return new Response(there.body, there)
    },
    async check(client) {
      assert.equal(await client.text(), 'compressed '.repeat(100))
    },
  },

  'an upload in chunks goes on by fetch': {
    async handle(request, { rest, base }) {
      if (rest === '/there') return show(request)
      if (rest === '/init') return fetch(`${base}/there`, request)
      if (rest === '/request') return fetch(new Request(`${base}/there`, request))
      const { method, headers, body } = request
      return fetch(`${base}/there`, { method, headers, body, duplex: 'half' })
    },
    async check(client) {
      for (const rest of ['/init', '/request', '/members']) {
        const body = new Blob(['body']).stream()
        const options = { ...post(body, { 'x-a': 'b' }), duplex: 'half' }
        assert.deepEqual(await client.json(rest, options), ['POST', '/there', 'b', 'body'])
      }
    },
  },

  'an answer that fetch got, in a new Response': {
    async handle(_, { rest, base }) {
      if (rest === '/there') {
        const headers = [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ]
        return new Response('from there', { status: 202, headers })
      }
      const there = await fetch(`${base}/there`)
      const made = new Response(there.body, there)
      made.headers.set('x-mine', 'yes')
      return made
    },
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, answer.headers.get('x-mine')], [202, 'yes'])
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(await answer.text(), 'from there')
    },
  },
}
