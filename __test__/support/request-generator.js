// Requests as clients send them, and random harm done to them.

import { chunked } from './raw-client.js'

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH']
const RARE_METHODS = ['PURGE', 'PROPFIND', 'M-SEARCH', 'REPORT', 'TRACE', 'SEARCH']
const TARGETS = [
  '/',
  '/a/b/c',
  '/search?q=1&r=%20x&s=a+b',
  '/a;b=c/d,e',
  '/%7Euser/(x)!*',
  '//double/slash',
  '/a?b={c}|d^e',
  '/colon:and@at',
  '/?http://other.test/',
  'http://absolute.test/path?query',
  'http://absolute.test:8080',
]
const HOSTS = ['example.test', 'example.test:8080', '127.0.0.1', '[::1]:80', 'localhost']
const FIELDS = [
  'User-Agent: generator/1.0 (test; x)',
  'Accept: text/html,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'accept-language: en-US,en;q=0.5',
  'Cookie: a=1; b=2',
  'COOKIE: c=3',
  'X-Empty:',
  'X-Spaces: \t padded \t ',
  'x-latin: caf\xe9 \xfc',
  "X-Token!#$%&'*+-.^_`|~: odd name",
  'X-List: a, b,, c',
  'X-List: d',
  'Referer: http://example.test/a?b=c',
  'If-None-Match: W/"abc", "def"',
  'Authorization: Basic dXNlcjpwYXNz',
  'TE: trailers',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'Content-Type: application/octet-stream',
  'Cache-Control: no-cache',
]
const TRAILERS = ['X-Checksum: abc', 'Server-Timing: a;dur=1']

function bodyOf(random) {
  const length = random.pick([0, 1, 5, 40, 300, 2000])
  return random.chance(0.5) ? random.bytes(length) : 'body '.repeat(length / 5)
}

/** A text in pieces of at most `longest` bytes. */
export function inPieces(random, text, longest = text.length) {
  const pieces = []
  for (let at = 0; at < text.length; ) {
    const length = 1 + random.below(Math.min(longest, text.length - at))
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

function frame(random, request) {
  const mayHaveBody = !['HEAD', 'TRACE'].includes(request.method)
  if (!mayHaveBody || random.chance(0.35)) return
  const body = bodyOf(random)
  if (random.chance(0.5)) {
    request.fields.push(`${random.pick(['Content-Length', 'content-length'])}: ${body.length}`)
    request.body = body
    return
  }
  request.fields.push(`${random.pick(['Transfer-Encoding', 'transfer-encoding'])}: chunked`)
  request.body = chunked(inPieces(random, body), random.chance(0.3) ? [random.pick(TRAILERS)] : [])
}

/** The parts of a valid request of HTTP/1.1 that keeps its connection open. */
export function validRequest(random) {
  const method = random.chance(0.15) ? random.pick(RARE_METHODS) : random.pick(METHODS)
  const target = method === 'OPTIONS' && random.chance(0.3) ? '*' : random.pick(TARGETS)
  const request = { method, target, version: 'HTTP/1.1', fields: [], body: '' }
  const host = `${random.pick(['Host', 'host', 'HOST'])}: ${random.pick(HOSTS)}`
  for (let count = random.below(6); count > 0; count--) request.fields.push(random.pick(FIELDS))
  request.fields.splice(random.below(request.fields.length + 1), 0, host)
  frame(random, request)
  return request
}

/** The bytes of a request, as latin1. */
export function render({ method, target, version, fields, body }) {
  return `${[`${method} ${target} ${version}`, ...fields].join('\r\n')}\r\n\r\n${body}`
}

const NASTY = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x0b',
  '\x7f',
  '\x80',
]
const NASTY_TEXT = ['0', '-', '+', '0x', '\xff', '"', '%', '#', '\\', 'HTTP/1.1', 'chunked', 'a: b']

function changeByte(random, text, at) {
  const byte = String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8)))
  return text.slice(0, at) + byte + text.slice(at + 1)
}

function swapLines(random, text) {
  const lines = text.split('\r\n')
  const [from, to] = [random.below(lines.length), random.below(lines.length)]
  const moved = lines[from]
  lines[from] = lines[to]
  lines[to] = moved
  return lines.join('\r\n')
}

function copyLine(random, text) {
  const lines = text.split('\r\n')
  lines.splice(random.below(lines.length), 0, random.pick(lines))
  return lines.join('\r\n')
}

function changeLineEnd(random, text) {
  const ends = [...text.matchAll(/\r\n/g)]
  if (ends.length === 0) return `${text}\n`
  const { index } = random.pick(ends)
  return text.slice(0, index) + random.pick(['\n', '\r', '\r\r\n', ' \r\n']) + text.slice(index + 2)
}

const MUTATIONS = [
  (random, text, at) => changeByte(random, text, at),
  (random, text, at) => text.slice(0, at) + random.bytes(1) + text.slice(at + 1),
  (random, text, at) => text.slice(0, at) + random.pick(NASTY) + text.slice(at),
  (random, text, at) => text.slice(0, at) + random.pick(NASTY) + text.slice(at + 1),
  (random, text, at) => text.slice(0, at) + random.pick(NASTY_TEXT) + text.slice(at),
  (random, text, at) => text.slice(0, at) + text.slice(at + 1 + random.below(8)),
  (random, text, at) => text.slice(0, at) + text.slice(at, at + random.below(40)) + text.slice(at),
  (_random, text, at) => text.slice(0, at),
  swapLines,
  copyLine,
  changeLineEnd,
]

/** Does `count` random things to a text. Most of them hit the head. */
export function mutate(random, text, count = 1) {
  let mutated = text
  for (let done = 0; done < count && mutated.length > 0; done++) {
    const head = mutated.indexOf('\r\n\r\n') + 4
    const end = head > 3 && random.chance(0.75) ? Math.min(head, mutated.length) : mutated.length
    mutated = random.pick(MUTATIONS)(random, mutated, random.below(end))
  }
  return mutated
}

/** A text in an error message: every byte can be read, and be pasted into JavaScript. */
export function escaped(text) {
  const unprintable = /[^\x20-\x7e]|["\\]/g
  const escapeByte = (byte) => {
    if (byte === '\r') return '\\r'
    if (byte === '\n') return '\\n'
    if (byte === '"' || byte === '\\') return `\\${byte}`
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
  }
  return `"${text.replace(unprintable, escapeByte)}"`
}
