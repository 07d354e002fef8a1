// Each kind of refusal, over a socket and with small limits: the bytes of its answer, the end of
// the connection, and what stats() and onClientError are told.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { assertBytes } from './support/answers.js'
import { chunked, request } from './support/raw-client.js'
import { serveRaw } from './support/serve.js'

const limits = {
  maxHeaderSize: 300,
  maxHeadersCount: 4,
  maxRequestBodySize: 10,
  maxRequestsPerConnection: 3,
}
const PHRASES = {
  400: 'Bad Request',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
}
const CHUNKED = ['transfer-encoding: chunked']
const post = (fields, body) => request('POST /', fields, body)
const long = (count) => 'a'.repeat(count)
const line = (text) => `${text}\r\nhost: test\r\n\r\n`

/** [status, code, the request, where in it the fault is] */
const REFUSALS = [
  [400, 'HTTP_MISSING_HOST', 'GET / HTTP/1.1\r\n\r\n', 18],
  [400, 'HTTP_INVALID_METHOD', line('G(T / HTTP/1.1'), 0],
  [400, 'HTTP_INVALID_TARGET', line('GET a HTTP/1.1'), 0],
  [400, 'HTTP_INVALID_HEADER_NAME', request('GET /', ['a : b']), /a : b/],
  [400, 'HTTP_OBSOLETE_FOLDING', request('GET /', [' a']), / a\r/],
  [400, 'HTTP_DUPLICATE_CONTENT_LENGTH', post(['content-length: 1', 'content-length: 1'], 'x')],
  [400, 'HTTP_CONFLICTING_FRAMING', post(['content-length: 5', ...CHUNKED], '0\r\n\r\n')],
  [413, 'HTTP_BODY_TOO_LARGE', post(['content-length: 11'], long(11))],
  [413, 'HTTP_BODY_TOO_LARGE', post(CHUNKED, chunked([long(6), long(5)])), /5\r\naaaaa\r\n0/],
  [414, 'HTTP_TARGET_TOO_LONG', request(`GET /${long(300)}`), 300],
  [417, 'HTTP_EXPECTATION_FAILED', post(['expect: a', 'content-length: 1'], 'x')],
  [431, 'HTTP_HEADERS_TOO_LARGE', request('GET /', [`x: ${long(300)}`]), 300],
  [431, 'HTTP_TOO_MANY_HEADERS', request('GET /', ['a:', 'b:', 'c:', 'd:']), /d:/],
  [431, 'HTTP_TRAILERS_TOO_LARGE', post(CHUNKED, `0\r\nx: ${long(300)}\r\n\r\n`)],
  [431, 'HTTP_TOO_MANY_TRAILERS', post(CHUNKED, chunked(['x'], ['a: b', 'b:', 'c:', 'd:', 'e:']))],
  [501, 'HTTP_CONNECT_NOT_IMPLEMENTED', line('CONNECT a:80 HTTP/1.1'), 0],
  [501, 'HTTP_TRANSFER_CODING_NOT_IMPLEMENTED', post(['transfer-encoding: gzip, chunked'], '')],
  [501, 'HTTP_METHOD_TOO_LONG', request(`${long(128)} /`), 0],
  [505, 'HTTP_VERSION_NOT_SUPPORTED', line('GET / HTTP/1.2'), 0],
]

const offsetOf = (place, text, start) =>
  start + (place instanceof RegExp ? text.search(place) : place)

const read = async (req) => new Response(await req.text())
/** Must not be served. */
const BEHIND = request('GET /behind')

describe('a refusal is an answer like any other, and the last', () => {
  for (const [status, code, text, place] of REFUSALS) {
    for (const before of [[], [request('GET /before')]]) {
      const where = before.length > 0 ? ', behind an answer' : ''
      test(`${status} ${code}: ${JSON.stringify(text).slice(0, 60)}${where}`, async (t) => {
        const told = []
        // The handler hears of a body that was refused, too.
        const onError = () => {}
        const options = { limits, onClientError: (refusal) => told.push(refusal), onError }
        const { server, client } = await serveRaw(t, read, options)
        const start = before.join('').length
        client.send(before.join('') + text + BEHIND)
        for (const _ of before) assert.equal((await client.answer()).status, 200)
        const { localPort: port } = client
        const answer = await client.answer()
        const [{ reason, offset, ...rest }, ...more] = told
        const remoteAddress = { address: '127.0.0.1', port, family: 'IPv4' }
        assert.deepEqual([rest, more.length], [{ status, code, remoteAddress }, 0])
        assert.match(reason, /^[A-Z].*\.$/)
        if (place !== undefined) assert.equal(offset, offsetOf(place, text, start))
        const expected =
          `HTTP/1.1 ${status} ${PHRASES[status]}\r\ncontent-type: text/plain\r\n` +
          `content-length: ${reason.length + 1}\r\nconnection: close\r\ndate: <date>\r\n\r\n`
        assertBytes(answer.whole, `${expected}${reason}\n`)
        assert.equal((await client.rest()).length, 0)
        assert.equal(await client.closed, null)
        assert.deepEqual(server.stats().refusals, { [code]: 1 })
      })
    }
  }
})

describe('up to the limit all is well', () => {
  const fits = {
    'a head': request('GET /', [`x: ${long(300 - request('GET /', ['x: ']).length)}`]),
    'header lines': request('GET /', ['a:', 'b:', 'c:']),
    'a declared body': post(['content-length: 10'], long(10)),
    'a body in chunks': post(CHUNKED, chunked([long(5), long(5)])),
    trailers: post(CHUNKED, chunked(['x'], ['a: b', 'b:', 'c:', 'd:'])),
    'a method': request(`${long(127)} /`),
  }
  for (const [what, text] of Object.entries(fits)) {
    test(what, async (t) => {
      const { server, client } = await serveRaw(t, read, { limits })
      for (let round = 0; round < 2; round++) {
        assert.equal((await client.ask(text)).status, 200)
      }
      assert.deepEqual(server.stats().refusals, {})
    })
  }

  test('the last request of a connection is told so, and is the last', async (t) => {
    const { server, client } = await serveRaw(t, read, { limits })
    client.send(request('GET /').repeat(5))
    for (const connection of [null, null, 'close']) {
      const answer = await client.answer()
      assert.deepEqual([answer.status, answer.get('connection')], [200, connection])
    }
    assert.equal((await client.rest()).length, 0)
    assert.equal(server.stats().requests, 3)
  })
})
