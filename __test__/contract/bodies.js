// Reading a request's body: every way, twice, after cloning, and what is wrong with it.

import assert from 'node:assert/strict'
import { assertBytes } from '../support/answers.js'
import { chunked } from '../support/raw-client.js'

const post = (body, type) => ({
  method: 'POST',
  body,
  ...(type === undefined ? {} : { headers: { 'content-type': type } }),
})
const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
/** How a promise ends. */
const end = (promise) =>
  promise.then(
    (value) => ['gave', typeof value === 'string' ? value : typeof value],
    (error) => ['threw', error.name, error instanceof TypeError],
  )
const SPENT = ['threw', 'TypeError', true]

export const bodies = {
  'text()': {
    handle: async (request) => Response.json([await request.text(), request.bodyUsed]),
    async check(client) {
      assert.deepEqual(await client.json('', post('grüße')), ['grüße', true])
    },
  },

  'json()': {
    handle: async (request) => Response.json([await request.json()]),
    async check(client) {
      for (const value of [{ a: ['ü', 1, null] }, 'text', 0, null]) {
        assert.deepEqual(await client.json('', post(JSON.stringify(value))), [value])
      }
    },
  },

  'arrayBuffer()': {
    async handle(request) {
      const buffer = await request.arrayBuffer()
      return new Response(buffer, { headers: { 'x-kind': buffer.constructor.name } })
    },
    async check(client) {
      const answer = await client.ask('', post(bytes))
      assert.equal(answer.headers.get('x-kind'), 'ArrayBuffer')
      assertBytes(await answer.arrayBuffer(), bytes)
    },
  },

  'bytes()': {
    async handle(request) {
      const read = await request.bytes()
      return new Response(read, { headers: { 'x-kind': read.constructor.name } })
    },
    async check(client) {
      const answer = await client.ask('', post(bytes))
      assert.equal(answer.headers.get('x-kind'), 'Uint8Array')
      assertBytes(await answer.arrayBuffer(), bytes)
    },
  },

  'blob()': {
    async handle(request) {
      const blob = await request.blob()
      return Response.json([blob.size, blob.type, [...new Uint8Array(await blob.arrayBuffer())]])
    },
    async check(client) {
      assert.deepEqual(await client.json('', post(bytes, 'Image/X')), [256, 'image/x', [...bytes]])
      const type = 'text/plain; charset=utf-8'
      const [size, found] = await client.json('', post('a', type))
      assert.deepEqual([size, found.replace(' ', '')], [1, type.replace(' ', '')])
    },
  },

  'formData() of a URL-encoded form': {
    handle: async (request) => Response.json([...(await request.formData())]),
    async check(client) {
      const form = new URLSearchParams([
        ['a', '1 &='],
        ['a', 'ü'],
        ['', ''],
      ])
      assert.deepEqual(await client.json('', post(form)), [...form])
    },
  },

  'formData() of a multipart form with a file': {
    async handle(request) {
      const form = await request.formData()
      const file = form.get('file')
      const { name, type, size } = file
      const content = [...new Uint8Array(await file.arrayBuffer())]
      return Response.json([form.getAll('text'), file instanceof Blob, name, type, size, content])
    },
    async check(client) {
      const form = new FormData()
      form.append('text', 'one')
      form.append('text', 'zw\u00f6\r\n--x')
      form.append('file', new File([bytes], 'name.bin', { type: 'application/x-a' }))
      const texts = ['one', 'zw\u00f6\r\n--x']
      const expected = [texts, true, 'name.bin', 'application/x-a', 256, [...bytes]]
      assert.deepEqual(await client.json('', post(form)), expected)
    },
  },

  'formData() of what is no form': {
    handle: async (request) => Response.json(await end(request.formData())),
    async check(client) {
      assert.deepEqual(await client.json('', post('a=b', 'text/plain')), SPENT)
      assert.deepEqual(await client.json('', post('no', 'multipart/form-data; boundary=x')), SPENT)
      assert.deepEqual(await client.json('', post(new Uint8Array(2))), SPENT)
    },
  },

  'no body at all': {
    async handle(request) {
      const { body, bodyUsed } = request
      const texts = [await request.text(), await request.text(), request.bodyUsed]
      return Response.json([body, bodyUsed, texts, (await request.arrayBuffer()).byteLength])
    },
    async check(client) {
      assert.deepEqual(await client.json(), [null, false, ['', '', false], 0])
    },
  },

  'no body where there might be one': {
    handle: async (request) => Response.json([request.body, await request.text()]),
    async check(client) {
      for (const method of ['DELETE', 'POST', 'OPTIONS']) {
        const { text } = await (await client.raw()).ask(client.line(method))
        assert.deepEqual(JSON.parse(text || '"nothing"'), [null, ''])
      }
    },
  },

  'an empty body is no JSON': {
    handle: async (request) => Response.json(await end(request.json())),
    async check(client) {
      const failed = ['threw', 'SyntaxError', false]
      assert.deepEqual(await client.json(), failed)
      assert.deepEqual(await client.json('', post('')), failed)
      assert.deepEqual(await client.json('', post('{"a":')), failed)
    },
  },

  'a mark at the beginning is no text, and what is no UTF-8 is replaced': {
    async handle(request, { rest }) {
      if (rest === '/json') return Response.json(await request.json())
      return Response.json([await request.text()])
    },
    async check(client) {
      assert.deepEqual(await client.json('', post('\ufeffa\ufeff')), ['a\ufeff'])
      assert.deepEqual(await client.json('/json', post('\ufeff{"a":1}')), { a: 1 })
      assert.deepEqual(await client.json('', post(new Uint8Array([97, 0xff, 98]))), ['a\ufffdb'])
    },
  },

  'a second reading fails, whichever': {
    async handle(request, { rest }) {
      const [first, second] = rest.slice(1).split('-')
      await request[first]()
      return Response.json([await end(request[second]()), request.bodyUsed])
    },
    async check(client) {
      const ways = ['text', 'json', 'arrayBuffer', 'blob', 'formData']
      for (const first of ['text', 'json', 'arrayBuffer', 'blob']) {
        for (const second of ways) {
          const found = await client.json(`/${first}-${second}`, post('{}'))
          assert.deepEqual(found, [SPENT, true], `${first}, then ${second}`)
        }
      }
    },
  },

  'two readings at once: one of them fails': {
    async handle(request) {
      return Response.json(await Promise.all([end(request.text()), end(request.text())]))
    },
    async check(client) {
      assert.deepEqual(await client.json('', post('a')), [['gave', 'a'], SPENT])
    },
  },

  'a clone is read on its own': {
    async handle(request) {
      const clone = request.clone()
      const second = clone.clone()
      const texts = [await clone.text(), request.bodyUsed, await request.text()]
      return Response.json([...texts, await second.text(), clone.url === request.url])
    },
    async check(client) {
      const body = 'x'.repeat(200_000)
      const found = await client.json('', post(body))
      assert.deepEqual(found, [body, false, body, body, true])
    },
  },

  'what was read cannot be cloned': {
    async handle(request) {
      await request.text()
      try {
        request.clone()
      } catch (error) {
        return Response.json(error instanceof TypeError)
      }
      return Response.json('cloned')
    },
    async check(client) {
      assert.equal(await client.json('', post('a')), true)
    },
  },

  'looking at the body does not use it': {
    async handle(request) {
      const seen = [request.body instanceof ReadableStream, request.bodyUsed, request.body.locked]
      return Response.json([...seen, await request.text()])
    },
    async check(client) {
      assert.deepEqual(await client.json('', post('a')), [true, false, false, 'a'])
    },
  },

  'a body under a reader, and one that was read by it': {
    async handle(request) {
      const reader = request.body.getReader()
      const locked = await end(request.text())
      const pieces = []
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        pieces.push(value)
      }
      reader.releaseLock()
      const text = Buffer.concat(pieces).toString()
      return Response.json([locked, text, request.bodyUsed, await end(request.text())])
    },
    async check(client) {
      assert.deepEqual(await client.json('', post('piece')), [SPENT, 'piece', true, SPENT])
    },
  },

  'pieces as they come, by for await': {
    async handle(request, { rest }) {
      const sizes = []
      for await (const piece of rest === '/tee' ? request.body.tee()[1] : request.body) {
        if (!(piece instanceof Uint8Array)) throw new TypeError('not bytes')
        sizes.push(piece.length)
      }
      return Response.json(sizes.reduce((sum, size) => sum + size, 0))
    },
    async check(client) {
      const body = new Blob(['x'.repeat(70_000), 'y'.repeat(70_000)]).stream()
      const streamed = { method: 'POST', body, duplex: 'half' }
      assert.equal(await client.json('', streamed), 140_000)
      assert.equal(await client.json('/tee', post('abc')), 3)
      const raw = await client.raw()
      const text = client.line('POST', '', ['transfer-encoding: chunked'], chunked(['ab', 'c']))
      assert.equal((await raw.ask(text)).text, '3')
    },
  },

  'through a transformation': {
    handle: (request) =>
      new Response(
        request.body.pipeThrough(new TextDecoderStream()).pipeThrough(
          new TransformStream({
            transform: (text, controller) =>
              controller.enqueue(new TextEncoder().encode(text.toUpperCase())),
          }),
        ),
      ),
    async check(client) {
      assert.equal(await client.text('', post('grüße')), 'GRÜSSE')
    },
  },

  'a GET with a body': {
    handle: async (request) => Response.json([request.method, await request.text()]),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        const { text } = await raw.ask(client.line('GET', '', ['content-length: 2'], '{}'))
        assert.deepEqual(JSON.parse(text), ['GET', '{}'])
      }
    },
  },

  'a GET with a body that is not looked at does no harm': {
    handle: () => new Response('fine'),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        const line = client.line('GET', '', ['content-length: 5'], 'GET /')
        assert.equal((await raw.ask(line)).text, 'fine')
      }
    },
  },
}
