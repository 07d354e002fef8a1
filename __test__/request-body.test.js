// Request bodies: every way to read one, and what happens while nobody does.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { LongCheck, longBytes, UNIT } from './support/long-bytes.js'
import { chunked, request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'
import { open, sendLong } from './support/streaming-clients.js'

const TEXT = 'größer'
const FORM = 'a=1&b=%C3%BC&a=2'
const MULTIPART = [
  '--limit',
  'content-disposition: form-data; name="field"',
  '',
  'value',
  '--limit',
  'content-disposition: form-data; name="file"; filename="a.txt"',
  'content-type: text/plain',
  '',
  'line 1\nline 2',
  '--limit--',
  '',
].join('\r\n')

/** What each method gives, as JSON. */
const methods = {
  text: [TEXT, '', (read) => read, TEXT],
  json: ['{"a":[1]}', 'application/json', (read) => read, { a: [1] }],
  arrayBuffer: [TEXT, '', (read) => Buffer.from(read).toString(), TEXT],
  bytes: [TEXT, '', (read) => Buffer.from(read).toString(), TEXT],
  blob: [
    TEXT,
    'text/x-test',
    async (blob) => [await blob.text(), blob.type],
    [TEXT, 'text/x-test'],
  ],
  formData: [
    FORM,
    'application/x-www-form-urlencoded',
    (form) => [...form],
    [
      ['a', '1'],
      ['b', 'ü'],
      ['a', '2'],
    ],
  ],
}

async function fieldsOf(form) {
  const { name, type } = form.get('file')
  return [form.get('field'), name, type, await form.get('file').text()]
}

/** The request whole, with the body behind the head, and in chunks; `type` may be ''. */
function variants(text, type) {
  const bytes = Buffer.from(text).toString('latin1')
  const typed = type === '' ? [] : [`content-type: ${type}`]
  const sized = request('POST /', [...typed, `content-length: ${bytes.length}`])
  const inChunks = request('POST /', [...typed, 'transfer-encoding: chunked'])
  const middle = bytes.length >> 1
  return {
    whole: [sized + bytes],
    'behind the head': [sized, bytes.slice(0, middle), bytes.slice(middle)],
    'in chunks': [inChunks, chunked([bytes.slice(0, 1), bytes.slice(1)])],
  }
}

describe('a body is read', () => {
  const cases = [...Object.entries(methods)]
  cases.push([
    'formData',
    [
      MULTIPART,
      'multipart/form-data; boundary=limit',
      fieldsOf,
      ['value', 'a.txt', 'text/plain', 'line 1\nline 2'],
    ],
  ])
  for (const [method, [text, type, show, expected]] of cases) {
    test(`by ${method}() of ${type || 'no type'}`, async (t) => {
      const { client } = await serveRaw(t, async (asked) => {
        assert.equal(asked.bodyUsed, false)
        const read = asked[method]()
        assert.equal(asked.bodyUsed, true)
        const shown = await show(await read)
        await assert.rejects(asked.text(), TypeError)
        return Response.json(shown)
      })
      for (const [name, pieces] of Object.entries(variants(text, type))) {
        await client.sendPieces(pieces)
        const answer = await client.answer()
        assert.equal(answer.status, 200, name)
        assert.deepEqual(JSON.parse(answer.text), expected, name)
      }
    })
  }

  test('by its stream, also with buffers of the reader’s own', async (t) => {
    const { client } = await serveRaw(t, async ({ body }) => {
      const reader = body.getReader({ mode: 'byob' })
      let text = ''
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(2))
        if (done) return new Response(text)
        text += Buffer.from(value).toString('latin1')
      }
    })
    for (const pieces of Object.values(variants('some text', ''))) {
      await client.sendPieces(pieces)
      assert.equal((await client.answer()).text, 'some text')
    }
  })

  test('twice, by a clone, whichever is read first', async (t) => {
    const { client } = await serveRaw(t, async (asked) => {
      const clone = asked.clone()
      const [first, second] = asked.headers.has('x-clone') ? [clone, asked] : [asked, clone]
      return new Response((await first.text()) + (await second.text()))
    })
    for (const fields of [[], ['x-clone: 1']]) {
      for (const pieces of Object.values(variants('text', ''))) {
        const [head, ...rest] = pieces
        const lines = fields.map((line) => `${line}\r\n`).join('')
        await client.sendPieces([head.replace('host', `${lines}host`), ...rest])
        assert.equal((await client.answer()).text, 'texttext')
      }
    }
  })

  test('not at all where there is none', async (t) => {
    const { client } = await serveRaw(t, async (asked) => {
      const shown = [asked.body, asked.bodyUsed, await asked.text(), await asked.clone().text()]
      return Response.json(shown)
    })
    const answer = await client.ask(request('GET /'))
    assert.deepEqual(JSON.parse(answer.text), [null, false, '', ''])
  })
})

describe('a body that the handler does not read yet', () => {
  for (const highWaterMark of [1024, 64 * 1024, 1024 * 1024]) {
    test(`is held up to ${highWaterMark} bytes, then read without a loss`, async (t) => {
      const total = 24 * UNIT + highWaterMark
      const [asked, proceed] = [deferred(), deferred()]
      const server = serve(
        t,
        async (given) => {
          asked.resolve()
          await proceed.promise
          const check = new LongCheck()
          for await (const piece of given.body) {
            check.take(piece)
            // A reader that is slow, too, now and then.
            if (check.length % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
          }
          return Response.json({ length: check.length, wrong: check.wrong })
        },
        { highWaterMark },
      )
      const socket = await open(t, server.port)
      let answer = ''
      socket.on('data', (bytes) => {
        answer += bytes
      })
      const sent = sendLong(socket, '/', total)
      await asked.promise
      await eventually(() => assert.ok(server.stats().bytesIn >= highWaterMark))
      await stillStands(server)
      const held = server.stats().bytesIn
      // One read more may be there, and the head.
      const bound = highWaterMark + 66 * 1024 + 200
      assert.ok(held >= highWaterMark && held <= bound, `${held} bytes are held`)
      proceed.resolve()
      assert.equal(await sent, total)
      await eventually(() => assert.match(answer, /\}$/))
      assert.deepEqual(JSON.parse(/\{.*/.exec(answer)[0]), { length: total, wrong: -1 })
    })
  }

  test('leaves what is pipelined behind it in order', async (t) => {
    const body = longBytes(0, UNIT).toString('latin1')
    const { client } = await serveRaw(t, async (asked) => {
      await new Promise((resolve) => setImmediate(resolve))
      return new Response(`${asked.url.at(-1)}${(await asked.arrayBuffer()).byteLength}`)
    })
    const post = (at) => request(`POST /${at}`, [`content-length: ${body.length}`], body)
    client.send(post(0) + post(1) + post(2))
    for (const at of [0, 1, 2]) assert.equal((await client.answer()).text, `${at}${UNIT}`)
  })

  test('is given up by cancel(), and the connection with it where much is left', async (t) => {
    const { server, client } = await serveRaw(t, async ({ body }) => {
      await body.cancel()
      return new Response('enough')
    })
    const little = request('POST /', ['content-length: 1000'])
    await client.sendPieces([little, 'x'.repeat(1000)])
    assert.equal((await client.answer()).text, 'enough')
    client.send(request('POST /', ['content-length: 1000000']) + 'x'.repeat(1000))
    const answer = await client.answer()
    assert.equal(answer.text, 'enough')
    assert.equal(answer.get('connection'), 'close')
    assert.equal((await client.rest()).length, 0)
    const another = await connectTo(t, server)
    assert.equal((await another.ask(request('POST /', ['content-length: 1'], 'x'))).status, 200)
  })
})

/** Waits until the server reads no more. */
async function stillStands(server) {
  let before = -1
  for (let still = 0; still < 20; still++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    const now = server.stats().bytesIn
    if (now !== before) still = 0
    before = now
  }
}
