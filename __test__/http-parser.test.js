// HttpParser by itself: what it finds, across any split of the bytes, and what it refuses.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HttpParser } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { connectTo, listen } from './support/raw-socket.js'

const GET = 'GET /path?query HTTP/1.1\r\nHost: a\r\n\r\n'

/** Events with body pieces as text, and pieces that follow each other as one. */
function joined(events) {
  const result = []
  for (const { bytes, ...event } of events) {
    if (event.type !== 'data') result.push(event)
    else if (result.at(-1)?.type === 'data') result.at(-1).text += latin1(bytes)
    else result.push({ type: 'data', text: latin1(bytes) })
  }
  return result
}

function latin1(bytes) {
  return Buffer.from(bytes).toString('latin1')
}

function parse(pieces, options) {
  const parser = new HttpParser(options)
  return joined(pieces.flatMap((piece) => parser.execute(Buffer.from(piece, 'latin1'))))
}

/** All that must be true of what `text` gives, also where it is cut in every place. */
function assertParses(text, expected, options) {
  assert.deepEqual(parse([text], options), expected)
  assert.deepEqual(parse([...text], options), expected, 'byte by byte')
  for (let at = 1; at < text.length; at++) {
    const pieces = [text.slice(0, at), text.slice(at)]
    assert.deepEqual(parse(pieces, options), expected, `cut at ${at}`)
  }
}

const request = (method, target, headers, more = {}) => {
  const rest = { version: '1.1', keepAlive: true, offset: 0, ...more }
  return { type: 'request', method, target, headers, ...rest }
}
const data = (text) => ({ type: 'data', text })
const end = (trailers = []) => ({ type: 'end', trailers })

describe('what is found', () => {
  test('a request without a body', () => {
    assertParses(GET, [request('GET', '/path?query', [['host', 'a']]), end()])
  })

  test('fields in order, names in lower case, values as sent but for the blanks around', () => {
    const lines = ['HOST: a', 'X-B:1', 'x-a:\t two  words ', 'X-B: 2', 'x-empty:', 'x-8bit: é']
    const headers = [
      ['host', 'a'],
      ['x-b', '1'],
      ['x-a', 'two  words'],
      ['x-b', '2'],
      ['x-empty', ''],
      ['x-8bit', 'é'],
    ]
    const text = `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
    assertParses(text, [request('GET', '/', headers), end()])
  })

  test('a body of a known length, which may look like anything', () => {
    const text = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 12\r\n\r\nhello\r\n\r\nyou'
    const headers = [
      ['host', 'a'],
      ['content-length', '12'],
    ]
    const found = request('POST', '/', headers)
    assertParses(text, [found, data('hello\r\n\r\nyou'), end()])
    assertParses(text.slice(0, -1), [found, data('hello\r\n\r\nyo')])
  })

  test('a chunked body with extensions and trailers', () => {
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'
    const body = '5;name="value"\r\nhello\r\n001\r\n \r\nA\r\n0123456789\r\n0\r\nX-Sum: 1 2\r\n\r\n'
    const headers = [
      ['host', 'a'],
      ['transfer-encoding', 'chunked'],
    ]
    const found = [request('POST', '/', headers), data('hello 0123456789')]
    assertParses(head + body, [...found, end([['x-sum', '1 2']])])
    assertParses(`${head}0\r\n\r\n`, [found[0], end()])
  })

  test('requests behind each other, each with its offset, empty lines between', () => {
    const post = 'POST /two HTTP/1.1\r\nhost: b\r\ncontent-length: 3\r\n\r\nabc'
    const postHeaders = [
      ['host', 'b'],
      ['content-length', '3'],
    ]
    const text = `\r\n${GET}${post}\r\n\r\n${GET}`
    assertParses(text, [
      request('GET', '/path?query', [['host', 'a']], { offset: 2 }),
      end(),
      request('POST', '/two', postHeaders, { offset: 2 + GET.length }),
      data('abc'),
      end(),
      request('GET', '/path?query', [['host', 'a']], { offset: 6 + GET.length + post.length }),
      end(),
    ])
  })

  test('whether the client wants to go on', () => {
    const cases = [
      ['1.1', [], true],
      ['1.1', ['connection: keep-alive'], true],
      ['1.1', ['connection: close'], false],
      ['1.1', ['connection: te, CLOSE'], false],
      ['1.0', [], false],
      ['1.0', ['connection: Keep-Alive'], true],
      ['1.0', ['connection: close'], false],
    ]
    for (const [version, lines, keepAlive] of cases) {
      const text = [
        'GET / HTTP/',
        version,
        '\r\nhost: a\r\n',
        ...lines.map((line) => `${line}\r\n`),
      ]
      const [found] = parse([`${text.join('')}\r\n`])
      assert.equal(found.version, version)
      assert.equal(found.keepAlive, keepAlive, text.join(''))
    }
    assert.deepEqual(parse(['GET / HTTP/1.0\r\n\r\n'])[0].headers, [])
  })

  test('any token as method, every form of target', () => {
    const lines = [
      ['PURGE', '/a'],
      ['M-SEARCH', '/'],
      ['OPTIONS', '*'],
      ['QUERY', 'http://a/b?c'],
      ['get', '/"<>\\^`{|}'],
    ]
    for (const [method, target] of lines) {
      const found = parse([`${method} ${target} HTTP/1.1\r\nhost: a\r\n\r\n`])
      assert.deepEqual(found, [request(method, target, [['host', 'a']]), end()])
    }
  })

  test('body pieces are parts of what was given, of the class that was given', () => {
    const parser = new HttpParser()
    parser.execute(Buffer.from('PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n'))
    const array = new Uint8Array([1, 2, 3, 4, 71])
    const [piece, done] = parser.execute(array)
    assert.equal(piece.bytes.buffer, array.buffer)
    assert.deepEqual(piece.bytes, array.subarray(0, 4))
    assert.deepEqual(done, { type: 'end', trailers: [] })
  })

  test('shared memory is read once, so that no other thread can change what was found', () => {
    const text = Buffer.from('PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody')
    const shared = new Uint8Array(new SharedArrayBuffer(text.length))
    shared.set(text)
    const [{ method }, { bytes }] = new HttpParser().execute(shared)
    shared.fill(0)
    assert.equal(method, 'PUT')
    assert.equal(Buffer.from(bytes).toString(), 'body')
  })

  test('nothing in nothing', () => {
    const parser = new HttpParser()
    assert.deepEqual(parser.execute(new Uint8Array(0)), [])
    assert.deepEqual(parser.finish(), [])
  })
})

const head = (...lines) => `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`

// What is refused, with which status and code, and where the fault starts.
const REFUSED = [
  ['GET / HTTP/1.1\r\n\r\n', 400, 'HTTP_MISSING_HOST', 18],
  ['GE T / HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'HTTP_INVALID_VERSION', 0],
  ['GET / HTTP/2.0\r\nhost: a\r\n\r\n', 505, 'HTTP_VERSION_NOT_SUPPORTED', 0],
  ['\x16\x03\x01', 400, 'HTTP_INVALID_METHOD', 0],
  ['GET / HTTP/1.1\nhost: a\n\n', 400, 'HTTP_INVALID_LINE_END', 0],
  ['CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n', 501, 'HTTP_CONNECT_NOT_IMPLEMENTED', 0],
  [head('host: a', 'content-length: 5', 'transfer-encoding: chunked'), 400],
  [head('host: a', 'content-length: 5, 6'), 400],
  [head('host: a', 'content-length: +5'), 400],
  [head('host: a', 'transfer-encoding: gzip, chunked'), 501],
  [head('host: a', 'x : 1'), 400],
  [head('host: a', 'x: 1', ' folded'), 400],
  [head('host: a', 'x: \0'), 400],
  [head('host: a', 'host: a'), 400],
]

describe('what is refused', () => {
  for (const [text, status, code, offset] of REFUSED) {
    test(JSON.stringify(text), () => {
      const found = parse([text])
      assert.equal(found.length, 1)
      const [error] = found
      assert.equal(error.type, 'error')
      assert.equal(error.status, status)
      assert.match(error.code, /^HTTP_[A-Z_]+$/)
      assert.ok(error.message.length > 10)
      assert.ok(error.offset >= 0 && error.offset <= text.length)
      if (code !== undefined) assert.deepEqual([error.code, error.offset], [code, offset])
      assert.deepEqual(parse([...text]), found, 'byte by byte')
      const behind = `${GET.repeat(3)}${text}`
      const later = parse([behind]).at(-1)
      const moved = { ...error, offset: error.offset + 3 * GET.length }
      assert.deepEqual(later, moved, 'behind others')
    })
  }

  test('a chunk that is none, after what was right', () => {
    const text = `${head('host: a', 'transfer-encoding: chunked')}2\r\nab\r\nzz\r\n`
    const events = parse([text])
    assert.deepEqual(
      events.map((event) => event.type),
      ['request', 'data', 'error'],
    )
    assert.equal(events[2].code, 'HTTP_INVALID_CHUNK_SIZE')
    assert.equal(events[2].offset, text.indexOf('zz'))
    assert.deepEqual(parse([...text]), events, 'byte by byte')
  })

  test('nothing is said any more after an error', () => {
    const parser = new HttpParser()
    assert.equal(parser.execute(Buffer.from(' ')).length, 1)
    assert.deepEqual(parser.execute(Buffer.from(GET)), [])
    assert.deepEqual(parser.finish(), [])
  })

  test('an end in the middle of a message, and only there', () => {
    const text = head('host: a', 'content-length: 3')
    for (const cut of ['POST', text, `${text}ab`]) {
      const parser = new HttpParser()
      parser.execute(Buffer.from(cut))
      const [error, ...more] = parser.finish()
      assert.deepEqual(more, [])
      assert.equal(error.type, 'error')
      assert.equal(error.code, 'HTTP_UNEXPECTED_END')
      assert.equal(error.status, 400)
      assert.equal(error.offset, cut.length)
      assert.deepEqual(parser.execute(Buffer.from(GET)), [])
    }
    const parser = new HttpParser()
    parser.execute(Buffer.from(`${text}abc`))
    assert.deepEqual(parser.finish(), [])
  })
})

describe('limits', () => {
  const refusal = (text, options) => {
    const events = parse([text], options)
    assert.deepEqual(parse([...text], options).at(-1)?.code, events.at(-1)?.code, 'byte by byte')
    const { type, code, status } = events.at(-1)
    return type === 'error' ? `${status} ${code}` : type
  }

  test('maxHeaderSize: to the byte', () => {
    assert.equal(refusal(GET, { maxHeaderSize: GET.length }), 'end')
    const tooLarge = refusal(GET, { maxHeaderSize: GET.length - 1 })
    assert.equal(tooLarge, '431 HTTP_HEADERS_TOO_LARGE')
    assert.equal(refusal(GET, { maxHeaderSize: 10 }), '414 HTTP_TARGET_TOO_LONG')
  })

  test('maxHeadersCount', () => {
    const text = head('host: a', 'b: 1', 'c: 2')
    assert.equal(refusal(text, { maxHeadersCount: 3 }), 'end')
    assert.equal(refusal(text, { maxHeadersCount: 2 }), '431 HTTP_TOO_MANY_HEADERS')
  })

  test('maxRequestBodySize, announced or in chunks; 0 and Infinity too', () => {
    const plain = `${head('host: a', 'content-length: 4')}abcd`
    const chunks = '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'
    const chunked = head('host: a', 'transfer-encoding: chunked') + chunks
    for (const text of [plain, chunked]) {
      assert.equal(refusal(text, { maxRequestBodySize: 4 }), 'end')
      assert.equal(refusal(text, { maxRequestBodySize: 3 }), '413 HTTP_BODY_TOO_LARGE')
      assert.equal(refusal(text, { maxRequestBodySize: 0 }), '413 HTTP_BODY_TOO_LARGE')
      assert.equal(refusal(text, { maxRequestBodySize: Number.POSITIVE_INFINITY }), 'end')
    }
  })
})

describe('parsers', () => {
  test('do not disturb each other in the middle of a message', () => {
    const texts = Array.from({ length: 50 }, (_, at) => {
      const body = `body ${at} `.repeat(at + 1)
      const fields = `host: a\r\nx-at: ${at}\r\ncontent-length: ${body.length}`
      return `PUT /${at} HTTP/1.1\r\n${fields}\r\n\r\n${body}`
    })
    const clients = texts.map((text) => ({ text, parser: new HttpParser(), events: [] }))
    const longest = Math.max(...texts.map((text) => text.length))
    for (let at = 0; at < longest; at += 7) {
      for (const { text, parser, events } of clients) {
        events.push(...parser.execute(Buffer.from(text.slice(at, at + 7), 'latin1')))
      }
    }
    for (const { text, events } of clients) assert.deepEqual(joined(events), parse([text]))
  })

  test('read what a socket brings', async (t) => {
    const parsers = new Map()
    const socket = listen(t, {
      open: (connection) => parsers.set(connection, new HttpParser()),
      data(connection, bytes) {
        for (const event of parsers.get(connection).execute(bytes)) {
          if (event.type === 'request') connection.write(`${event.method} ${event.target}: `)
          if (event.type === 'data') connection.write(event.bytes)
          if (event.type === 'end') connection.end('.')
        }
      },
    })
    const client = await connectTo(t, socket)
    const text = 'POST /path HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello'
    await client.sendPieces(text.match(/.{1,9}/gs))
    assert.equal((await client.rest()).toString(), 'POST /path: hello.')
  })

  test('keep no process alive', async (t) => {
    const source = `
      import { HttpParser } from ${JSON.stringify(indexUrl)}
      const [{ target }] = new HttpParser().execute(Buffer.from(${JSON.stringify(GET)}))
      console.log(target)
    `
    const end = await new Child(t, source).ended()
    assert.deepEqual(end, { code: 0, signal: null, stdout: '/path?query\n', stderr: '' })
  })
})
