// How long a body is: version x method x Content-Length x Transfer-Encoding x body.

import {
  ask,
  chunks,
  group,
  isRefusal,
  MUST,
  OWN,
  raw,
  refusedWith,
  rules,
  SHOULD,
  served,
} from '../lib/build.mjs'

const LENGTH = '9112 6.3'
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'TRACE']
const HELLO = 'hello'
const CHUNKED = chunks('hel', 'lo')

const CLOSED_400 = { answers: [{ status: 400 }], after: 'closed' }
const asChunked = (method, after) => ({
  answers: [{ status: 200, seen: { method, body: HELLO } }],
  after,
})

/** [what, fields, body, how it must end] */
const FRAMINGS = [
  ['no length', [], '', (method) => framed(method, '')],
  ['length 0', ['Content-Length: 0'], '', (method) => framed(method, '')],
  ['length 5', ['Content-Length: 5'], HELLO, (method) => framed(method, HELLO)],
  ['chunked', ['Transfer-Encoding: chunked'], CHUNKED, (method) => framed(method, HELLO)],
  ['chunked, empty', ['Transfer-Encoding: chunked'], '0\r\n\r\n', (method) => framed(method, '')],
  [
    'chunked and length',
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    CHUNKED,
    (method) => [
      [MUST, CLOSED_400, asChunked(method, 'closed')],
      [OWN, CLOSED_400],
    ],
  ],
  [
    'length and chunked, the other way round',
    ['Transfer-Encoding: chunked', `Content-Length: ${CHUNKED.length}`],
    CHUNKED,
    (method) => [
      [MUST, CLOSED_400, asChunked(method, 'closed')],
      [OWN, CLOSED_400],
    ],
  ],
  [
    'chunked is not the last coding',
    ['Transfer-Encoding: chunked, gzip'],
    CHUNKED,
    () => [[MUST, CLOSED_400, { answers: [{ status: 501 }], after: 'closed' }]],
  ],
  [
    'a coding before chunked',
    ['Transfer-Encoding: gzip, chunked'],
    CHUNKED,
    () => [[SHOULD, { answers: [{ status: 501 }], after: 'closed' }]],
  ],
  ['two lengths', ['Content-Length: 5', 'Content-Length: 6'], HELLO, () => [[MUST, CLOSED_400]]],
  [
    'the same length twice',
    ['Content-Length: 5', 'Content-Length: 5'],
    HELLO,
    (method) => [
      [MUST, CLOSED_400, asChunked(method, 'open')],
      [OWN, CLOSED_400],
    ],
  ],
  ['a length of nothing', ['Content-Length:'], HELLO, () => [[MUST, CLOSED_400]]],
]

function framed(method, body) {
  const answer = { status: 200, seen: { method, body } }
  // A body that the method gives no sense to may also end the connection.
  const after = body !== '' && /^(GET|DELETE|TRACE)$/.test(method) ? 'either' : 'open'
  const strict = [[MUST, { answers: [answer], after }]]
  if (after === 'open') return strict
  return [
    [MUST, { answers: [answer], after }, { answers: [{ status: isRefusal }], after: 'closed' }],
    [OWN, { answers: [answer], after: 'open' }],
  ]
}

const table = METHODS.flatMap((method) =>
  FRAMINGS.map(([what, fields, body, rulesFor]) =>
    rules(`${method}, ${what}`, LENGTH, ask(`${method} /`, fields, body), rulesFor(method)),
  ),
)

/** HEAD has no echo to look into: the request behind it tells whether the body was taken off. */
const heads = FRAMINGS.map(([what, fields, body]) => {
  const answer = { status: 200, has: { 'x-seen': 'HEAD /' } }
  const refusal = { status: isRefusal }
  const isPlain = body === '' || what === 'length 0'
  const after = isPlain ? 'open' : 'either'
  const mayServe = !/two|nothing|last coding/.test(what)
  const outcomes = mayServe ? [{ answers: [answer], after }] : []
  if (!isPlain) outcomes.push({ answers: [refusal], after: 'closed' })
  const list = [[MUST, ...outcomes]]
  return rules(`HEAD, ${what}`, LENGTH, ask('HEAD /', fields, body), list, { methods: ['HEAD'] })
})

const old = (method, fields, body) =>
  raw(`${method} / HTTP/1.0`, [...fields, 'Connection: keep-alive'], body)
const UNSPOKEN = { answers: [{ status: 505 }], after: 'closed' }

const http10 = ['GET', 'POST', 'DELETE'].flatMap((method) =>
  FRAMINGS.map(([what, fields, body]) => {
    const name = `1.0 ${method}, ${what}`
    const send = old(method, fields, body)
    if (/chunked|coding/.test(what)) {
      return rules(name, '9112 6.1', send, [
        [
          MUST,
          { answers: [{ status: isRefusal }], after: 'closed' },
          { answers: [{ status: 200 }], after: 'closed' },
        ],
        [OWN, { answers: [{ status: [400, 501] }], after: 'closed' }],
      ])
    }
    if (/two|nothing/.test(what)) return rules(name, LENGTH, send, [[MUST, CLOSED_400, UNSPOKEN]])
    const seen = { method, body }
    const served10 = { answers: [{ status: 200, seen }], after: 'either' }
    return rules(name, LENGTH, send, [[MUST, served10, CLOSED_400, UNSPOKEN]])
  }),
)

const bytes = Array.from({ length: 256 }, (_, at) => String.fromCharCode(at)).join('')
const TWICE = `${ask('POST /', ['Content-Length: 5'], HELLO)}${ask(
  'POST /',
  ['Transfer-Encoding: chunked'],
  CHUNKED,
)}`

const bodies = [
  served('a body of every byte', LENGTH, ask('POST /', ['Content-Length: 256'], bytes), {
    body: bytes,
  }),
  served(
    'every byte in a chunk',
    LENGTH,
    [ask('POST /', ['Transfer-Encoding: chunked'], chunks(bytes))],
    { body: bytes },
  ),
  served(
    'a body that looks like a request',
    LENGTH,
    [
      ask(
        'POST /',
        ['Content-Length: 37'],
        'GET /inner HTTP/1.1\r\nHost: inner\r\n\r\n!'.slice(0, 37),
      ),
    ],
    { body: /^GET \/inner/ },
  ),
  served(
    'a body of 100 kB',
    LENGTH,
    [ask('POST /', ['Content-Length: 100000'], 'x'.repeat(100_000))],
    { bodyLength: 100_000 },
  ),
  served(
    '100 kB in one chunk',
    LENGTH,
    [ask('POST /', ['Transfer-Encoding: chunked'], chunks('x'.repeat(100_000)))],
    { bodyLength: 100_000 },
  ),
  served('a body of empty lines', LENGTH, ask('POST /', ['Content-Length: 8'], '\r\n'.repeat(4)), {
    body: '\r\n'.repeat(4),
  }),
  rules('bodies of both kinds in one piece', LENGTH, TWICE, [
    [
      MUST,
      {
        answers: [
          { status: 200, seen: { body: HELLO } },
          { status: 200, seen: { body: HELLO } },
        ],
        after: 'open',
      },
    ],
  ]),
  served(
    'a length with zeros in front',
    '9110 8.6',
    [ask('POST /', ['Content-Length: 0005'], HELLO)],
    { body: HELLO },
  ),
  served('spaces around the length', '9110 5.5', ask('POST /', ['Content-Length: \t5 '], HELLO), {
    body: HELLO,
  }),
  served(
    'CHUNKED in any case',
    '9112 7',
    [ask('POST /', ['Transfer-Encoding: cHuNkEd'], CHUNKED)],
    { body: HELLO },
  ),
  served(
    'spaces around chunked',
    '9110 5.5',
    [ask('POST /', ['Transfer-Encoding: \t chunked \t'], CHUNKED)],
    { body: HELLO },
  ),
  served(
    'a Trailer field without chunked',
    '9110 6.6.2',
    [ask('POST /', ['Content-Length: 5', 'Trailer: x'], HELLO)],
    { body: HELLO },
  ),
  served(
    'TE says what the client takes',
    '9110 10.1.4',
    [ask('GET /', ['TE: trailers, gzip;q=0.5', 'Connection: TE'])],
    {},
  ),
]

const lengths = [
  ...[
    '+5',
    '-5',
    '-0',
    '0x5',
    '5.0',
    '5e0',
    '5 5',
    '5;',
    '5;a=b',
    '"5"',
    'five',
    '5,6',
    '5, 6',
    '5x',
    '1_0',
    '\xb2',
    '5\v',
    '\f5',
    '5\xa0',
    '9'.repeat(20),
    '18446744073709551621',
    '340282366920938463463374607431768211461',
  ].map((length) =>
    refusedWith(
      [400, 413],
      `Content-Length: ${JSON.stringify(length)}`,
      LENGTH,
      ask('POST /', [`Content-Length: ${length}`], HELLO),
    ),
  ),
  ...['5, 5', '5,5', '5 ,5', '5,', ',5'].map((length) =>
    rules(
      `Content-Length: ${length}`,
      LENGTH,
      [ask('POST /', [`Content-Length: ${length}`], HELLO)],
      [
        [MUST, CLOSED_400, asChunked('POST', 'open')],
        [OWN, CLOSED_400],
      ],
    ),
  ),
]

export default [
  ...group('framing table', [...table, ...heads, ...http10]),
  ...group('bodies', bodies),
  ...group('bad lengths', lengths),
]
