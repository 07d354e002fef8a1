// Header lines and Host.

import {
  ask,
  group,
  isRefusal,
  MUST,
  OWN,
  raw,
  refused,
  refusedWith,
  rules,
  SHOULD,
  served,
} from '../lib/build.mjs'

const FIELD = '9112 5'
const VALUE = '9110 5.5'
const withField = (line) => ask('GET /', [line])
const seenX = (value) => ({ headers: { x: value } })

const good = [
  ['no space behind the colon', 'X:a', 'a'],
  ['spaces and tabs around the value', 'X: \t a \t ', 'a'],
  ['spaces inside the value', 'X: a  b\tc', 'a  b\tc'],
  ['an empty value', 'X:', ''],
  ['nothing but spaces', 'X:   ', ''],
  ['a colon in the value', 'X: a:b: c', 'a:b: c'],
  ['an upper-case name', 'x: a', 'a'],
]

const visible = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join('')

const syntax = [
  ...good.map(([name, line, value]) => served(name, FIELD, withField(line), seenX(value))),
  served('every visible byte in a value', VALUE, withField(`X: ${visible}`), seenX(visible)),
  served('an 8-bit byte in a value', VALUE, withField('X: \xe9'), seenX('\xe9'), { level: SHOULD }),
  served('every token byte in a name', '9110 5.1', withField("!#$%&'*+-.^_`|~09azAZ: b"), {
    headers: { "!#$%&'*+-.^_`|~09azaz": 'b' },
  }),
  served(
    'names do not depend on case',
    '9110 5.1',
    [ask('POST /', ['cOnTeNt-LeNgTh: 5'], 'hello')],
    { body: 'hello' },
  ),
  served('lines of one name are one list', '9110 5.3', ask('GET /', ['X: a', 'y: 1', 'x: b']), {
    headers: { x: 'a, b', y: '1' },
  }),
  served('names that JavaScript knows', FIELD, ask('GET /', ['__proto__: a', 'constructor: b']), {
    headers: { constructor: 'b' },
  }),
  served('fields nobody knows', '9110 5.1', ask('GET /', ['X-Unknown: a', 'Foo-Bar: b']), {
    headers: { 'x-unknown': 'a', 'foo-bar': 'b' },
  }),
]

const SPACED = [
  ['a space before the colon', 'X : a'],
  ['a tab before the colon', 'X\t: a'],
  ['spaces before the colon', 'X   : a'],
  ['a space before the colon of Host', 'Host : b'],
]

const folded = (name, lines, value) =>
  rules(name, '9112 5.2', ask('GET /', lines), [
    [
      MUST,
      { answers: [{ status: 400 }], after: 'either' },
      { answers: [{ status: 200, seen: seenX(value) }], after: 'open' },
    ],
    [OWN, { answers: [{ status: 400 }], after: 'closed' }],
  ])

const replaced = (name, line) =>
  rules(name, VALUE, withField(line), [
    [
      MUST,
      { answers: [{ status: isRefusal }], after: 'either' },
      { answers: [], after: 'closed' },
      { answers: [{ status: 200, seen: seenX(/^a b$/) }], after: 'open' },
    ],
    [OWN, { answers: [{ status: 400 }], after: 'closed' }],
  ])

const bad = [
  ...SPACED.map(([name, line]) => refusedWith(400, name, '9112 5.1', withField(line))),
  folded('a folded line', ['X: a', ' b'], /^a +b$/),
  folded('a line folded with a tab', ['X: a', '\tb'], /^a[ \t]+b$/),
  folded('a folded line of spaces', ['X: a', '  '], /^a\s*$/),
  rules('a space before the first field', '9112 2.2', raw('GET / HTTP/1.1', [' X: a', 'Host: a']), [
    [
      MUST,
      { answers: [{ status: isRefusal }], after: 'either' },
      { answers: [{ status: 200, seen: seenX(null) }], after: 'open' },
    ],
    [OWN, { answers: [{ status: 400 }], after: 'closed' }],
  ]),
  replaced('a NUL in a value', 'X: a\0b'),
  replaced('a bare CR in a value', 'X: a\rb'),
  refused('a bare CR at the end of a value', '9112 2.2', withField('X: a\r')),
  refused('a bare CR in a name', '9112 2.2', withField('X\rY: a')),
  refused('a bare CR as a line', '9112 2.2', withField('\r')),
  ...[
    ['no colon', 'X'],
    ['an empty name', ': a'],
    ['a space in a name', 'X Y: a'],
    ['a NUL in a name', 'X\0: a'],
    ['an 8-bit byte in a name', 'X\xe9: a'],
    ['a bracket in a name', 'X(Y): a'],
    ['a slash in a name', 'X/Y: a'],
    ['an @ in a name', 'X@Y: a'],
    ['DEL in a name', 'X\x7f: a'],
    ['an empty name with a space', ' : a'],
    ['a request line among the fields', 'GET / HTTP/1.1'],
  ].map(([name, line]) => refused(name, '9112 5.1', withField(line), { level: SHOULD })),
  ...[
    ['SOH', '\x01'],
    ['BEL', '\x07'],
    ['VT', '\v'],
    ['FF', '\f'],
    ['ESC', '\x1b'],
    ['DEL', '\x7f'],
  ].map(([name, byte]) =>
    refused(`${name} in a value`, VALUE, withField(`X: a${byte}b`), { level: OWN }),
  ),
  ...[
    ['lines end in LF', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['one line ends in LF', 'GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n'],
    ['the empty line is LF', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ].map(([name, send]) => refused(name, '9112 2.2', send, { level: OWN })),
]

const emptyLines = [
  served(
    'an empty line before the request',
    '9112 2.2',
    `\r\n${ask('GET /')}`,
    { target: '/' },
    {
      level: SHOULD,
    },
  ),
  served('two empty lines', '9112 2.2', `\r\n\r\n${ask('GET /')}`, { target: '/' }, { level: OWN }),
  served(
    'an empty line behind a body',
    '9112 2.2',
    [`${ask('POST /', ['Content-Length: 1'], 'a')}\r\n`],
    { body: 'a' },
    { level: SHOULD },
  ),
  refused('1000 empty lines', '9112 2.2', '\r\n'.repeat(1000) + ask('GET /'), { level: OWN }),
]

const HOST = '9112 3.2'
const withHosts = (...lines) => raw('GET / HTTP/1.1', lines)
const goodHosts = [
  'a',
  'a.b-c',
  'a:80',
  'a:81',
  'a:',
  '127.0.0.1',
  '127.0.0.1:8080',
  '[::1]',
  '[::1]:8080',
  'A.EXAMPLE',
  'a_b',
  'xn--bcher-kva.example',
]
const badHosts = [
  ':80',
  'a:x',
  'a:65536',
  'a:-1',
  'a:80:80',
  'a b',
  'a/b',
  'a?b',
  'a#b',
  'a, b',
  'u@a',
  '[::1',
  '::1',
  '[::1]x',
  '[]',
  'a\\b',
  'a\xe4',
  'a%',
  '<a>',
  'http://a',
  'a\tb',
]

const hosts = [
  ...goodHosts.map((host) => served(`Host: ${host}`, HOST, withHosts(`Host: ${host}`), {})),
  served('the host reaches the app', HOST, withHosts('Host: example.com:81'), {
    host: 'example.com:81',
  }),
  served('spaces around the host', HOST, withHosts('Host:  \t a \t'), { host: 'a' }),
  refusedWith(400, 'no Host', HOST, raw('GET / HTTP/1.1'), { after: 'either' }),
  refusedWith(400, 'no Host, other fields', HOST, withHosts('X: a', 'Y: b'), { after: 'either' }),
  refusedWith(400, 'no Host, absolute-form', HOST, raw('GET http://a/ HTTP/1.1'), {
    after: 'either',
  }),
  refusedWith(400, 'two Hosts', HOST, withHosts('Host: a', 'Host: b'), { after: 'either' }),
  refusedWith(400, 'the same Host twice', HOST, withHosts('Host: a', 'Host: a'), {
    after: 'either',
  }),
  refusedWith(400, 'two Hosts in other cases', HOST, withHosts('HOST: a', 'x: y', 'host: b'), {
    after: 'either',
  }),
  rules('two Hosts in 1.0', HOST, raw('GET / HTTP/1.0', ['Host: a', 'Host: b']), [
    [
      MUST,
      { answers: [{ status: 400 }], after: 'either' },
      { answers: [{ status: 505 }], after: 'closed' },
    ],
  ]),
  ...badHosts.map((host) =>
    refusedWith(400, `Host: ${JSON.stringify(host)}`, HOST, withHosts(`Host: ${host}`), {
      after: 'either',
    }),
  ),
  refused('an empty Host', HOST, withHosts('Host:'), { level: OWN }),
  refused('a bad Host beside absolute-form', HOST, [raw('GET http://a/ HTTP/1.1', ['Host: a b'])]),
]

export default [
  ...group('header lines', [...syntax, ...bad, ...emptyLines]),
  ...group('Host', hosts),
]
