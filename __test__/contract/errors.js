// Handlers that fail, and what the connection and the next request have of it.

import assert from 'node:assert/strict'

const fail = (properties = {}) => {
  throw Object.assign(new Error('on purpose'), properties)
}
const post = { method: 'POST', body: 'body' }

export const errors = {
  'a throw is a 500 that tells nothing': {
    handle: () => fail(),
    async check(client) {
      const answer = await client.ask()
      assert.equal(answer.status, 500)
      assert.doesNotMatch(await answer.text(), /on purpose|\bat /)
    },
  },

  'a rejection is a 500': {
    async handle(request) {
      await request.text()
      fail()
    },
    async check(client) {
      for (const options of [{}, post]) assert.equal((await client.ask('', options)).status, 500)
    },
  },

  'what is thrown may be anything': {
    handle(_, { rest }) {
      throw { '/text': 'text', '/null': null, '/number': 0, '/object': {} }[rest]
    },
    async check(client) {
      for (const rest of ['/text', '/null', '/number', '/object', '/undefined']) {
        assert.equal((await client.ask(rest)).status, 500, rest)
      }
    },
  },

  'the connection is good for more': {
    handle: (_, { rest }) => (rest === '/fine' ? new Response('fine') : fail()),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 3; round++) {
        assert.equal((await raw.ask(client.line('GET', '/bad'))).status, 500)
        const line = client.line('POST', '/bad', ['content-length: 5'], 'GET /')
        assert.equal((await raw.ask(line)).status, 500)
        assert.equal((await raw.ask(client.line('GET', '/fine'))).text, 'fine')
      }
    },
  },

  'pipelined, the good ones are answered': {
    handle: (_, { rest }) => (rest === '/fine' ? new Response('fine') : fail()),
    async check(client) {
      const raw = await client.raw()
      const rests = ['/fine', '/bad', '/fine', '/bad', '/fine']
      raw.send(rests.map((rest) => client.line('GET', rest)).join(''))
      for (const rest of rests) {
        assert.equal((await raw.answer()).status, rest === '/fine' ? 200 : 500)
      }
    },
  },

  'HEAD of what fails': {
    handle: () => fail(),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        assert.equal((await raw.ask(client.line('HEAD'))).status, 500)
      }
    },
  },

  'an error handler makes the answer': {
    needs: 'onError',
    async handle(request, { rest }) {
      if (rest === '/late') await request.text()
      fail({ answer: 'a teapot' })
    },
    async check(client) {
      for (const rest of ['/at once', '/late']) {
        const answer = await client.ask(encodeURI(rest), post)
        assert.deepEqual([answer.status, await answer.text()], [418, 'a teapot'])
      }
    },
  },

  'an error handler that fails too is a 500': {
    needs: 'onError',
    handle: () => fail({ answer: 'throw' }),
    async check(client) {
      assert.equal((await client.ask()).status, 500)
    },
  },

  'a getter that fails': {
    handle: () => ({
      get status() {
        return fail()
      },
    }),
    async check(client) {
      assert.equal((await client.ask()).status, 500)
    },
  },

  'a header that cannot be sent is no line of its own': {
    handle: () => ({
      status: 200,
      statusText: '',
      headers: new Map([['x-a', 'b\r\nx-split: yes']]),
      body: 'x',
    }),
    async check(client) {
      const answer = await client.ask().catch(() => ({ headers: new Headers() }))
      assert.equal(answer.headers.get('x-split'), null)
    },
  },

  'a client that leaves before the failure': {
    async handle(_, { note }) {
      note('begun')
      await new Promise((resolve) => setTimeout(resolve, 40))
      note('failing')
      fail()
    },
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await client.noted((notes) => assert.deepEqual(notes, ['begun']))
      await raw.reset()
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'failing']))
    },
  },
}
