// Request lines: methods, targets, and what is no request line.

import { ask, group, OWN, raw, refused, refusedWith, rules, SHOULD, served } from '../lib/build.mjs'

const METHOD = '9110 9.1'
const LINE = '9112 3'
const TARGET = '9112 3.2'

const ANY_METHOD = ['PUT', 'PATCH', 'PURGE', 'QUERY', 'M-SEARCH', 'X', 'get', "!#$%&'*+-.^_`|~0aZ"]

const methods = [
  served('GET', METHOD, ask('GET /'), { method: 'GET', target: '/', body: '' }),
  served('HEAD', METHOD, ask('HEAD /'), undefined, {
    methods: ['HEAD'],
    has: { 'x-seen': 'HEAD /' },
  }),
  ...['POST', 'DELETE', 'OPTIONS'].map((method) =>
    served(method, METHOD, ask(`${method} /`), { method }, { level: SHOULD }),
  ),
  ...ANY_METHOD.map((method) =>
    served(`${method} reaches the app`, '9112 3.1', ask(`${method} /`), { method }, { level: OWN }),
  ),
  ...[
    ['a bracket', 'G(T'],
    ['a colon', 'GE:T'],
    ['a tab', 'GE\tT'],
    ['an 8-bit byte', 'GE\xd6'],
    ['a NUL', 'G\0T'],
    ['a quote', '"GET"'],
    ['a slash', 'G/T'],
    ['DEL', 'GET\x7f'],
  ].map(([what, method]) => refused(`${what} in the method`, '9110 5.6.2', ask(`${method} /`))),
]

const UNWISE = [...'"<>\\^`{|}']

const targets = [
  ...[
    ['/a/b?c=d&e', '/a/b?c=d&e'],
    ['/?', '/?'],
    ['//a', '//a'],
    ['/%41%2f', '/%41%2f'],
    ["/a!$&'()*+,;=:@-._~", "/a!$&'()*+,;=:@-._~"],
    ['/?a=/?:@', '/?a=/?:@'],
    [`/${'a/'.repeat(200)}`, `/${'a/'.repeat(200)}`],
  ].map(([sent, target]) =>
    served(`the path ${sent.slice(0, 30)}`, '9112 3.2.1', ask(`GET ${sent}`), {
      target: target === '/?' ? /^\/\??$/ : target,
    }),
  ),
  ...UNWISE.map((byte) =>
    served(`a raw ${byte} in a query`, TARGET, ask(`GET /a?b=${byte}c`), undefined, {
      level: OWN,
      has: { 'x-seen': /^GET \/a\?b=\S+c$/ },
    }),
  ),
  ...[
    ['absolute-form', 'GET http://a/b?c', { target: '/b?c', host: 'a' }],
    ['absolute-form without a path', 'GET http://a', { target: '/', host: 'a' }],
    ['absolute-form with a port', 'GET http://a:81/b', { target: '/b', host: 'a:81' }],
    ['a scheme in upper case', 'GET HTTP://a/b', { target: '/b' }],
  ].map(([name, line, seen]) => served(name, '9112 3.2.2', ask(line), seen)),
  served(
    'the host of the absolute-form wins over Host',
    '9112 3.2.2',
    raw('GET http://right/b HTTP/1.1', ['Host: wrong']),
    { target: '/b', host: 'right' },
  ),
  served('OPTIONS *', '9112 3.2.4', ask('OPTIONS *'), { method: 'OPTIONS', target: '/' }),
  ...[
    ['GET *', 'GET *'],
    ['no slash first', 'GET a'],
    ['authority-form with GET', 'GET a:80'],
    ['a query alone', 'GET ?a'],
    ['absolute-form without a host', 'GET http://'],
    ['absolute-form with an empty host', 'GET http:///a'],
    ['absolute-form with user information', 'GET http://u@a/'],
    ['absolute-form with a bad port', 'GET http://a:x/'],
    ['an unknown scheme', 'GET ftp://a/'],
    ['a fragment', 'GET /a#b'],
  ].map(([name, line]) => refused(name, TARGET, ask(line), { level: SHOULD })),
]

const BYTES = [
  ['NUL', '\0'],
  ['SOH', '\x01'],
  ['a tab', '\t'],
  ['VT', '\v'],
  ['ESC', '\x1b'],
  ['DEL', '\x7f'],
  ['0x80', '\x80'],
  ['0xff', '\xff'],
  ['UTF-8', '\xc3\xbc'],
]

const broken = [
  ...BYTES.map(([name, byte]) =>
    refused(`${name} in the target`, TARGET, ask(`GET /a${byte}b`), { level: SHOULD }),
  ),
  refused('a bare CR in the target', '9112 2.2', ask('GET /a\rb')),
  refused('a bare CR behind the method', '9112 2.2', ask('GET\r/')),
  refused('a bare CR behind the version', '9112 2.2', raw('GET / HTTP/1.1\r', ['Host: a'])),
  ...[
    ['a space in the target', ask('GET /a b')],
    ['no target', raw('GET HTTP/1.1', ['Host: a'])],
    ['an empty target', ask('GET ')],
    ['no version', raw('GET /', ['Host: a'])],
    ['a method alone', raw('GET', ['Host: a'])],
    ['a space before the method', ask(' GET /')],
    ['nothing but a colon', raw(':', [])],
    ['a header line first', raw('Host: a', [])],
    ['an answer', raw('HTTP/1.1 200 OK', ['Content-Length: 0'])],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['binary', '\xff\xfe\xfd\xfc\r\n\r\n'],
  ].map(([name, send]) => refused(name, LINE, send, { level: SHOULD })),
  ...[
    ['two spaces before the target', ask('GET  /')],
    ['two spaces before the version', raw('GET /  HTTP/1.1', ['Host: a'])],
    ['a space behind the version', raw('GET / HTTP/1.1 ', ['Host: a'])],
    ['a tab between the parts', raw('GET\t/\tHTTP/1.1', ['Host: a'])],
    ['a line that ends in LF', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ].map(([name, send]) => refused(name, LINE, send, { level: OWN })),
]

const special = [
  rules('CONNECT is no tunnel', '9110 9.3.6', raw('CONNECT a:80 HTTP/1.1', ['Host: a:80']), [
    [SHOULD, { answers: [{ status: (status) => status >= 400 }], after: 'either' }],
    [OWN, { answers: [{ status: 501 }], after: 'closed' }],
  ]),
  refusedWith(505, 'the preface of HTTP/2', '9113 3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', {
    level: OWN,
    next: false,
  }),
  served(
    'TRACE reaches the app',
    '9110 9.3.8',
    ask('TRACE /'),
    { method: 'TRACE' },
    { level: OWN },
  ),
]

export default [
  ...group('methods', [...methods, ...special]),
  ...group('targets', targets),
  ...group('request line', broken),
]
