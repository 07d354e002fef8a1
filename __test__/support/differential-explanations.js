// Every way in which milouv and node:http may differ, and why milouv does what it does. Each is
// recognised by what the bytes say, not by what milouv says about them: where node:http served
// the request, by its own reading of it. What is rare does not show with every seed, or not on
// every line of Node.

import { isIPv6 } from 'node:net'

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/
const REGISTERED_NAME = /^(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})+$/i
const FUTURE_ADDRESS = /^v[0-9a-f]+\.[\w.~!$&'()*+,;=:-]+$/i
const ODD_VERSION_LINE = / HTTP\/(?!1\.[01]\r?$)\d\.\d\r?$/

/** Our refusal of a request whose head node:http took. */
const refusesServed = (found, code) =>
  found.ours.code === code &&
  found.theirs.request !== undefined &&
  (found.what === 'outcome' || refusesOtherwise(found, code))

/** Both refuse, with statuses of different classes, and both have said so. */
const refusesOtherwise = (found, code) =>
  found.what === 'status class' && found.ours.code === code && found.theirs.status === 400

const lineAt = ({ text, ours }) => text.slice(ours.offset).split('\n', 1)[0]

const valuesOf = ({ theirs }, name) =>
  theirs.request.fields.filter(([each]) => each === name).map(([, value]) => value)

const listOf = (found, name) =>
  valuesOf(found, name)
    .flatMap((value) => value.split(','))
    .map((element) => element.replace(/^[\t ]+|[\t ]+$/g, ''))

function isHost(value) {
  const parts = /^(\[.*\]|[^:]*)(?::(\d*))?$/.exec(value)
  if (parts === null || Number(parts[2] ?? 0) > 65_535) return false
  const [, name] = parts
  if (!name.startsWith('[')) return REGISTERED_NAME.test(name)
  const literal = name.slice(1, -1)
  return (isIPv6(literal) && !literal.includes('%')) || FUTURE_ADDRESS.test(literal)
}

function isTarget(method, target) {
  if (!/^[!-~]+$/.test(target) || target.includes('#')) return false
  if (target === '*') return method === 'OPTIONS'
  if (target.startsWith('/')) return true
  const authority = /^https?:\/\/([^/?]+)/i.exec(target)
  return authority !== null && isHost(authority[1])
}

const codingsOf = (found) => listOf(found, 'transfer-encoding').map((each) => each.toLowerCase())

const endsInChunked = (codings) =>
  codings.at(-1) === 'chunked' && !codings.slice(0, -1).some((each) => each === 'chunked' || !each)

/** Whether the messages before a step let the connection live on. */
function closesBefore({ theirSteps, at }) {
  const request = theirSteps[at - 1]?.request
  if (request === undefined) return false
  const said = request.fields
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[\t ]*,[\t ]*/))
  return said.includes('close') || (request.version === '1.0' && !said.includes('keep-alive'))
}

const saysKeepAlive = ({ theirSteps, at }) =>
  theirSteps[at - 1]?.request?.fields.some(
    ([name, value]) => /^(?:proxy-)?connection$/.test(name) && /keep-alive/i.test(value),
  ) ?? false

const upgrades = (step) => step?.request?.fields.some(([name]) => name === 'upgrade') ?? false

const methodAt = ({ ours }) => ours.request?.method

export const explanations = [
  {
    name: 'the answer overtaken',
    where: 'RFC 9112 section 9.3.2; RFC 9110 section 3.3',
    why: 'node:http answers bad bytes at once, or just closes, and loses the answers before them',
    explains: ({ what, ours, theirSteps }) =>
      what === 'answer' && ours.isAnswered && theirSteps.at(-1).kind === 'refused',
  },
  {
    name: 'the refusal untold',
    where: 'RFC 9112 section 2.2',
    why: 'node:http closes without a word when the bad request shares a read with a good one',
    explains: ({ what, at, theirs, theirSteps }) =>
      what === 'status class' &&
      theirs.status === 0 &&
      theirSteps.slice(0, at).some(({ kind }) => kind === 'served'),
  },
  {
    name: 'a method not in the list',
    where: 'RFC 9110 section 9.1',
    why: 'node:http knows a list of methods; any token is one',
    explains: (found) =>
      found.what === 'outcome' &&
      found.ours.kind === 'served' &&
      found.theirs.code === 'HPE_INVALID_METHOD' &&
      TOKEN.test(methodAt(found)),
  },
  {
    name: 'a method not in the list, 400',
    where: 'RFC 9110 section 9.1',
    why: 'node:http stops at the method; milouv reads on and finds what it does not implement',
    isRare: true,
    explains: ({ what, ours, theirs, text }) =>
      what === 'status class' &&
      ours.status > 400 &&
      theirs.code === 'HPE_INVALID_METHOD' &&
      /(?:^|\n)[\w!#$%&'*+.^`|~-]+ \S+ HTTP\//.test(text),
  },
  {
    name: 'PRI without HTTP/2',
    where: 'RFC 9110 section 9.1',
    why: 'node:http expects the HTTP/2 preface behind the method PRI; alone it is any token',
    explains: (found) =>
      found.what === 'outcome' &&
      found.theirs.code === 'HPE_INVALID_VERSION' &&
      methodAt(found)?.startsWith('PRI') === true,
  },
  {
    name: 'CONNECT',
    where: 'RFC 9110 section 9.3.6',
    why: 'node:http closes without an answer when nobody handles CONNECT; 501 says it',
    explains: ({ what, text, theirs, ourSteps }) => {
      const { offset } = ourSteps.at(-1)
      const connects = offset !== undefined && /^[\r\n]*CONNECT /.test(text.slice(offset))
      return connects && (what === 'answer' || (what === 'outcome' && theirs.kind === 'ended'))
    },
  },
  {
    name: 'CONNECT, 400',
    where: 'RFC 9110 section 9.3.6',
    why: 'node:http reads the rest of the head before it closes',
    isRare: true,
    explains: (found) =>
      refusesOtherwise(found, 'HTTP_CONNECT_NOT_IMPLEMENTED') &&
      restOf(found).startsWith('CONNECT '),
  },
  {
    name: 'a host that is none',
    where: 'RFC 9112 section 3.2',
    why: 'node:http takes any Host; an invalid one MUST be answered with 400',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_HOST') && !valuesOf(found, 'host').every(isHost),
  },
  {
    name: 'two hosts',
    where: 'RFC 9112 section 3.2',
    why: 'node:http takes the first of several Host lines; they MUST be answered with 400',
    explains: (found) =>
      refusesServed(found, 'HTTP_DUPLICATE_HOST') && valuesOf(found, 'host').length > 1,
  },
  {
    name: 'going on behind a refusal',
    where: 'RFC 9112 sections 3.2 and 11.2',
    why: 'node:http serves what follows a request without Host or with an unknown expectation; \
milouv closes after each refusal',
    explains: ({ what, at, ours, theirSteps }) =>
      what === 'outcome' && ours.kind === 'nothing' && theirSteps[at - 1].goesOn === true,
  },
  {
    name: 'an expectation of HTTP/1.0',
    where: 'RFC 9110 section 10.1.1',
    why: 'node:http ignores all expectations of HTTP/1.0; only 100-continue MUST be ignored there',
    explains: (found) =>
      refusesServed(found, 'HTTP_EXPECTATION_FAILED') && found.theirs.request.version === '1.0',
  },
  {
    name: 'an expectation met by the regular expression of node:http',
    where: 'RFC 9110 section 10.1.1',
    why: 'node:http looks for 100-continue anywhere in the value',
    isRare: true,
    explains: (found) =>
      refusesServed(found, 'HTTP_EXPECTATION_FAILED') &&
      listOf(found, 'expect').some((each) => each.toLowerCase() !== '100-continue'),
  },
  {
    name: 'another version served',
    where: 'RFC 9110 section 15.6.6',
    why: 'node:http answers 0.9 and 2.0 as if they were 1.x; 505 is for them',
    explains: (found) =>
      refusesServed(found, 'HTTP_VERSION_NOT_SUPPORTED') &&
      !['1.0', '1.1'].includes(found.theirs.request.version),
  },
  {
    name: 'another version, 400',
    where: 'RFC 9110 section 15.6.6',
    why: 'node:http has no 505',
    explains: (found) =>
      refusesOtherwise(found, 'HTTP_VERSION_NOT_SUPPORTED') && ODD_VERSION_LINE.test(lineAt(found)),
  },
  {
    name: 'no version at all',
    where: 'RFC 9112 section 3',
    why: 'node:http takes a line without a version for HTTP/0.9, with header lines behind it',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_REQUEST_LINE') &&
      found.theirs.request.version === '0.9' &&
      !lineAt(found).includes(' HTTP/'),
  },
  {
    name: 'white space in the request line',
    where: 'RFC 9112 section 3',
    why: 'node:http takes several spaces between the parts; one is what the grammar has',
    isRare: true,
    explains: (found) =>
      (refusesServed(found, 'HTTP_INVALID_REQUEST_LINE') ||
        refusesServed(found, 'HTTP_INVALID_VERSION')) &&
      / {2}/.test(lineAt(found)),
  },
  {
    name: 'a target that is none',
    where: 'RFC 9112 section 3.2',
    why: 'node:http takes targets of no form that the method has, fragments and bad authorities',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_TARGET') &&
      !isTarget(found.theirs.request.method, found.theirs.request.target),
  },
  {
    name: 'a bare line end before or in the request line',
    where: 'RFC 9112 section 2.2',
    why: 'node:http skips CR and LF in any order before a request; CR LF alone is an empty line',
    explains: (found) =>
      refusesBytes(found, 'HTTP_INVALID_METHOD') && /^\r(?!\n)|^\n/.test(restOf(found)),
  },
  {
    name: 'a request line that ends in a bare LF',
    where: 'RFC 9112 section 2.2',
    why: 'node:http takes LF for the end of a line without a version; a recipient MAY, milouv not',
    isRare: true,
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_LINE_END') && /^[^\r\n]*\n/.test(restOf(found)),
  },
  {
    name: 'nothing but line ends',
    where: 'RFC 9112 section 2.2',
    why: 'for the same reasons node:http sees nothing where milouv has begun to read a line',
    isRare: true,
    explains: ({ what, ours, theirs, text }) =>
      what === 'outcome' &&
      /^HTTP_(?:UNEXPECTED_END|TOO_MANY_EMPTY_LINES|INVALID_METHOD)$/.test(ours.code) &&
      theirs.kind === 'ended' &&
      /[\r\n]$/.test(text),
  },
  {
    name: 'endless empty lines',
    where: 'RFC 9112 section 2.2',
    why: 'node:http skips any number; milouv at most eight',
    explains: (found) =>
      refusesServed(found, 'HTTP_TOO_MANY_EMPTY_LINES') &&
      found.text.slice(0, found.ours.offset).endsWith('\r\n'.repeat(8)),
  },
  {
    name: 'transfer-encoding in HTTP/1.0',
    where: 'RFC 9112 section 6.1',
    why: 'node:http decodes it; its framing MUST be treated as faulty',
    explains: (found) =>
      refusesServed(found, 'HTTP_TRANSFER_ENCODING_IN_HTTP10') &&
      found.theirs.request.version === '1.0' &&
      valuesOf(found, 'transfer-encoding').length > 0,
  },
  {
    name: 'transfer codings not decoded',
    where: 'RFC 9112 section 6.1',
    why: 'node:http hands out the coded body as if chunked were the only coding; 501 is for it',
    explains: (found) =>
      refusesServed(found, 'HTTP_TRANSFER_CODING_NOT_IMPLEMENTED') &&
      codingsOf(found).length > 1 &&
      endsInChunked(codingsOf(found)),
  },
  {
    name: 'transfer codings that leave a doubt',
    where: 'RFC 9112 sections 6.1 and 11.2',
    why: 'node:http looks at the end of the list only; an empty element or none may hide another',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_TRANSFER_ENCODING') && !endsInChunked(codingsOf(found)),
  },
  {
    name: 'a connection field that is no list of tokens',
    where: 'RFC 9110 section 7.6.1',
    why: 'node:http looks for the words it knows; what is no token may be read in two ways',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_CONNECTION_HEADER') &&
      listOf(found, 'connection').some((element) => element !== '' && !TOKEN.test(element)),
  },
  {
    name: 'an upgrade field that is no list of protocols',
    where: 'RFC 9110 section 7.8',
    why: 'node:http does not look at it',
    explains: (found) =>
      refusesServed(found, 'HTTP_INVALID_UPGRADE_HEADER') &&
      listOf(found, 'upgrade').some((element) => element !== '' && !PROTOCOL.test(element)),
  },
  {
    name: 'lost behind an upgrade',
    where: 'RFC 9110 section 7.8',
    why: 'node:http ignores an Upgrade nobody handles, and with it all bytes behind the request',
    explains: (found) =>
      found.what === 'outcome' &&
      (found.theirs.kind === 'ended'
        ? upgrades(found.theirSteps[found.at - 1])
        : found.theirs.kind === 'cut' && upgrades(found.theirs)),
  },
  {
    name: 'bytes behind the last request',
    where: 'RFC 9112 section 9.6',
    why: 'node:http answers 400, or closes with an error; nothing is to be done with them',
    explains: (found) =>
      found.what === 'outcome' &&
      found.ours.kind === 'ended' &&
      (found.theirs.code === 'HPE_CLOSED_CONNECTION' ||
        (found.theirs.kind === 'refused' && saysKeepAlive(found))) &&
      closesBefore(found),
  },
  {
    name: 'keep-alive in spite of close',
    where: 'RFC 9112 section 9.3',
    why: 'node:http takes Proxy-Connection for Connection, and keep-alive beside close counts',
    explains: (found) =>
      found.what === 'announced' &&
      found.ours.kind === 'ended' &&
      saysKeepAlive(found) &&
      closesBefore(found),
  },
  {
    name: 'a request behind the last request',
    where: 'RFC 9112 section 9.6',
    why: 'for the same reason node:http hands out a request that MUST NOT be processed',
    explains: (found) =>
      found.what === 'outcome' &&
      found.ours.kind === 'ended' &&
      found.theirs.request !== undefined &&
      saysKeepAlive(found) &&
      closesBefore(found),
  },
  {
    name: 'a tab behind the length',
    where: 'RFC 9110 sections 5.5 and 5.6.3',
    why: 'Node 20 takes spaces behind a content-length; tabs are the same optional white space',
    isRare: true,
    explains: ({ what, text, ours, theirs }) =>
      what === 'outcome' &&
      ours.kind === 'served' &&
      theirs.code === 'HPE_INVALID_CONTENT_LENGTH' &&
      /\r\ncontent-length:[\t ]*\d+[\t ]*\t[\t ]*\r\n/i.test(text),
  },
  {
    name: 'white space around a chunk extension',
    where: 'RFC 9112 section 7.1.1; RFC 9110 section 5.6.3',
    why: 'node:http refuses the bad white space that a recipient MUST parse and remove there',
    explains: ({ what, text, ours, theirs }) =>
      what === 'outcome' &&
      ours.kind === 'served' &&
      /^HPE_(?:INVALID_CHUNK_SIZE|STRICT)$/.test(theirs.code) &&
      /\r\n[0-9a-f]+(?:[\t ]+;|;[\t ]|;[^\r\n]*(?:[\t ][=;]|=[\t ]))/i.test(text),
  },
  {
    name: 'trailers that frame',
    where: 'RFC 9110 section 6.5.1',
    why: 'node:http reads framing fields in trailers as in heads; such fields are dropped',
    explains: ({ what, text, ours, theirs }) =>
      what === 'outcome' &&
      ours.kind === 'served' &&
      /^HPE_(INVALID|UNEXPECTED)_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(theirs.code) &&
      /\r\n0+(?:;[^\r]*)?\r\n(?:[^\r]+\r\n)*(?:content-length|transfer-encoding):/i.test(text),
  },
]

const restOf = ({ text, ours }) => text.slice(ours.offset)

/** Our refusal of bytes that node:http skipped, whatever it made of what follows. */
const refusesBytes = (found, code) => found.what === 'outcome' && found.ours.code === code
