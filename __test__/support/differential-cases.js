// The requests that both servers get: valid ones, ones with an oddity that somebody once sent or
// attacked with, and random harm to both; alone, or with a request behind them.

import { mutate, render, validRequest } from './request-generator.js'

/** A request whose answer shows that the connection was kept, and where the next message began. */
export const MARKER = 'GET /behind HTTP/1.1\r\nHost: behind\r\n\r\n'

const chunks = (text) => ({ fields: ['Transfer-Encoding: chunked'], body: text })
const fields = (...lines) => ({ fields: lines })
const framed = (body, ...lines) => ({ fields: lines, body })

const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.10',
  'http/1.1',
]
const ODD_VERSIONS = ['HTTP/1.', 'HTTP/01.1', 'HTTPS/1.1', 'ICE/1.0', 'HTTP/3.0', 'HTTP/1,1', '']
const METHODS = [
  'X',
  'get',
  'QUERY',
  'LINK',
  'BREW',
  'CUSTOM-1',
  'PRI',
  'CONNECT',
  'G(T',
  'GET\t',
  '',
]
const TARGETS = [
  'example.test:80',
  '*',
  'http://',
  'http://u:p@a.test/',
  'ftp://a.test/',
  'https://a.test/x',
  'a',
  '?a=b',
  '/#fragment',
  '/caf\xe9',
  '/"<>\\^`{|}',
  '/a b',
  '/%zz',
  '/a/../b/./c',
  '/tab\there',
  '/\x7f',
  'http://a.test:99999/',
  'HTTP://A.TEST/b',
  "/?a='b'",
  `/${'long'.repeat(1000)}`,
]
const HOSTS = [
  'a b',
  'a,b',
  'a:b',
  '',
  'a/b',
  'u@a',
  'A.TEST:80',
  '[::1',
  '%41.test',
  'a_b',
  'x\xe9',
]
const LENGTHS = [
  '+5',
  '-5',
  '5 ',
  '5\t',
  '0x5',
  '5, 5',
  '5,6',
  '',
  '5a',
  '05',
  '1e1',
  '99999999999999999999',
]
const CODINGS = [
  'gzip',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'identity',
  'xchunked',
  'Chunked',
  'chunked,',
  ', chunked',
  '"chunked"',
  'chunked;a=b',
  '\x0bchunked',
  '',
]
const LINES = [
  'Name : space before the colon',
  ' folded: line',
  '\tfolded',
  ': no name',
  'no colon',
  'N\xe4me: 8-bit',
  'Null: a\0b',
  'Control: a\x01b',
  'Delete: a\x7fb',
  'Bare: a\rb',
  'Feed: a\nb: c',
  'Na(me: delimiter',
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'Expect: something',
  'Connection: close',
  'Connection: , close',
  'Connection: Keep-Alive, X-A',
  'Connection: a b',
  'Connection:',
  'Proxy-Connection: keep-alive',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  'Upgrade: websocket\r\nConnection: upgrade',
  'Upgrade: websocket',
  'Upgrade: a b\r\nConnection: upgrade',
  'Trailer: X-Checksum',
  'Set-Cookie: a\r\nSet-Cookie: b',
  'Content-Length: 0',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
]
/** Of use in HTTP/1.0, where a connection closes unless somebody asks. */
const PERSISTENCE = [
  'Connection: keep-alive',
  'Connection: close\r\nConnection: keep-alive',
  'Proxy-Connection: keep-alive',
  'Expect: nothing',
]
const CHUNKS = [
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0;c\r\n\r\n',
  '5;a="b c"\r\nhello\r\n0\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '5 ;a\r\nhello\r\n0\r\n\r\n',
  '5; a = b ; c\r\nhello\r\n0\r\n\r\n',
  '5;\r\nhello\r\n0\r\n\r\n',
  '5;a\nhello\r\n0\r\n\r\n',
  '5\nhello\r\n0\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
  '5\r\nhello\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '+5\r\nhello\r\n0\r\n\r\n',
  '00005\r\nhello\r\n000\r\n\r\n',
  'A\r\nhellohello\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n',
  '\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n',
  '5\r\nhello\r\n0\r\nbad trailer\r\n\r\n',
  '5\r\nhello\r\n0\r\nX : a\r\n\r\n',
  '5\r\nhello\r\n0\r\n folded: a\r\n\r\n',
  '5\r\nhello\r\n0\r\n\n',
  '5\r\nhello\r\n-0\r\n\r\n',
]

/** Each changes a valid request in one way; most results are invalid. */
const ODDITIES = [
  (random) => ({ version: random.pick(VERSIONS) }),
  (random) => ({ version: random.pick(ODD_VERSIONS) }),
  (random) => ({ method: random.pick(METHODS) }),
  (random) => ({ target: random.pick(TARGETS) }),
  (random) => ({ target: random.pick(TARGETS) }),
  (random) => ({ host: [random.pick(HOSTS)] }),
  (random) => ({ host: random.pick([[], ['a', 'a'], ['a', 'b']]) }),
  (random) => framed('hello', `Content-Length: ${random.pick(LENGTHS)}`),
  (random) => framed('5\r\nhello\r\n0\r\n\r\n', `Transfer-Encoding: ${random.pick(CODINGS)}`),
  (random) => chunks(random.pick(CHUNKS)),
  (random) => chunks(random.pick(CHUNKS)),
  (random) => fields(random.pick(LINES)),
  (random) => fields(random.pick(LINES)),
  (random) => ({ ...framed('hello', 'Content-Length: 5'), version: random.pick(VERSIONS) }),
  (random) => ({ ...chunks(CHUNKS[0]), version: random.pick(VERSIONS) }),
  (random) => ({ version: 'HTTP/1.0', ...fields(random.pick(LINES)) }),
  (random) => ({ version: 'HTTP/1.0', ...fields(random.pick(PERSISTENCE)) }),
  (random) => framed('hello', 'Content-Length: 5', random.pick(LINES)),
  (random) => ({ ...chunks(CHUNKS[0]), late: random.pick(LINES) }),
]

const FRAMING = /^(content-length|transfer-encoding):/i

function oddRequest(random) {
  const request = validRequest(random)
  const { host, fields: added, late, body, ...rest } = random.pick(ODDITIES)(random)
  Object.assign(request, rest)
  if (body !== undefined) {
    request.fields = request.fields.filter((line) => !FRAMING.test(line))
    request.body = body
  }
  if (host !== undefined) {
    request.fields = request.fields.filter((line) => !/^host:/i.test(line))
    request.fields.unshift(...host.map((value) => `Host: ${value}`))
  }
  const lines = [...(added ?? []), ...(late === undefined ? [] : [late])]
  for (const line of lines) {
    request.fields.splice(random.below(request.fields.length + 1), 0, line)
  }
  return request
}

const EMPTY_LINES = ['\r\n', '\r\n\r\n', '\n', '\r', '\r\n'.repeat(8), '\r\n'.repeat(9)]

/** The bytes of one case, as latin1. */
export function differentialCase(random) {
  const odd = random.chance(0.6)
  let text = render(odd ? oddRequest(random) : validRequest(random))
  if (random.chance(odd ? 0.2 : 0.7)) text = mutate(random, text, 1 + random.below(3))
  if (random.chance(0.03)) text = random.pick(EMPTY_LINES) + text
  if (random.chance(0.25)) text = render(validRequest(random)) + text
  return random.chance(0.75) ? text + MARKER : text
}
