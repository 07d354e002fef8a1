// Expect and Upgrade: what a client asks for that the server need not do.

import { ask, chunks, group, informed, isRefusal, MUST, OWN, rules, served } from '../lib/build.mjs'

const EXPECT = '9110 10.1.1'
const UPGRADE = '9110 7.8'
const WAITS = ['Content-Length: 5', 'Expect: 100-continue']
const hello = { status: 200, seen: { body: 'hello' } }
const both = (answer, after) => [
  { answers: [answer], informational: [100], after },
  { answers: [answer], informational: [], after },
]

const expectations = [
  rules('the body goes with the head', EXPECT, ask('POST /', WAITS, 'hello'), [
    [MUST, ...both(hello, 'open')],
  ]),
  served(
    '100 goes out when the app reads',
    EXPECT,
    [ask('POST /', WAITS), informed(1), 'hello'],
    { body: 'hello' },
    { informational: [100] },
  ),
  served(
    '100 goes out for chunks',
    EXPECT,
    [
      ask('POST /', ['Transfer-Encoding: chunked', 'Expect: 100-continue']),
      informed(1),
      chunks('hello'),
    ],
    { body: 'hello' },
    { informational: [100] },
  ),
  served(
    '100-Continue in any case',
    EXPECT,
    [ask('POST /', ['Content-Length: 5', 'Expect: 100-Continue']), informed(1), 'hello'],
    { body: 'hello' },
    { informational: [100] },
  ),
  served(
    '100 goes out when the app reads late',
    EXPECT,
    [ask('POST /later', WAITS), informed(1), 'hello'],
    { body: 'hello' },
    { informational: [100] },
  ),
  rules(
    'no 100 when the app does not read',
    EXPECT,
    ask('POST /unread', WAITS),
    [[OWN, { answers: [{ status: 200 }], informational: [], after: 'closed' }]],
    { next: false },
  ),
  rules(
    'no 100 for a request that is refused',
    EXPECT,
    ask('POST /', ['Content-Length: 5', 'Content-Length: 6', 'Expect: 100-continue']),
    [[MUST, { answers: [{ status: 400 }], informational: [], after: 'closed' }]],
    { next: false },
  ),
  rules(
    '413 instead of 100',
    EXPECT,
    ask('POST /', ['Content-Length: 1000000000000', 'Expect: 100-continue']),
    [[OWN, { answers: [{ status: 413 }], informational: [], after: 'closed' }]],
    { next: false },
  ),
  rules('without a body', EXPECT, ask('GET /', ['Expect: 100-continue']), [
    [MUST, ...both({ status: 200, seen: { body: '' } }, 'open')],
    [OWN, { answers: [{ status: 200 }], informational: [], after: 'open' }],
  ]),
  rules(
    'with a body of 0 bytes',
    EXPECT,
    [ask('POST /', ['Content-Length: 0', 'Expect: 100-continue'])],
    [[MUST, ...both({ status: 200, seen: { body: '' } }, 'open')]],
  ),
  ...['200-ok', 'gzip', '100-continue, 200-ok', '100-continued', '100-continue;a=b'].map((value) =>
    rules(`Expect: ${value}`, EXPECT, ask('POST /', [`Expect: ${value}`, 'Content-Length: 0']), [
      [
        MUST,
        { answers: [{ status: isRefusal }], after: 'either' },
        ...both({ status: 200 }, 'open'),
      ],
      [OWN, { answers: [{ status: 417 }], informational: [], after: 'closed' }],
    ]),
  ),
]

const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQAAP__',
]
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const upgrades = [
  served('h2c, as curl --http2 sends it', UPGRADE, ask('GET /', H2C), { method: 'GET' }),
  served(
    'h2c on a POST, as Java sends it',
    UPGRADE,
    [ask('POST /', [...H2C, 'Content-Length: 5'], 'hello')],
    { body: 'hello' },
  ),
  served(
    'h2c on chunks',
    UPGRADE,
    [ask('POST /', [...H2C, 'Transfer-Encoding: chunked'], chunks('hello'))],
    { body: 'hello' },
  ),
  served('websocket', UPGRADE, ask('GET /', WEBSOCKET), { method: 'GET' }),
  served('websocket to an app that answers late', UPGRADE, ask('GET /later', WEBSOCKET), {}),
  served('Upgrade without Connection', UPGRADE, ask('GET /', ['Upgrade: h2c']), {}),
  served('Connection: upgrade without Upgrade', UPGRADE, ask('GET /', ['Connection: upgrade']), {}),
  served(
    'TLS/1.0, as old clients ask for it',
    UPGRADE,
    [ask('OPTIONS *', ['Connection: Upgrade', 'Upgrade: TLS/1.0'])],
    {},
  ),
  served(
    'a list of protocols',
    UPGRADE,
    [ask('GET /', ['Connection: upgrade', 'Upgrade: a/1, b , c/2.0'])],
    {},
  ),
  served(
    'Upgrade and close',
    UPGRADE,
    [ask('GET /', ['Connection: upgrade, close', 'Upgrade: h2c'])],
    {},
    { after: 'closed' },
  ),
  rules('requests behind an Upgrade', UPGRADE, ask('GET /', H2C) + ask('GET /b', H2C), [
    [
      MUST,
      {
        answers: [
          { status: 200, seen: { target: '/' } },
          { status: 200, seen: { target: '/b' } },
        ],
        after: 'open',
      },
    ],
  ]),
]

export default [...group('Expect', expectations), ...group('Upgrade', upgrades)]
