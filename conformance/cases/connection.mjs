// Pipelining, keep-alive, half-close, and how a connection ends.

import {
  answered,
  ask,
  chunks,
  group,
  isRefusal,
  MUST,
  OWN,
  raw,
  rules,
  SHOULD,
  served,
} from '../lib/build.mjs'

const PIPELINE = '9112 9.3.2'
const CLOSE = '9112 9.6'
const HALF = '9112 9.6'

const post = (target, body) => ask(`POST ${target}`, [`Content-Length: ${body.length}`], body)
const inOrder = (targets) => ({
  answers: targets.map((target) => ({ status: 200, seen: { target } })),
  after: 'open',
})
const all = (name, requests, targets, options) =>
  rules(name, PIPELINE, requests.join(''), [[MUST, inOrder(targets)]], options)

const many = (count, start) => Array.from({ length: count }, (_, at) => `${start}${at}`)
const gets = (targets) => targets.map((target) => ask(`GET ${target}`))

const pipelines = [
  all('2 requests', gets(['/a', '/b']), ['/a', '/b']),
  all('16 requests', gets(many(16, '/')), many(16, '/')),
  all('100 requests', gets(many(100, '/')), many(100, '/')),
  all('16 requests to an app that answers late', gets(many(16, '/later')), many(16, '/later')),
  all('late and at once by turns', gets(['/later1', '/unread', '/later2', '/b']), [
    '/later1',
    '/unread',
    '/later2',
    '/b',
  ]),
  all('streamed answers', gets(['/stream', '/a', '/stream', '/stream']), [
    '/stream',
    '/a',
    '/stream',
    '/stream',
  ]),
  all(
    'bodies',
    [post('/a', 'one'), post('/later', 'two'), ask('GET /c'), post('/d', '')],
    ['/a', '/later', '/c', '/d'],
  ),
  all(
    'chunks',
    many(8, '/').map((target) =>
      ask(`POST ${target}`, ['Transfer-Encoding: chunked'], chunks('ab', 'c')),
    ),
    many(8, '/'),
  ),
  rules(
    'HEAD between',
    PIPELINE,
    ask('GET /a') + ask('HEAD /b') + ask('GET /c'),
    [
      [
        MUST,
        {
          answers: [
            { status: 200, seen: { target: '/a' } },
            { status: 200 },
            {
              status: 200,
              seen: { target: '/c' },
            },
          ],
          after: 'open',
        },
      ],
    ],
    { methods: ['GET', 'HEAD', 'GET'] },
  ),
  rules(
    'answers without a body between',
    PIPELINE,
    gets(['/status/204', '/status/304', '/c']).join(''),
    [
      [
        MUST,
        {
          answers: [{ status: 204 }, { status: 304 }, { status: 200, seen: { target: '/c' } }],
          after: 'open',
        },
      ],
    ],
  ),
  ...['/', '/later', '/stream'].map((target) =>
    rules(
      `a refusal waits for the answer before it (${target})`,
      PIPELINE,
      [ask(`GET ${target}`) + raw('GET / HTTP/1.1', ['Host : a'])],
      [
        [
          MUST,
          { answers: [{ status: 200, seen: { target } }, { status: isRefusal }], after: 'closed' },
          { answers: [{ status: 200, seen: { target } }], after: 'closed' },
        ],
        [
          SHOULD,
          { answers: [{ status: 200, seen: { target } }, { status: 400 }], after: 'closed' },
        ],
      ],
    ),
  ),
  rules(
    'an answer does not wait for the rest of the next request',
    PIPELINE,
    [`${ask('GET /a')}GET /b HT`, answered(1), 'TP/1.1\r\nHost: a\r\n\r\n'],
    [[MUST, inOrder(['/a', '/b'])]],
  ),
  rules(
    'an answer does not wait for the body of the next request',
    PIPELINE,
    [ask('GET /a') + ask('POST /b', ['Content-Length: 5'], 'he'), answered(1), 'llo'],
    [[MUST, inOrder(['/a', '/b'])]],
  ),
  rules(
    'one request after the other',
    '9112 9.3',
    [
      ask('GET /a'),
      answered(1),
      ask('GET /b'),
      answered(2),
      post('/c', 'hello'),
      answered(3),
      ask('GET /d'),
    ],
    [[MUST, inOrder(['/a', '/b', '/c', '/d'])]],
  ),
]

const withConnection = (...values) =>
  ask(
    'GET /',
    values.map((value) => `Connection: ${value}`),
  )
const closing = (name, send) =>
  rules(name, CLOSE, send, [
    [MUST, { answers: [{ status: 200 }], after: 'closed' }],
    [SHOULD, { answers: [{ status: 200, has: { connection: 'close' } }], after: 'closed' }],
  ])

const persistence = [
  served('1.1 goes on', '9112 9.3', ask('GET /'), {}),
  served('keep-alive goes on', '9112 9.3', withConnection('keep-alive'), {}),
  served('fields that nobody knows go on', '9110 7.6.1', withConnection('foo, bar'), {}),
  served('an empty Connection goes on', '9110 5.6.1.2', withConnection(''), {}),
  served('empty elements go on', '9110 5.6.1.2', withConnection(', ,foo,,'), {}),
  served('closed is not close', '9110 7.6.1', withConnection('closed'), {}),
  served(
    'a quoted close is none',
    '9110 7.6.1',
    ask('GET /', ['X: close', 'Y: Connection: close']),
    {},
  ),
  closing('close', withConnection('close')),
  closing('Close in any case', withConnection('ClOsE')),
  closing('close and keep-alive', withConnection('keep-alive, close')),
  closing('close and keep-alive, the other way round', withConnection('close, keep-alive')),
  closing('close in a list', withConnection('foo,close ,bar')),
  closing('close in a second line', withConnection('keep-alive', 'close')),
  closing('close behind an empty element', withConnection(' , close')),
  closing('close behind a tab', withConnection('foo,\tclose')),
  closing('close to an app that answers late', ask('GET /later', ['Connection: close'])),
  closing('close with a body', ask('POST /', ['Connection: close', 'Content-Length: 1'], 'a')),
  closing('close with a streamed answer', ask('GET /stream', ['Connection: close'])),
  closing('close that the app wants', ask('GET /close')),
  rules(
    'nothing is served behind close',
    CLOSE,
    [ask('GET /', ['Connection: close']) + ask('GET /b') + ask('GET /c')],
    [[MUST, { answers: [{ status: 200, seen: { target: '/' } }], after: 'closed' }]],
  ),
  rules(
    'garbage behind close is not looked at',
    CLOSE,
    [`${ask('GET /', ['Connection: close'])}\0\0garbage\r\n\r\n`],
    [[MUST, { answers: [{ status: 200 }], after: 'closed' }]],
  ),
]

const finished = (name, send, answers, options = {}) =>
  rules(name, HALF, send, [[OWN, { answers, after: 'closed' }]], { end: true, ...options })
const ok = (target) => ({ status: 200, seen: { target } })

const halfClosed = [
  finished('a GET', ask('GET /'), [ok('/')]),
  finished('a GET to an app that answers late', ask('GET /later'), [ok('/later')]),
  finished('a streamed answer', ask('GET /stream'), [ok('/stream')]),
  finished('a large answer', ask('GET /large'), [{ status: 200 }]),
  finished('a POST', post('/', 'hello'), [{ status: 200, seen: { body: 'hello' } }]),
  finished('a POST in chunks', ask('POST /', ['Transfer-Encoding: chunked'], chunks('hello')), [
    { status: 200, seen: { body: 'hello' } },
  ]),
  finished('a GET of 1.0', raw('GET / HTTP/1.0'), [ok('/')]),
  finished('pipelined requests', gets(['/a', '/later', '/c']).join(''), [
    ok('/a'),
    ok('/later'),
    ok('/c'),
  ]),
  finished('nothing at all', '', []),
  finished('an empty line', '\r\n', []),
  finished('after an answer', [ask('GET /'), answered(1), ''], [ok('/')]),
]

const cutShort = (name, send, before = []) =>
  rules(
    name,
    '9112 8',
    send,
    [
      [
        MUST,
        { answers: before, after: 'closed' },
        { answers: [...before, { status: [400, 408] }], after: 'closed' },
      ],
    ],
    { end: true },
  )

const incomplete = [
  cutShort('half a method', 'GE'),
  cutShort('half a request line', 'GET / HTTP/1.'),
  cutShort('no header line', 'GET / HTTP/1.1\r\n'),
  cutShort('half a header line', 'GET / HTTP/1.1\r\nHost: a'),
  cutShort('no empty line', 'GET / HTTP/1.1\r\nHost: a\r\n'),
  cutShort('half an empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\r'),
  cutShort('no body', ask('POST /', ['Content-Length: 5'])),
  cutShort('half a body', ask('POST /', ['Content-Length: 5'], 'he')),
  cutShort('half a body to an app that is late', ask('POST /later', ['Content-Length: 5'], 'he')),
  cutShort('no chunk', ask('POST /', ['Transfer-Encoding: chunked'])),
  cutShort('half a size', ask('POST /', ['Transfer-Encoding: chunked'], '5')),
  cutShort('half a chunk', ask('POST /', ['Transfer-Encoding: chunked'], '5\r\nhe')),
  cutShort('no last chunk', ask('POST /', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n')),
  cutShort('no end of trailers', ask('POST /', ['Transfer-Encoding: chunked'], '0\r\n')),
  cutShort('half a second request', `${ask('GET /')}GET /b HT`, [{ status: 200 }]),
]

const FLOOD = 'x'.repeat(1_000_000)
const WHOLE = ['whole', 'whole, a request behind it']
const readable = (name, send, answer) =>
  rules(name, CLOSE, send, [[OWN, { answers: [answer], after: 'closed' }]], { splits: WHOLE })

const unread = [
  ...['/unread', '/unread/b'].map((target) =>
    rules(
      `a small body that the app does not read (${target})`,
      '9112 9.3',
      post(target, 'hello'),
      [
        [MUST, { answers: [{ status: 200, seen: { target } }], after: 'either' }],
        [OWN, { answers: [{ status: 200, seen: { target } }], after: 'open' }],
      ],
    ),
  ),
  rules(
    'chunks that the app does not read',
    '9112 9.3',
    [ask('POST /unread', ['Transfer-Encoding: chunked'], chunks('hello'))],
    [[MUST, { answers: [{ status: 200 }], after: 'either' }]],
  ),
  rules(
    '1 MB that the app does not read',
    '9112 9.3',
    post('/unread', FLOOD),
    [[MUST, { answers: [{ status: 200 }], after: 'either' }]],
    { splits: WHOLE },
  ),
  rules(
    'an unread body that looks like a request',
    '9112 9.3',
    post('/unread', ask('GET /inner')),
    [[MUST, { answers: [{ status: 200, seen: { target: '/unread' } }], after: 'either' }]],
  ),
  readable('a refusal can be read while the client sends', ask('GET /', ['X : a']) + FLOOD, {
    status: 400,
  }),
  readable(
    '413 can be read while the client sends',
    [ask('POST /', ['Content-Length: 1000000000000'], FLOOD)],
    { status: 413 },
  ),
  readable('431 can be read while the client sends', `${ask('GET /', [`X: ${FLOOD}`])}`, {
    status: 431,
  }),
  readable(
    'the answer before close can be read while the client sends',
    [ask('GET /', ['Connection: close']) + FLOOD],
    { status: 200 },
  ),
  readable(
    'a bad chunk is answered while the client sends',
    [ask('POST /', ['Transfer-Encoding: chunked'], `x\r\n${FLOOD}`)],
    { status: 400 },
  ),
]

export default [
  ...group('pipelining', pipelines),
  ...group('keep-alive and close', persistence),
  ...group('half-close', halfClosed),
  ...group('incomplete requests', incomplete),
  ...group('unread bodies and refusals', unread),
]
