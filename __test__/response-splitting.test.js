// Nothing an application passes on from a client can put a line of its own into an answer: each
// way into the head, the informational answers and the trailers, with each thing that may split.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { serveRaw } from './support/serve.js'

const NativeResponse = globalThis.Response

/** What ends a line for somebody, or becomes it when a character is cut to a byte. */
const SPLITTERS = {
  CRLF: '\r\n',
  LF: '\n',
  CR: '\r',
  NUL: '\0',
  'what is CRLF in its low bytes': '\u010d\u010a',
  'what is LF in its low byte': '\u560a',
  'an answer of its own': '\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
}
const evil = (splitter) => `a${splitter}x-evil: 1`

const foreign = (parts) => ({
  status: 200,
  statusText: '',
  headers: new Map(),
  body: 'x',
  ...parts,
})

/** A copy of milouv of another version, whose word nobody takes. */
const otherCopy = (wire) => ({
  [Symbol.for('milouv.toWire.1')]: () => ({
    status: 200,
    reason: '',
    headers: '',
    count: 0,
    body: 'x',
    length: -1,
    trailers: undefined,
    ...wire,
  }),
})

/** [way, what the handler returns for a text that may split] */
const HEADS = {
  'a header value': (text) => new Response('x', { headers: { 'x-a': text } }),
  'a header value in pairs': (text) => new Response('x', { headers: [['x-a', text]] }),
  'headers.set': (text) => {
    const response = new Response('x')
    response.headers.set('x-a', text)
    return response
  },
  'headers.append of a cookie': (text) => {
    const response = new Response('x')
    response.headers.append('set-cookie', text)
    return response
  },
  'a header name': (text) => new Response('x', { headers: { [text]: 'b' } }),
  statusText: (text) => new Response('x', { statusText: text }),
  'the type of a Blob': (text) => new Response(new Blob(['x'], { type: text })),
  'the location of a redirect': (text) => Response.redirect(`http://a/${text}`),
  'the platform’s Response': (text) => new NativeResponse('x', { headers: { 'x-a': text } }),
  'the platform’s statusText': (text) => new NativeResponse('x', { statusText: text }),
  'a value by shape': (text) => foreign({ headers: new Map([['x-a', text]]) }),
  'a name by shape': (text) => foreign({ headers: new Map([[text, 'b']]) }),
  'a cookie by shape': (text) =>
    foreign({ headers: { forEach: () => {}, getSetCookie: () => [text] } }),
  'statusText by shape': (text) => foreign({ statusText: text }),
  'a content-length by shape': (text) => foreign({ headers: new Map([['content-length', text]]) }),
  'a value that changes when it is looked at again': (text) => {
    let looks = 0
    const value = { toString: () => (looks++ === 0 ? 'fine' : text) }
    return foreign({ headers: new Map([['x-a', value]]) })
  },
  'lines of another copy': (text) => otherCopy({ headers: `x-a: ${text}\r\n`, count: 1 }),
  'a reason of another copy': (text) => otherCopy({ reason: text }),
}

/** What came may be a refusal or an answer without the evil; it is read strictly in any case. */
async function assertWhole(client, answer) {
  assert.doesNotMatch(answer.head, /^x-evil/im)
  assert.deepEqual(answer.trailers, [])
  // Nothing stands behind it: the next answer is that to the next request.
  const next = await client.ask(request('GET /next'))
  assert.equal(next.text, 'next')
}

const handlerOf = (make) => (req, info) =>
  req.url.endsWith('/next') ? new Response('next') : make(info)

describe('the head of an answer is not split', () => {
  for (const [way, make] of Object.entries(HEADS)) {
    test(`by ${way}`, async (t) => {
      const onError = () => new Response('refused', { status: 500 })
      let text = ''
      const { client } = await serveRaw(
        t,
        handlerOf(() => make(text)),
        { onError },
      )
      for (const splitter of Object.values(SPLITTERS)) {
        text = evil(splitter)
        await assertWhole(client, await client.ask(request('GET /')))
      }
    })
  }
})

test('a line that was meant is seen, so this would see one that was not', async (t) => {
  const meant = otherCopy({ headers: 'x-a: a\r\nx-evil: 1\r\n', count: 2 })
  const { client } = await serveRaw(
    t,
    handlerOf(() => meant),
  )
  const answer = await client.ask(request('GET /'))
  await assert.rejects(assertWhole(client, answer), /x-evil/)
})

describe('an informational answer is not split', () => {
  for (const [way, headersOf] of Object.entries({
    'a value': (text) => ({ link: text }),
    'a name': (text) => ({ [text]: 'a' }),
    pairs: (text) => [['link', text]],
    'a content-length': (text) => ({ 'content-length': text }),
  })) {
    test(`by ${way}`, async (t) => {
      let text = ''
      const make = (info) => {
        assert.throws(() => info.sendInformational(103, headersOf(text)))
        return new Response('x')
      }
      const { client } = await serveRaw(t, handlerOf(make))
      for (const splitter of Object.values(SPLITTERS)) {
        text = evil(splitter)
        const answer = await client.ask(request('GET /'))
        assert.deepEqual([answer.status, answer.text], [200, 'x'])
        await assertWhole(client, answer)
      }
    })
  }

  test('nor does it frame the answer behind it', async (t) => {
    const framing = {
      'content-length': '5',
      'transfer-encoding': 'chunked',
      connection: 'close',
      upgrade: 'h2c',
      'x-a': 'b',
    }
    const { client } = await serveRaw(
      t,
      handlerOf((info) => {
        info.sendInformational(103, framing)
        return new Response('x')
      }),
    )
    client.send(request('GET /'))
    assert.equal((await client.answer()).head, 'HTTP/1.1 103 Early Hints\r\nx-a: b\r\n\r\n')
    await assertWhole(client, await client.answer())
  })
})

describe('trailers', () => {
  for (const [what, splitter] of Object.entries(SPLITTERS)) {
    for (const [way, trailersOf] of Object.entries({
      value: (text) => ({ 'x-a': text }),
      name: (text) => ({ [text]: 'a' }),
    })) {
      test(`a ${way} with ${what} cuts the answer instead`, async (t) => {
        const errors = []
        const onError = (error) => void errors.push(error.name)
        const make = () => new Response('x', { trailers: trailersOf(evil(splitter)) })
        const { client } = await serveRaw(t, handlerOf(make), { onError })
        client.send(request('GET /'))
        const bytes = (await client.rest()).toString('latin1')
        assert.match(bytes, /\r\n\r\n1\r\nx\r\n$/)
        assert.doesNotMatch(bytes, /evil/)
        assert.deepEqual(errors, ['TypeError'])
      })
    }
  }

  test('those that would frame or route are dropped', async (t) => {
    const trailers = {
      'content-length': '5',
      'Transfer-Encoding': 'chunked',
      host: 'b',
      'x-a': 'b',
    }
    const { client } = await serveRaw(t, () => new Response('x', { trailers }))
    assert.deepEqual((await client.ask(request('GET /'))).trailers, [['x-a', 'b']])
  })
})
