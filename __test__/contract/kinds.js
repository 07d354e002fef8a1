// What an answer's body can be made of.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { assertBytes } from '../support/answers.js'

const TEXT = 'text/plain;charset=UTF-8'
const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 256)
const large = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 253))

/** What is made, the bytes that arrive, and their type. */
const made = {
  text: [() => 'grüße', 'grüße', TEXT],
  'an empty text': [() => '', '', TEXT],
  null: [() => null, '', null],
  nothing: [() => undefined, '', null],
  bytes: [() => bytes, bytes, null],
  'some of the bytes': [() => bytes.subarray(5, 9), bytes.subarray(5, 9), null],
  'an ArrayBuffer': [() => bytes.slice().buffer, bytes, null],
  'a DataView': [() => new DataView(bytes.buffer, 2, 4), bytes.subarray(2, 6), null],
  'wider numbers': [() => new Uint16Array(bytes.buffer, 2, 3), bytes.subarray(2, 8), null],
  'a Buffer': [() => Buffer.from('buffer'), 'buffer', null],
  'many bytes': [() => large, large, null],
  'much text': [() => 'ü'.repeat(500_000), 'ü'.repeat(500_000), TEXT],
  'a Blob': [() => new Blob(['blob'], { type: 'text/x' }), 'blob', 'text/x'],
  'a Blob without a type': [() => new Blob(['blob']), 'blob', null],
  'a File': [() => new File(['file'], 'name', { type: 'a/b' }), 'file', 'a/b'],
  'a form of text': [
    () => new URLSearchParams({ a: 'ü &' }),
    'a=%C3%BC+%26',
    'application/x-www-form-urlencoded;charset=UTF-8',
  ],
  'a stream': [() => new Blob([large]).stream(), large, null],
  'a generator': [
    async function* () {
      yield new Uint8Array([97])
      yield Buffer.from('bc')
    },
    'abc',
    null,
  ],
  'a stream of Node': [() => Readable.from([Buffer.from('a'), Buffer.from('b')]), 'ab', null],
  'a number': [() => 5, '5', TEXT],
  'an object': [() => ({}), '[object Object]', TEXT],
}

const squeezed = (type) => type?.replace('; ', ';') ?? null

const cases = Object.entries(made).map(([name, [make, expected, type]]) => [
  name,
  {
    handle: () => new Response(make()),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        const answer = await raw.ask(client.line('GET'))
        assert.equal(answer.status, 200)
        assertBytes(answer.body, Buffer.from(expected))
        assert.equal(squeezed(answer.get('content-type')), type)
      }
      const head = await raw.ask(client.line('HEAD'))
      assert.equal(head.status, 200)
      assert.equal(squeezed(head.get('content-type')), type)
      assert.equal((await raw.ask(client.line('GET'))).status, 200)
    },
  },
])

export const kinds = {
  ...Object.fromEntries(cases),

  'a form with a file': {
    handle() {
      const form = new FormData()
      form.append('text', 'ü')
      form.append('file', new File([bytes], 'name'))
      return new Response(form)
    },
    async check(client) {
      const form = await (await client.ask()).formData()
      assert.equal(form.get('text'), 'ü')
      assert.equal(form.get('file').name, 'name')
      assertBytes(await form.get('file').arrayBuffer(), bytes)
    },
  },

  'Response.json': {
    handle: () => Response.json({ a: ['ü'] }, { status: 201, headers: { 'x-a': 'b' } }),
    async check(client) {
      const answer = await client.ask()
      assert.equal(answer.status, 201)
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(answer.headers.get('x-a'), 'b')
      assert.deepEqual(await answer.json(), { a: ['ü'] })
    },
  },

  'Response.json with a type of its own': {
    handle: () => Response.json([1], { headers: { 'Content-Type': 'application/x+json' } }),
    async check(client) {
      const answer = await client.ask()
      assert.equal(answer.headers.get('content-type'), 'application/x+json')
      assert.deepEqual(await answer.json(), [1])
    },
  },

  'bytes that change when the Response is made': {
    handle() {
      const mine = new Uint8Array([97, 98])
      const response = new Response(mine)
      mine[0] = 120
      return response
    },
    async check(client) {
      assert.equal(await client.text(), 'ab')
    },
  },
}
