// Requests that two servers may read differently. The one hidden inside must not be served.

import {
  ask,
  chunks,
  group,
  isRefusal,
  MUST,
  OWN,
  raw,
  rules,
  SHOULD,
  WAITS,
} from '../lib/build.mjs'
import {
  AMBIGUOUS,
  EMPTY_CHUNKS,
  HIDDEN,
  hides,
  IN_CHUNK,
  length,
  post,
  REFUSED,
  SILENT,
  THEN_CLOSED,
  THEN_GARBAGE,
  THEN_HIDDEN,
} from './hidden.mjs'
import codings from './smuggling-codings.mjs'

/** The one reading that the RFC leaves. */
const reads = (name, send, seen, options) =>
  rules(
    name,
    AMBIGUOUS,
    send,
    [[MUST, { answers: [{ status: 200, seen }], after: options?.after ?? 'open' }]],
    options,
  )

const both = [
  ['CL.TE', post([length(EMPTY_CHUNKS), 'Transfer-Encoding: chunked'], EMPTY_CHUNKS)],
  [
    'CL.TE, the other way round',
    post(['Transfer-Encoding: chunked', length(EMPTY_CHUNKS)], EMPTY_CHUNKS),
  ],
  ['TE.CL', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], IN_CHUNK)],
  ['CL.TE with a length of 0', post(['Content-Length: 0', 'Transfer-Encoding: chunked'], IN_CHUNK)],
  [
    'CL.TE on GET',
    ask('GET /', [length(EMPTY_CHUNKS), 'Transfer-Encoding: chunked'], EMPTY_CHUNKS),
  ],
  ['CL.TE in capitals', post([length(EMPTY_CHUNKS), 'TRANSFER-ENCODING: CHUNKED'], EMPTY_CHUNKS)],
  [
    'CL.TE with keep-alive',
    post(
      [length(EMPTY_CHUNKS), 'Transfer-Encoding: chunked', 'Connection: keep-alive'],
      EMPTY_CHUNKS,
    ),
  ],
  [
    'CL.TE that Connection names',
    post(
      ['Connection: transfer-encoding', length(EMPTY_CHUNKS), 'Transfer-Encoding: chunked'],
      EMPTY_CHUNKS,
    ),
  ],
].map(([name, send]) => hides(name, send, THEN_CLOSED))

const LENGTH_FIELDS = [
  'Content-Length : 5',
  'Content-Length\t: 5',
  ' Content-Length: 5',
  'Content-Length\0: 5',
  '\vContent-Length: 5',
  'Content-Length\r: 5',
  'Content-Length:\r\n 5',
  'Content-Length: \r\n\t5',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 5 5',
  'Content-Length: 0x5',
  'Content-Length: 5\v',
  'Content-Length: \v5',
  'Content-Length: 5\0',
  'Content-Length: 5, 0',
  'Content-Length: 0, 5',
  'Content-Length: 5\r\nContent-Length: 0',
  'Content-Length: 0\r\nContent-Length: 5',
  'Content-Length: 5\r\nX: a\r\ncontent-length: 6',
  'Content-Length: 18446744073709551621',
  'Content-Length: 5\rX: a',
  'Content-Length',
  'X: a\nContent-Length: 5',
  'X: a\rContent-Length: 5',
]
// Where a LF or a bare CR may be read as the RFC allows (9112 2.2), and a folded line (9112 5.2).
const READABLE = new Map([
  ['Content-Length:\r\n 5', THEN_GARBAGE],
  ['Content-Length: \r\n\t5', THEN_GARBAGE],
  ['X: a\nContent-Length: 5', THEN_GARBAGE],
  ['X: a\rContent-Length: 5', THEN_HIDDEN],
])
const lengths = LENGTH_FIELDS.map((field) => {
  const name = `CL: ${JSON.stringify(field)}`
  const other = READABLE.get(field)
  // What is too long to be read may be refused as such.
  const status = /\d{6}/.test(field) ? [400, 413] : [400]
  return rules(name, AMBIGUOUS, post([field], HIDDEN), [
    [MUST, REFUSED, SILENT, ...(other ? [other] : [])],
    [other ? OWN : SHOULD, { answers: [{ status }], after: 'closed' }],
  ])
})

const TRICKS = [
  ['a size with a LF', '1\nZ\r\n0\r\n\r\n'],
  ['a size with a bare CR', '1\rZ\r\n0\r\n\r\n'],
  ['an extension with a LF', '1;a\nZ\r\n0\r\n\r\n'],
  ['an extension with a bare CR', '1;a\rZ\r\nZ\r\n0\r\n\r\n'],
  ['an extension with a bare CR at its end', '1;a\r\r\nZ\r\n0\r\n\r\n'],
  ['a quoted extension with a LF', '1;a="\n"\r\nZ\r\n0\r\n\r\n'],
  ['data without its CRLF', '1\r\nZ0\r\n\r\n'],
  ['data with two other bytes for CRLF', '1\r\nZXX0\r\n\r\n'],
  ['data with a LF for CRLF', '1\r\nZ\n0\r\n\r\n'],
  ['a size of more than 64 bits', '10000000000000000\r\n\r\n'],
  ['a size with 0x', '0x1\r\nZ\r\n0\r\n\r\n'],
  ['a size with a sign', '+1\r\nZ\r\n0\r\n\r\n'],
  ['a negative size', '-1\r\nZ\r\n0\r\n\r\n'],
  ['a size with a space first', ' 1\r\nZ\r\n0\r\n\r\n'],
  ['a size with an underscore', '1_0\r\nZZZZZZZZZZZZZZZZ\r\n0\r\n\r\n'],
  ['a size of nothing', '\r\nZ\r\n0\r\n\r\n'],
  ['an end without CR', '0\n\n'],
  ['an end whose last line has no CR', '0\r\n\n'],
  ['an end with a bare CR', '0\r\r\n\r\n'],
  ['a trailer with a space before the colon', '0\r\nX : a\r\n\r\n'],
  ['a trailer without a colon', '0\r\nX\r\n\r\n'],
  ['a folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
  ['a trailer with a NUL', '0\r\nX: \0\r\n\r\n'],
  ['a trailer with a LF', '0\r\nX: a\nY: b\r\n\r\n'],
]

const sizes = TRICKS.map(([name, body]) =>
  hides(`chunks: ${name}`, post(['Transfer-Encoding: chunked'], body + HIDDEN)),
)

const WRAPPED = [
  ['a length that wraps at 32 bits', post(['Content-Length: 4294967301'], `12345${HIDDEN}`)],
  [
    'a size that wraps at 32 bits',
    post(['Transfer-Encoding: chunked'], `100000001\r\nZ\r\n0\r\n\r\n${HIDDEN}`),
  ],
].map(([name, send]) =>
  rules(name, AMBIGUOUS, send, [
    [MUST, REFUSED, SILENT, WAITS],
    [OWN, { answers: [{ status: 413 }], after: 'closed' }],
  ]),
)

const LINES = [
  ['a request that ends in LF LF', 'GET / HTTP/1.1\r\nHost: a\n\n'],
  ['a request that ends in CRLF LF', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ['a request that ends in LF CRLF', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
  ['a request that ends in CR CR', 'GET / HTTP/1.1\r\nHost: a\r\r'],
  ['a request that ends in CRLF CR', 'GET / HTTP/1.1\r\nHost: a\r\n\r'],
  ['LF inside a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\n\nb\r\n\r\n'],
].map(([name, start]) =>
  // A lone LF may be read as the end of a line (RFC 9112 section 2.2); a bare CR must not.
  hides(
    `lines: ${name}`,
    start + HIDDEN,
    ...(name.includes('CR CR') || name.endsWith('CRLF CR') ? [] : [THEN_HIDDEN, THEN_GARBAGE]),
  ),
)

const body = HIDDEN
const FRAMING_TRAILERS = '0\r\nContent-Length: 1000\r\nTransfer-Encoding: chunked\r\n\r\n'
const inside = [
  ...['GET', 'POST', 'DELETE', 'OPTIONS'].map((method) =>
    rules(
      `a body of ${method} that is a request`,
      AMBIGUOUS,
      ask(`${method} /`, [length(body)], body),
      [[MUST, { answers: [{ status: 200, seen: { body } }], after: 'either' }, REFUSED]],
    ),
  ),
  rules(
    'a body of HEAD that is a request',
    AMBIGUOUS,
    ask('HEAD /', [length(body)], body),
    [[MUST, { answers: [{ status: 200 }], after: 'either' }, REFUSED]],
    { methods: ['HEAD'] },
  ),
  reads('a chunk that is a request', post(['Transfer-Encoding: chunked'], IN_CHUNK), { body }),
  ...['/unread', '/later'].map((target) =>
    rules(
      `an answer before the body is read (${target})`,
      AMBIGUOUS,
      post([length(body)], body, target),
      [[MUST, { answers: [{ status: 200, seen: { target } }], after: 'either' }]],
    ),
  ),
  rules(
    'an answer before the chunks are read',
    AMBIGUOUS,
    [post(['Transfer-Encoding: chunked'], IN_CHUNK, '/unread')],
    [[MUST, { answers: [{ status: 200 }], after: 'either' }]],
  ),
  rules(
    'an answer before bad chunks are read',
    AMBIGUOUS,
    [post(['Transfer-Encoding: chunked'], `x\r\n${HIDDEN}`, '/unread')],
    [[MUST, THEN_CLOSED, REFUSED, SILENT]],
  ),
  rules(
    'a body behind Expect',
    AMBIGUOUS,
    [post([length(body), 'Expect: 100-continue'], body, '/unread')],
    [[MUST, { answers: [{ status: 200 }], informational: 'any', after: 'either' }]],
  ),
  rules('a body behind an Expect that fails', AMBIGUOUS, post([length(body), 'Expect: x'], body), [
    [
      MUST,
      { answers: [{ status: isRefusal }], after: 'either' },
      { answers: [{ status: 200, seen: { body } }], after: 'open' },
    ],
  ]),
  rules(
    'a body behind Upgrade',
    AMBIGUOUS,
    [post(['Connection: upgrade', 'Upgrade: h2c', length(body)], body)],
    [[MUST, { answers: [{ status: 200, seen: { body } }], after: 'either' }]],
  ),
  rules(
    'what is behind CONNECT',
    AMBIGUOUS,
    raw('CONNECT a:80 HTTP/1.1', ['Host: a:80']) + HIDDEN,
    [[MUST, REFUSED, SILENT]],
  ),
  rules(
    'a body that Connection calls hop-by-hop',
    AMBIGUOUS,
    [post(['Connection: content-length', length(body)], body)],
    [[MUST, { answers: [{ status: 200, seen: { body } }], after: 'either' }, REFUSED]],
  ),
  rules(
    '1.0 with chunks',
    AMBIGUOUS,
    [
      raw(
        'POST / HTTP/1.0',
        ['Connection: keep-alive', 'Transfer-Encoding: chunked'],
        EMPTY_CHUNKS,
      ),
    ],
    [[MUST, REFUSED, THEN_CLOSED]],
  ),
  rules(
    '1.0 with chunks and a length',
    AMBIGUOUS,
    [
      raw(
        'POST / HTTP/1.0',
        ['Connection: keep-alive', length(EMPTY_CHUNKS), 'Transfer-Encoding: chunked'],
        EMPTY_CHUNKS,
      ),
    ],
    [[MUST, REFUSED, THEN_CLOSED]],
  ),
  rules('trailers that frame', AMBIGUOUS, post(['Transfer-Encoding: chunked'], FRAMING_TRAILERS), [
    [MUST, { answers: [{ status: 200, seen: { body: '' } }], after: 'open' }, REFUSED, SILENT],
  ]),
  reads(
    'names that are nearly Content-Length',
    post(['Content_Length: 5', 'Content-Lengt: 5'], ''),
    {
      body: '',
    },
  ),
  reads(
    'names that are nearly Transfer-Encoding',
    [
      post(
        ['Transfer_Encoding: chunked', 'X-Transfer-Encoding: chunked', 'Content-Length: 5'],
        'hello',
      ),
    ],
    { body: 'hello' },
  ),
]

/** Heads of many short lines: what is behind must become neither a header nor a body. */
const heads = [100, 199, 1_000, 3_638, 3_639, 3_640, 5_000].map((count) =>
  rules(
    `a head of ${count} lines "a:"`,
    AMBIGUOUS,
    [ask('POST /', [...Array(count).fill('a:'), length(HIDDEN)], HIDDEN)],
    [[MUST, { answers: [{ status: 200, seen: { body: HIDDEN } }], after: 'open' }, REFUSED]],
  ),
)

export default group('smuggling', [
  ...both,
  ...codings,
  ...lengths,
  ...sizes,
  ...WRAPPED,
  ...LINES,
  ...inside,
  ...heads,
  rules('a plain pair', '9112 9.3.2', post(['Content-Length: 5'], 'hello') + HIDDEN, [
    [MUST, THEN_HIDDEN],
  ]),
  rules(
    'a plain pair in chunks',
    '9112 9.3.2',
    [post(['Transfer-Encoding: chunked'], chunks('hello')) + HIDDEN],
    [[MUST, THEN_HIDDEN]],
  ),
])
