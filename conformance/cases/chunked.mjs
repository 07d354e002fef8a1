// The chunked coding of requests: sizes, extensions, ends, trailers.

import { ask, group, isRefusal, MUST, OWN, refused, rules, served, WAITS } from '../lib/build.mjs'

const CODING = '9112 7.1'
const EXTENSION = '9112 7.1.1'
const TRAILER = '9112 7.1.2'
const FIELDS = ['Transfer-Encoding: chunked']
const post = (body, fields = []) => ask('POST /', [...FIELDS, ...fields], body)
const END = '0\r\n\r\n'
const hello = (size) => `${size}\r\nhello\r\n${END}`
const long = 'x'.repeat(0xab)

const sizes = [
  ...['5', '05', '0005', '0000000000000005'].map((size) =>
    served(`the size ${size}`, CODING, post(hello(size)), { body: 'hello' }),
  ),
  served('a size in lower case', CODING, post(`ab\r\n${long}\r\n${END}`), { body: long }),
  served('a size in upper case', CODING, post(`AB\r\n${long}\r\n${END}`), { body: long }),
  served('a size in both', CODING, post(`aB\r\n${long}\r\n${END}`), { body: long }),
  served('many zeros at the end', CODING, post('5\r\nhello\r\n000000\r\n\r\n'), { body: 'hello' }),
  served('chunks of one byte', CODING, post(`${'1\r\nx\r\n'.repeat(300)}${END}`), {
    body: 'x'.repeat(300),
  }),
  served('chunks that look like ends', CODING, post(`5\r\n0\r\n\r\n\r\n${END}`), {
    body: '0\r\n\r\n',
  }),
  served(
    'a chunk that looks like a request',
    CODING,
    [post(`16\r\nGET /inner HTTP/1.1\r\n\n\r\n${END}`)],
    { body: 'GET /inner HTTP/1.1\r\n\n' },
  ),
]

const BAD_SIZES = [
  '',
  ' 5',
  '\t5',
  '+5',
  '-5',
  '-0',
  '0x5',
  '0X5',
  '5h',
  'g',
  '5.0',
  '5,5',
  '5 5',
  '5\0',
  '\x005',
  '5_0',
  '5\v',
  '5\xa0',
  '"5"',
  '\xef\xbc\x95',
]
// These can be read; whoever has no limit waits for the data.
const ENORMOUS = ['100000005', '7fffffffffffffff', '8000000000000005', 'ffffffffffffffff']
const OVERFLOWS = [
  '10000000000000005',
  '100000000000000005',
  'fffffffffffffffff',
  `1${'0'.repeat(31)}5`,
  `f${'0'.repeat(200)}5`,
]

const bad = [
  ...BAD_SIZES.map((size) =>
    refused(`the size ${JSON.stringify(size)}`, CODING, post(hello(size))),
  ),
  ...OVERFLOWS.map((size) =>
    refused(`the size ${size.slice(0, 40)}`, CODING, post(hello(size)), { status: [400, 413] }),
  ),
  ...ENORMOUS.map((size) =>
    rules(`the size ${size}`, CODING, post(hello(size)), [
      [MUST, { answers: [{ status: isRefusal }], after: 'closed' }, WAITS],
      [OWN, { answers: [{ status: 413 }], after: 'closed' }],
    ]),
  ),
  refused('a space behind the size', CODING, post(hello('5 ')), { level: OWN }),
  refused('a tab behind the size', CODING, post(hello('5\t')), { level: OWN }),
  ...[
    ['a size line that ends in LF', `5\nhello\r\n${END}`],
    ['a size line that ends in CR', `5\rhello\r\n${END}`],
    ['a CR before the CRLF of a size', `5\r\r\nhello\r\n${END}`],
    ['data that ends in LF', `5\r\nhello\n${END}`],
    ['data that ends in CR', `5\r\nhello\r${END}`],
    ['data without an end', `5\r\nhello${END}`],
    ['more data than the size', `5\r\nhello!\r\n${END}`],
    ['less data than the size', `5\r\nhell\r\n${END}\r\n`],
    ['two ends of data', `5\r\nhello\r\n\r\n${END}`],
    ['LFCR behind the data', `5\r\nhello\n\r${END}`],
    ['no size but an extension', `;a\r\nhello\r\n${END}`],
    ['an empty line for the first size', `\r\n5\r\nhello\r\n${END}`],
    ['a header line for a size', `X: a\r\n\r\n${END}`],
  ].map(([name, body]) => refused(name, CODING, post(body))),
]

const extensions = [
  ...[
    ['a name', '5;a'],
    ['a name and a value', '5;a=b'],
    ['a quoted value', '5;a="b c;d"'],
    ['a quoted pair', '5;a="b\\"c"'],
    ['several', '5;a;b=c;d="e"'],
    ['a name of any token bytes', "5;!#$%&'*+-.^_`|~"],
  ].map(([name, size]) =>
    served(`ignored: ${name}`, EXTENSION, post(hello(size)), { body: 'hello' }),
  ),
  served('ignored: on the last chunk', EXTENSION, post('5\r\nhello\r\n0;a=b\r\n\r\n'), {
    body: 'hello',
  }),
  served(
    'ignored: on each chunk, as signed uploads have it',
    EXTENSION,
    [post(`${`400;chunk-signature=${'a'.repeat(64)}\r\n${'x'.repeat(1024)}\r\n`.repeat(4)}${END}`)],
    { bodyLength: 4096 },
  ),
  ...[
    ['a space before the semicolon', '5 ;a'],
    ['a space behind the semicolon', '5; a'],
    ['spaces around the =', '5;a = b'],
    ['spaces between extensions', '5;a ; b=c\t;d'],
    ['spaces behind a quoted value', '5;a="b" ;c'],
    ['tabs', '5\t;\ta\t=\tb'],
  ].map(([name, size]) =>
    served(`BWS: ${name}`, '9110 5.6.3', post(hello(size)), { body: 'hello' }),
  ),
  ...[
    ['a NUL', '5;a\0b'],
    ['a bare CR', '5;a\rb'],
    ['a bare LF', '5;a\nb'],
    ['an open quote', '5;a="b'],
    ['a LF in quotes', '5;a="b\nc"'],
    ['a CR in quotes', '5;a="b\rc"'],
    ['an empty name', '5;'],
    ['no name', '5;=b'],
    ['no value', '5;a='],
    ['a space at the end', '5;a '],
  ].map(([name, size]) =>
    refused(`refused: ${name}`, EXTENSION, post(hello(size)), { level: OWN }),
  ),
  ...[
    ['one of 5 kB', `5;${'a'.repeat(5_000)}\r\nhello\r\n${END}`],
    ['one of 40 kB', `5;${'a'.repeat(40_000)}\r\nhello\r\n${END}`],
    ['many small ones', `5${';a'.repeat(20_000)}\r\nhello\r\n${END}`],
    ['40 kB over many chunks', `${`1;${'a'.repeat(100)}\r\nx\r\n`.repeat(400)}${END}`],
  ].map(([name, body]) =>
    rules(`bounded: ${name}`, EXTENSION, post(body), [
      [OWN, { answers: [{ status: isRefusal }], after: 'closed' }],
    ]),
  ),
]

const withTrailers = (lines, fields) =>
  post(`5\r\nhello\r\n0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, fields)

const FORBIDDEN = [
  'Content-Length: 100',
  'Transfer-Encoding: chunked',
  'Host: evil',
  'Content-Encoding: gzip',
  'Content-Type: text/evil',
  'Content-Range: bytes 0-1/2',
  'Authorization: evil',
  'Cookie: evil=1',
  'Trailer: x',
  'Connection: close',
  'Expect: 100-continue',
  'If-Match: "evil"',
  'Cache-Control: no-store',
  'TE: gzip',
  'Max-Forwards: 0',
  'Range: bytes=0-1',
  'Set-Cookie: evil=1',
]

const trailers = [
  served('one', TRAILER, withTrailers(['X: a'], ['Trailer: X']), { body: 'hello' }),
  served('several', TRAILER, withTrailers(['X: a', 'Y: b', 'Z:']), { body: 'hello' }),
  served(
    'they reach the app',
    '9110 6.5',
    withTrailers(['X: a', 'Y: b']),
    {
      trailers: { x: 'a', y: 'b' },
    },
    { level: OWN },
  ),
  served('they are no header fields', '9110 6.5.1', withTrailers(['X: a']), {
    headers: { x: null },
  }),
  ...FORBIDDEN.map((line) => {
    const name = line.slice(0, line.indexOf(':'))
    const field = name.toLowerCase()
    const value = { host: 'a', 'transfer-encoding': 'chunked' }[field] ?? null
    const closed = field === 'connection' ? 'either' : 'open'
    const seen = { body: 'hello', headers: { [field]: value } }
    return rules(`${name} changes nothing`, '9110 6.5.1', withTrailers([line]), [
      [
        MUST,
        { answers: [{ status: 200, seen }], after: closed },
        { answers: [{ status: isRefusal }], after: 'closed' },
        { answers: [], after: 'closed' },
      ],
      [OWN, { answers: [{ status: 200, seen: { trailers: { [field]: null } } }], after: 'open' }],
    ])
  }),
  ...[
    ['no colon', 'X'],
    ['a space before the colon', 'X : a'],
    ['an empty name', ': a'],
    ['a NUL', 'X: a\0'],
    ['a bare CR', 'X: a\rb'],
    ['a folded line', 'X: a\r\n b'],
    ['a space first', ' X: a'],
    ['a request line', 'GET /inner HTTP/1.1'],
  ].map(([name, line]) => refused(`refused: ${name}`, TRAILER, withTrailers([line]))),
  ...[
    ['a line that ends in LF', '0\r\nX: a\n\r\n'],
    ['the empty line is LF', '0\r\n\n'],
    ['the last size ends in LF', '0\n\r\n'],
    ['the last size ends in CR', '0\r\r\n\r\n'],
  ].map(([name, body]) =>
    refused(`refused: ${name}`, CODING, post(`5\r\nhello\r\n${body}`), { level: OWN }),
  ),
  rules('40 kB of trailers', '9110 5.4', withTrailers([`X: ${'a'.repeat(40_000)}`]), [
    [OWN, { answers: [{ status: 431 }], after: 'closed' }],
  ]),
  rules('1000 trailers', '9110 5.4', withTrailers(Array(1000).fill('X: a')), [
    [OWN, { answers: [{ status: 431 }], after: 'closed' }],
  ]),
]

export default [
  ...group('chunks', [...sizes, ...bad]),
  ...group('chunk extensions', extensions),
  ...group('trailers', trailers),
]
