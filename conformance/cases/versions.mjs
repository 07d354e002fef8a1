// HTTP versions, and what is different for a client of 1.0.

import {
  ask,
  chunks,
  group,
  MUST,
  OWN,
  raw,
  refused,
  rules,
  SHOULD,
  served,
} from '../lib/build.mjs'

const VERSION = '9112 2.3'
const PERSISTENCE = '9112 9.3'
const old = (line, fields, body) => raw(`${line} HTTP/1.0`, fields, body)
// A server may refuse 1.0 altogether and breaks no rule on how to answer it.
const UNSPOKEN = { answers: [{ status: 505 }], after: 'closed' }

const unsupported = ['HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/9.9']
const malformed = [
  'HTTP/1.10',
  'HTTP/11',
  'HTTP/1',
  'HTTP/1.',
  'HTTP/.1',
  'HTTP/01.1',
  'http/1.1',
  'Http/1.1',
  'HTP/1.1',
  'HTTPS/1.1',
  'HTTP/ 1.1',
  'HTTP /1.1',
  'HTTP/1.1x',
  'HTTP/1,1',
  'HTTP/x.1',
  'HTTP/1.1\0',
  'HTTP-1.1',
  'ICE/1.0',
  'RTSP/1.0',
  '1.1',
]

const versions = [
  served('an answer to 1.1 is of 1.1', '9110 6.2', ask('GET /'), { method: 'GET' }),
  ...unsupported.map((version) =>
    refused(version, '9110 15.6.6', raw(`GET / ${version}`, ['Host: a']), {
      level: OWN,
      status: 505,
    }),
  ),
  ...malformed.map((version) =>
    refused(
      `the version ${JSON.stringify(version)}`,
      VERSION,
      raw(`GET / ${version}`, ['Host: a']),
      {
        level: SHOULD,
      },
    ),
  ),
  refused('a line without a version, as 0.9 has it', VERSION, 'GET /\r\n\r\n', { level: OWN }),
]

const CLOSED = { after: 'closed' }

const served10 = (name, rfc, send, answer, outcome, options) =>
  rules(
    name,
    rfc,
    send,
    [[options?.level ?? MUST, { answers: [{ status: 200, ...answer }], ...outcome }, UNSPOKEN]],
    options,
  )

const http10 = [
  served('1.0 is served', VERSION, old('GET /a'), { target: '/a' }, { level: OWN, ...CLOSED }),
  served(
    '1.0 with a Host',
    VERSION,
    old('GET /a', ['Host: b']),
    { host: 'b' },
    {
      level: OWN,
      ...CLOSED,
    },
  ),
  served10('1.0 closes', PERSISTENCE, old('GET /'), {}, CLOSED),
  served10('1.0 with close closes', PERSISTENCE, old('GET /', ['Connection: close']), {}, CLOSED),
  served(
    '1.0 with keep-alive goes on, and is told',
    PERSISTENCE,
    [old('GET /', ['Connection: keep-alive'])],
    undefined,
    { level: OWN, has: { connection: /^keep-alive$/i } },
  ),
  served(
    'Keep-Alive in any case',
    '9110 7.6.1',
    old('GET /', ['Connection: Keep-Alive']),
    {
      method: 'GET',
    },
    { level: OWN },
  ),
  served10(
    'keep-alive and close closes',
    PERSISTENCE,
    old('GET /', ['Connection: keep-alive, close']),
    {},
    CLOSED,
  ),
  served10(
    'no chunked answer to 1.0',
    '9112 6.1',
    old('GET /stream'),
    {
      hasNot: ['transfer-encoding'],
    },
    CLOSED,
  ),
  served10(
    'no chunked answer to 1.0 that keeps alive',
    '9112 6.1',
    [old('GET /stream', ['Connection: keep-alive'])],
    { hasNot: ['transfer-encoding'] },
    CLOSED,
  ),
  served10('no 1xx to 1.0', '9110 15.2', old('GET /early-hints'), {}, CLOSED),
  served10(
    'Expect of 1.0 is ignored',
    '9110 10.1.1',
    [old('POST /', ['Content-Length: 5', 'Expect: 100-continue'], 'hello')],
    { seen: { body: 'hello' } },
    CLOSED,
  ),
  served10(
    'Upgrade of 1.0 is ignored',
    '9110 7.8',
    [old('GET /', ['Connection: upgrade', 'Upgrade: websocket'])],
    {},
    CLOSED,
  ),
  served10(
    'a body with a length',
    '9112 6.3',
    old('POST /', ['Content-Length: 5'], 'hello'),
    {
      seen: { body: 'hello' },
    },
    CLOSED,
  ),
  served10(
    'a body with a length, kept alive',
    '9112 6.3',
    [old('POST /', ['Content-Length: 5', 'Connection: keep-alive'], 'hello')],
    { seen: { body: 'hello' } },
    { after: 'either' },
  ),
  served10(
    'HEAD of 1.0',
    '9110 9.3.2',
    old('HEAD /'),
    {},
    { ...CLOSED, methods: ['HEAD'] },
    {
      methods: ['HEAD'],
    },
  ),
  rules(
    'Transfer-Encoding in 1.0',
    '9112 6.1',
    [old('POST /', ['Host: a', 'Transfer-Encoding: chunked'], chunks('hello'))],
    [
      [MUST, { answers: [{ status: (status) => status === 200 || status >= 400 }], ...CLOSED }],
      [OWN, { answers: [{ status: 400 }], ...CLOSED }],
    ],
  ),
  rules(
    'Transfer-Encoding and keep-alive in 1.0',
    '9112 6.1',
    [old('POST /', ['Transfer-Encoding: chunked', 'Connection: keep-alive'], chunks('hello'))],
    [
      [MUST, { answers: [{ status: (status) => status === 200 || status >= 400 }], ...CLOSED }],
      [OWN, { answers: [{ status: 400 }], ...CLOSED }],
    ],
  ),
]

export default [...group('versions', versions), ...group('HTTP/1.0', http10)]
