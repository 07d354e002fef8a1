// How answers are put on the wire; what a handler says of that itself.

import assert from 'node:assert/strict'

const stream = (text) => new Blob([text]).stream()

/** What is whole when it is answered with. */
const WHOLE = {
  '/text': () => 'body',
  '/bytes': () => new Uint8Array(4),
  '/buffer': () => new ArrayBuffer(4),
  '/form': () => new URLSearchParams({ ab: 'c' }),
  '/empty': () => '',
  '/large': () => 'x'.repeat(200_000),
}

export const framing = {
  'the length of what is whole is told': {
    handle: (_, { rest }) => new Response(WHOLE[rest]()),
    async check(client) {
      const raw = await client.raw()
      for (const rest of Object.keys(WHOLE)) {
        const answer = await raw.ask(client.line('GET', rest))
        assert.equal(answer.get('content-length'), String(answer.body.length))
        const head = await raw.ask(client.line('HEAD', rest))
        assert.equal(head.get('content-length'), String(answer.body.length))
      }
    },
  },

  'HEAD has the head of GET': {
    handle(_, { rest }) {
      if (rest === '/stream') return new Response(stream('body'), { headers: { 'x-a': 'b' } })
      if (rest === '/length') return new Response(null, { headers: { 'content-length': '7' } })
      return new Response('body', { headers: { 'x-a': 'b' } })
    },
    async check(client) {
      const raw = await client.raw()
      for (const rest of ['/text', '/stream']) {
        const head = await raw.ask(client.line('HEAD', rest))
        assert.deepEqual([head.status, head.get('x-a')], [200, 'b'])
      }
      assert.equal((await raw.ask(client.line('HEAD', '/length'))).get('content-length'), '7')
      assert.equal((await raw.ask(client.line('GET', '/text'))).text, 'body')
    },
  },

  'a handler may tell the length': {
    handle: (_, { rest }) =>
      new Response('body', {
        headers: rest === '/pairs' ? [['Content-Length', '4']] : { 'Content-Length': 4 },
      }),
    async check(client) {
      const raw = await client.raw()
      for (const rest of ['/pairs', '/record', '/pairs']) {
        const answer = await raw.ask(client.line('GET', rest))
        assert.deepEqual([answer.get('content-length'), answer.text], ['4', 'body'])
      }
    },
  },

  'a handler may ask for chunks': {
    handle: () => new Response(stream('body'), { headers: { 'transfer-encoding': 'chunked' } }),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        assert.equal((await raw.ask(client.line('GET'))).text, 'body')
      }
    },
  },

  'a handler may ask for chunks of what is text': {
    handle: () => new Response('body', { headers: { 'transfer-encoding': 'chunked' } }),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        assert.equal((await raw.ask(client.line('GET'))).text, 'body')
      }
    },
  },

  'a handler may close the connection': {
    handle: () => new Response('last', { headers: { connection: 'close' } }),
    async check(client) {
      const raw = await client.raw()
      const answer = await raw.ask(client.line('GET'))
      assert.deepEqual([answer.get('connection'), answer.text], ['close', 'last'])
      assert.equal((await raw.rest()).length, 0)
    },
  },

  'a length that is wrong is no whole answer': {
    handle: (_, { rest }) =>
      new Response(stream('body'), { headers: { 'content-length': rest.slice(1) } }),
    async check(client) {
      for (const length of ['3', '5']) {
        const raw = await client.raw()
        raw.send(client.line('GET', `/${length}`))
        const text = (await raw.rest()).toString()
        // Either refused, or broken off; nothing behind the length, no second answer.
        const [head, body] = text.split('\r\n\r\n')
        assert.ok(body === undefined || body.length <= Number(length) || / 500 /.test(head), text)
      }
    },
  },

  'an answer has a date': {
    handle: () => new Response('x'),
    async check(client) {
      const answer = await (await client.raw()).ask(client.line('GET'))
      assert.ok(Math.abs(Date.parse(answer.get('date')) - Date.now()) < 60_000)
    },
  },

  'fields that are not of this connection': {
    handle: (_, { rest }) =>
      new Response(rest === '/stream' ? stream('body') : 'body', {
        headers: { 'keep-alive': 'timeout=999', 'x-a': 'b' },
      }),
    async check(client) {
      const raw = await client.raw()
      for (const rest of ['/stream', '/text']) {
        const answer = await raw.ask(client.line('GET', rest))
        assert.deepEqual([answer.text, answer.get('x-a')], ['body', 'b'])
      }
    },
  },

  'HTTP/1.0 gets no chunks': {
    handle: (_, { rest }) => new Response(rest === '/stream' ? stream('body') : 'body'),
    async check(client) {
      for (const rest of ['/text', '/stream']) {
        const raw = await client.raw()
        const answer = await raw.ask(`GET ${client.base}${rest} HTTP/1.0\r\nhost: test\r\n\r\n`)
        assert.deepEqual([answer.text, answer.get('transfer-encoding')], ['body', null])
        assert.equal((await raw.rest()).length, 0)
      }
    },
  },

  'HTTP/1.0 keeps the connection when it is asked to': {
    handle: () => new Response('body'),
    async check(client) {
      const raw = await client.raw()
      const line = `GET ${client.base} HTTP/1.0\r\nhost: test\r\nconnection: keep-alive\r\n\r\n`
      for (let round = 0; round < 2; round++) {
        const answer = await raw.ask(line)
        assert.deepEqual([answer.text, answer.get('connection')], ['body', 'keep-alive'])
      }
    },
  },
}
