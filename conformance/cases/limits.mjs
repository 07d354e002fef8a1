// What is too much, and what must not be.

import {
  ask,
  group,
  isRefusal,
  MUST,
  OWN,
  refusedWith,
  rules,
  SHOULD,
  served,
} from '../lib/build.mjs'

const isClientError = (status) => status >= 400 && status <= 499
const fields = (count) => Array.from({ length: count }, (_, at) => `X-${at}: a`)

const tooMuch = (name, send) =>
  rules(name, '9110 5.4', send, [
    [MUST, { answers: [{ status: isClientError }], after: 'either' }],
    [OWN, { answers: [{ status: 431, has: { connection: 'close' } }], after: 'closed' }],
  ])

const limits = [
  served('a target of 8000 bytes', '9112 3', ask(`GET /${'a'.repeat(7_999)}`), undefined, {
    level: SHOULD,
    has: { 'x-seen': /^GET \/a+$/ },
  }),
  refusedWith(414, 'a target of 20 kB', '9112 3', ask(`GET /${'a'.repeat(20_000)}`), {
    after: 'either',
  }),
  refusedWith(414, 'a target of 200 kB', '9112 3', ask(`GET /${'a'.repeat(200_000)}`), {
    after: 'either',
  }),
  refusedWith(501, 'a method of 1000 bytes', '9112 3', ask(`${'A'.repeat(1_000)} /`), {
    level: SHOULD,
    after: 'either',
  }),
  rules('a method of 100 kB', '9112 3', ask(`${'A'.repeat(100_000)} /`), [
    [MUST, { answers: [{ status: isRefusal }], after: 'closed' }, { answers: [], after: 'closed' }],
    [SHOULD, { answers: [{ status: isRefusal }], after: 'closed' }],
  ]),
  served(
    'a header value of 4000 bytes',
    '9110 5.4',
    ask('GET /', [`X: ${'a'.repeat(4_000)}`]),
    {
      headers: { x: 'a'.repeat(4_000) },
    },
    { level: OWN },
  ),
  served(
    '150 header fields',
    '9110 5.4',
    ask('GET /', fields(150)),
    {
      headers: { 'x-149': 'a' },
    },
    { level: OWN },
  ),
  tooMuch('a header value of 20 kB', ask('GET /', [`X: ${'a'.repeat(20_000)}`])),
  tooMuch('a header value of 500 kB', ask('GET /', [`X: ${'a'.repeat(500_000)}`])),
  tooMuch('a header name of 20 kB', ask('GET /', [`${'X'.repeat(20_000)}: a`])),
  tooMuch('20 kB over many fields', ask('GET /', Array(100).fill(`X: ${'a'.repeat(200)}`))),
  tooMuch('a header without an end', ask('GET /', [`X: ${'a'.repeat(60_000)}`]).trimEnd()),
  rules('3000 header fields', '9110 5.4', ask('GET /', Array(3_000).fill('a:')), [
    [
      MUST,
      { answers: [{ status: isClientError }], after: 'either' },
      { answers: [{ status: 200, seen: { method: 'GET', target: '/', body: '' } }], after: 'open' },
    ],
    [OWN, { answers: [{ status: 431 }], after: 'closed' }],
  ]),
  rules(
    'a declared body of 1 TB',
    '9110 15.5.14',
    [ask('POST /', ['Content-Length: 1000000000000'], 'hello')],
    [[OWN, { answers: [{ status: 413, has: { connection: 'close' } }], after: 'closed' }]],
  ),
  rules(
    'a chunk of 1 TB',
    '9110 15.5.14',
    [ask('POST /', ['Transfer-Encoding: chunked'], 'E8D4A51000\r\nhello')],
    [[OWN, { answers: [{ status: 413 }], after: 'closed' }]],
  ),
]

export default group('limits', limits)
