// Connections: many requests on one, in pieces or at once, and what is no request.

import assert from 'node:assert/strict'
import { chunked, request } from '../support/raw-client.js'

const echo = async (incoming) => new Response(await incoming.text())
const post = (client, body) => client.line('POST', '', [`content-length: ${body.length}`], body)

export const wire = {
  'one connection, many requests, with and without bodies': {
    handle: (incoming, { rest }) =>
      rest === '/204' ? new Response(null, { status: 204 }) : echo(incoming),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 50; round++) {
        const body = 'x'.repeat(round)
        assert.equal((await raw.ask(post(client, body))).text, body)
        assert.equal((await raw.ask(client.line('GET', '/204'))).status, 204)
        const fields = ['transfer-encoding: chunked']
        const text = client.line('POST', '', fields, chunked([`a${body}`]))
        assert.equal((await raw.ask(text)).text, `a${body}`)
      }
    },
  },

  'pipelined requests are answered in order': {
    handle: echo,
    async check(client) {
      const raw = await client.raw()
      raw.send(Array.from({ length: 16 }, (_, at) => post(client, String(at + 10))).join(''))
      for (let at = 10; at < 26; at++) assert.equal((await raw.answer()).text, String(at))
    },
  },

  'pipelined, with the slowest first': {
    async handle(_, { rest }) {
      const at = Number(rest.slice(1))
      await new Promise((resolve) => setTimeout(resolve, 5 * (8 - at)))
      return new Response(rest)
    },
    async check(client) {
      const raw = await client.raw()
      const rests = Array.from({ length: 8 }, (_, at) => `/${at}`)
      raw.send(rests.map((rest) => client.line('GET', rest)).join(''))
      for (const rest of rests) assert.equal((await raw.answer()).text, rest)
    },
  },

  'many requests at once': {
    handle: echo,
    async check(client) {
      const texts = Array.from({ length: 100 }, (_, at) =>
        client.text('', { method: 'POST', body: `number ${at}` }),
      )
      const expected = texts.map((_, at) => `number ${at}`)
      assert.deepEqual(await Promise.all(texts), expected)
    },
  },

  'connection: close is honoured and announced': {
    handle: () => new Response('last'),
    async check(client) {
      const raw = await client.raw()
      const answer = await raw.ask(client.line('GET', '', ['connection: close']))
      assert.equal(answer.get('connection'), 'close')
      assert.equal((await raw.rest()).length, 0)
    },
  },

  'a client that has sent all and ends its side gets its answer': {
    async handle(incoming) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return echo(incoming)
    },
    async check(client) {
      const raw = await client.raw({ allowHalfOpen: true })
      raw.send(post(client, 'half')).end()
      assert.equal((await raw.answer()).text, 'half')
    },
  },

  'an Upgrade that nobody asked for': {
    handle: () => new Response('plain'),
    async check(client) {
      const raw = await client.raw()
      const fields = ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AA']
      for (let round = 0; round < 2; round++) {
        const answer = await raw.ask(client.line('GET', '', fields))
        assert.deepEqual([answer.status, answer.text], [200, 'plain'])
      }
    },
  },

  'a client that leaves is not missed': {
    handle: echo,
    async check(client) {
      const raw = await client.raw()
      await raw.send(client.line('POST', '', ['content-length: 5'], 'half')).sendPieces([])
      await raw.reset()
      assert.equal(await client.text('', { method: 'POST', body: 'next' }), 'next')
    },
  },

  ...Object.fromEntries(
    [
      ['no HTTP', 'nonsense\r\n\r\n', 400],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
      ['a space before the colon', request('GET /', ['a : b']), 400],
      ['two lengths', request('POST /', ['content-length: 1', 'content-length: 2'], 'ab'), 400],
      ['no number as length', request('POST /', ['content-length: x'], 'ab'), 400],
      ['too large a head', request('GET /', [`a: ${'b'.repeat(20_000)}`]), 431],
    ].map(([what, text, status]) => [
      `${what}: ${status}, and the end`,
      {
        handle: () => new Response('never'),
        async check(client) {
          const raw = await client.raw()
          raw.send(text)
          const answer = (await raw.rest()).toString()
          assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer)
          assert.match(answer, /\r\nconnection: close\r\n/i)
          assert.equal(answer.match(/HTTP\/1\.1 \d/g).length, 1)
        },
      },
    ]),
  ),
}
