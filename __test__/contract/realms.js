// Answers that are not of this realm's Response class: by shape.

import assert from 'node:assert/strict'
import vm from 'node:vm'

const realm = vm.createContext({})
const inRealm = (code) => vm.runInContext(`(${code})`, realm)

/** What a ponyfill's Response looks like. */
class Ponyfill {
  constructor(body, { status = 200, statusText = '', headers = {} } = {}) {
    Object.assign(this, { body, status, statusText, headers: new Headers(headers) })
    this.ok = status >= 200 && status < 300
    this.bodyUsed = false
  }

  async arrayBuffer() {
    return new Response(this.body).arrayBuffer()
  }
}

export const realms = {
  'a ponyfill with a stream': {
    handle: () =>
      new Ponyfill(new Blob(['pony']).stream(), {
        status: 203,
        statusText: 'Pony',
        headers: [
          ['x-a', 'b'],
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ],
      }),
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, answer.statusText], [203, 'Pony'])
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.deepEqual([answer.headers.get('x-a'), await answer.text()], ['b', 'pony'])
    },
  },

  'a ponyfill without a body': {
    handle: () => new Ponyfill(null, { status: 404 }),
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, await answer.text()], [404, ''])
    },
  },

  'a Response of another realm': {
    handle: inRealm(`() => {
      class Response {
        status = 201
        statusText = 'Foreign'
        headers = new Map([['x-a', 'b']])
        body = { async *[Symbol.asyncIterator]() { yield new Uint8Array([97, 98]) } }
        bodyUsed = false
      }
      return new Response()
    }`),
    async check(client) {
      const answer = await client.ask()
      assert.deepEqual([answer.status, answer.statusText], [201, 'Foreign'])
      assert.deepEqual([answer.headers.get('x-a'), await answer.text()], ['b', 'ab'])
    },
  },

  'bytes of another realm': {
    handle: (_, { rest }) =>
      new Response(
        inRealm(rest === '/buffer' ? 'new Uint8Array([97]).buffer' : 'new Uint8Array([97])'),
      ),
    async check(client) {
      for (const rest of ['/buffer', '/bytes']) assert.equal(await client.text(rest), 'a')
    },
  },

  'headers of another realm': {
    handle: (_, { rest }) =>
      new Response('x', {
        headers: inRealm(rest === '/pairs' ? '[["x-a", "b"]]' : '{ "x-a": "b" }'),
      }),
    async check(client) {
      for (const rest of ['/pairs', '/record']) {
        assert.equal((await client.ask(rest)).headers.get('x-a'), 'b')
      }
    },
  },

  'a promise of another realm, and what is only like one': {
    handle(_, { rest }) {
      const response = new Response('kept')
      if (rest === '/realm') return inRealm('(value) => Promise.resolve(value)')(response)
      // biome-ignore lint/suspicious/noThenProperty: this is what is tested
      return { then: (resolve) => resolve(response) }
    },
    async check(client) {
      for (const rest of ['/realm', '/like']) assert.equal(await client.text(rest), 'kept')
    },
  },

  'an error of another realm': {
    handle: inRealm(`() => { throw new Error('foreign') }`),
    async check(client) {
      assert.equal((await client.ask()).status, 500)
    },
  },
}
