// Answers: their framing, fields and dates.

import {
  ask,
  group,
  isRefusal,
  MUST,
  OWN,
  raw,
  rules,
  SHOULD,
  served,
  WAITS,
} from '../lib/build.mjs'

const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const get = (target, fields) => ask(`GET ${target}`, fields)
const head = (name, rfc, target, answer) =>
  served(name, rfc, ask(`HEAD ${target}`), undefined, { ...answer, methods: ['HEAD'] })

const heads = [
  head('no content', '9110 9.3.2', '/', { has: { 'x-seen': 'HEAD /' } }),
  head('no content where GET is streamed', '9110 9.3.2', '/stream', {}),
  head('no content of a large answer', '9110 9.3.2', '/large', {}),
  head('no content of an error', '9110 9.3.2', '/status/404', { status: 404 }),
  head('204', '9110 9.3.2', '/status/204', { status: 204 }),
  head('304', '9110 9.3.2', '/status/304', { status: 304 }),
  head('says the length that GET has', '9110 9.3.2', '/large', {
    level: SHOULD,
    has: { 'content-length': '240000' },
  }),
  ...[
    ['without a Host', raw('HEAD / HTTP/1.1'), 400],
    ['with two Hosts', raw('HEAD / HTTP/1.1', ['Host: a', 'Host: b']), 400],
    ['with a bad length', ask('HEAD /', ['Content-Length: x']), 400],
    ['with a space before a colon', ask('HEAD /', ['X : a']), 400],
    ['of 40 kB', ask('HEAD /', [`X: ${'a'.repeat(40_000)}`]), isRefusal],
    ['of a long target', ask(`HEAD /${'a'.repeat(40_000)}`), isRefusal],
  ].map(([name, send, status]) =>
    rules(
      `a refusal ${name}`,
      '9110 9.3.2',
      send,
      [[MUST, { answers: [{ status }], after: 'either' }]],
      { methods: ['HEAD'] },
    ),
  ),
  ...[
    ['a failed expectation', ['Expect: x']],
    ['a body that is too large', ['Content-Length: 1000000000000']],
  ].map(([name, lines]) =>
    rules(
      `${name}, if it is refused`,
      '9110 9.3.2',
      ask('HEAD /', lines),
      [
        [
          MUST,
          { answers: [{ status: isRefusal }], after: 'either' },
          { answers: [{ status: 200 }], after: 'either' },
          WAITS,
        ],
      ],
      { methods: ['HEAD'], next: false },
    ),
  ),
  rules(
    'HEAD to an app that throws',
    '9110 9.3.2',
    ask('HEAD /throw'),
    [[MUST, { answers: [{ status: 500 }], after: 'either' }]],
    { methods: ['HEAD'] },
  ),
]

const BODILESS = [
  [
    '204',
    '9110 8.6',
    '/status/204',
    { status: 204, hasNot: ['content-length', 'transfer-encoding'] },
  ],
  ['304', '9112 6.1', '/status/304', { status: 304, hasNot: ['transfer-encoding'] }],
  ['205', '9110 15.3.6', '/status/205', { status: 205, body: '' }],
]

const framing = [
  ...BODILESS.map(([name, rfc, target, answer]) =>
    served(`${name} has no content`, rfc, get(target), undefined, answer),
  ),
  served('an empty answer', '9112 6.3', get('/empty'), undefined, { body: '' }),
  served('a stream to 1.1 is chunked', '9112 6.1', get('/stream'), undefined, {
    has: { 'transfer-encoding': ['chunked'] },
    hasNot: ['content-length'],
  }),
  served('text has a length', '9110 8.6', get('/'), undefined, {
    level: SHOULD,
    has: { 'content-length': /^\d+$/ },
    hasNot: ['transfer-encoding'],
  }),
  served('a large answer', '9112 6.3', get('/large'), undefined, {
    body: 'large '.repeat(40_000),
  }),
  rules('never framed twice, whatever the app says', '9112 6.2', get('/hop'), [
    [
      MUST,
      { answers: [{ status: 200 }], after: 'either' },
      { answers: [{ status: 500 }], after: 'either' },
    ],
  ]),
  rules('a body shorter than its length', '9110 8.6', get('/short'), [
    [
      OWN,
      { answers: [], after: 'cut' },
      { answers: [{ status: 500 }], after: 'either' },
      { answers: [{ status: 200, body: '12345' }], after: 'either' },
    ],
  ]),
  rules('a body longer than its length', '9110 8.6', get('/long'), [
    [
      OWN,
      { answers: [{ status: 200, body: '12345' }], after: 'either' },
      { answers: [{ status: 200, body: '1234567890' }], after: 'either' },
      { answers: [{ status: 500 }], after: 'either' },
      { answers: [], after: 'cut' },
    ],
  ]),
  rules('a stream that fails is seen to fail', '9112 8', get('/break'), [
    [MUST, { answers: [], after: 'cut' }, { answers: [{ status: 500 }], after: 'either' }],
  ]),
]

const fieldCase = (name, value, absent) =>
  rules(name, '9110 5.5', get(`/field?${encodeURIComponent(value)}`), [
    [
      MUST,
      { answers: [{ status: 500, hasNot: [absent] }], after: 'either' },
      { answers: [{ status: 200, hasNot: [absent] }], after: 'open' },
    ],
  ])

const fields = [
  served('every set-cookie has a line of its own', '6265 3', get('/cookies'), undefined, {
    level: SHOULD,
    has: { 'set-cookie': ['a=1', 'b=2; path=/'] },
  }),
  served('the value that the app gave', '9110 5.5', get('/field?a%20b'), undefined, {
    has: { 'x-field': ['a b'] },
  }),
  fieldCase('no splitting by CRLF', 'a\r\nx-evil: 1', 'x-evil'),
  fieldCase('no splitting by LF', 'a\nx-evil: 1', 'x-evil'),
  fieldCase('no splitting by CR', 'a\rx-evil: 1', 'x-evil'),
  fieldCase('no answer inside a value', 'a\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK', 'x-evil'),
  fieldCase('no NUL in a value', 'a\0b', 'x-evil'),
  served(
    'keep-alive of the app does not keep 1.1 from closing',
    '9112 9.6',
    [ask('GET /keep', ['Connection: close'])],
    undefined,
    { after: 'closed', hasNot: [] },
  ),
]

const DATED = [200, 201, 301, 400, 404]
const dated = (name, send, status, level = MUST) =>
  rules(name, '9110 6.6.1', send, [
    [level, { answers: [{ status, has: { date: DATE } }], after: 'either' }],
  ])

const dates = [
  ...DATED.map((status) => dated(`on ${status}`, get(`/status/${status}`), status)),
  dated('on a HEAD', ask('HEAD /'), 200),
  dated('on a refusal', raw('GET / HTTP/1.1'), 400),
  dated('on 304', get('/status/304'), 304),
  dated('on 204', get('/status/204'), 204),
  dated('on 500', get('/status/500'), 500, OWN),
].map((test) => (test.name === 'on a HEAD' ? { ...test, methods: ['HEAD'] } : test))

const hint = { answers: [{ status: 200 }], after: 'open' }
const errors = [
  rules('an app that throws', '9110 15.6.1', get('/throw'), [
    [MUST, { answers: [{ status: 500 }], after: 'either' }],
    [OWN, { answers: [{ status: 500 }], after: 'open' }],
  ]),
  ...[200, 201, 299, 301, 400, 404, 418, 499, 500, 503, 599].map((status) =>
    served(`status ${status}`, '9110 15', get(`/status/${status}`), undefined, { status }),
  ),
  rules('103 Early Hints', '9110 15.2', get('/early-hints'), [
    [MUST, { ...hint, informational: [103] }, { ...hint, informational: [] }],
    [OWN, { ...hint, informational: [103] }],
  ]),
  rules('a refusal is an answer like others', '9112 2.2', raw('GET / HTTP/1.1', ['X : a']), [
    [MUST, { answers: [{ status: isRefusal }], after: 'either' }],
    [
      OWN,
      {
        answers: [{ status: 400, has: { 'content-length': /^\d+$/, connection: ['close'] } }],
        after: 'closed',
      },
    ],
  ]),
]

export default [
  ...group('HEAD', heads),
  ...group('framing of answers', framing),
  ...group('fields of answers', fields),
  ...group('Date', dates),
  ...group('statuses', errors),
]
