// Transfer-Encoding written so that only one of two servers sees it.

import {
  EMPTY_CHUNKS,
  hides,
  IN_CHUNK,
  length,
  post,
  THEN_CLOSED,
  THEN_GARBAGE,
  THEN_HIDDEN,
} from './hidden.mjs'

// As written behind the name; each is tried alone and beside a Content-Length.
const CODINGS = [
  ': xchunked',
  ': chunkedx',
  ': chunked\v',
  ': \vchunked',
  ': \fchunked',
  ': chunked\0',
  ': \0chunked',
  ': \x85chunked',
  ': \xa0chunked',
  ': chunk\xe9d',
  ': "chunked"',
  ": 'chunked'",
  ': chunked;',
  ': chunked;a=b',
  ': chunked;q=0',
  ': chunked identity',
  ': chunked, identity',
  ': identity, chunked',
  ': identity',
  ': chunked, chunked',
  ': chunked,chunked',
  ': chunked,',
  ': ,chunked',
  ': chunked, cow',
  ': cow',
  ': cow, chunked',
  ': gzip',
  ': gzip, chunked',
  ': chunked\r',
  ': \rchunked',
  ': chunked\rX: a',
  ':\r\n chunked',
  ':\r\n\tchunked',
  ': chunked\r\n ',
  ':',
  ': ',
  ' : chunked',
  '\t: chunked',
  '\0: chunked',
  '\r: chunked',
  '\r\n : chunked',
  ' chunked',
  ': chunked\n',
  ': chun\r\n ked',
  ': chunked\x7f',
]

// What may be read as chunked, and framed by it: with empty elements of the list passed over (RFC
// 9110 5.6.1.2), with a coding below that is not known (RFC 9112 6.1), with a bare CR or a folded
// line read as a space (RFC 9112 2.2, 5.2).
const MAY_BE_CHUNKED = new Set([
  ': chunked,',
  ': ,chunked',
  ': identity, chunked',
  ': cow, chunked',
  ': gzip, chunked',
  ': chunked\r',
  ': \rchunked',
  ':\r\n chunked',
  ':\r\n\tchunked',
  ': chunked\r\n ',
])
// A list may be empty; then it may be taken for absent.
const MAY_BE_ABSENT = new Set([':', ': '])

const codings = CODINGS.flatMap((coding) => {
  const field = `Transfer-Encoding${coding}`
  const name = JSON.stringify(field)
  const [alone, longer, shorter] = MAY_BE_CHUNKED.has(coding)
    ? [THEN_HIDDEN, THEN_CLOSED, THEN_CLOSED]
    : MAY_BE_ABSENT.has(coding)
      ? [THEN_GARBAGE, { ...THEN_CLOSED, after: 'either' }, THEN_GARBAGE]
      : []
  const others = (outcome) => (outcome ? [outcome] : [])
  return [
    hides(`TE: ${name}`, post([field], EMPTY_CHUNKS), ...others(alone)),
    hides(`CL.TE: ${name}`, post([length(EMPTY_CHUNKS), field], EMPTY_CHUNKS), ...others(longer)),
    hides(`TE.CL: ${name}`, post([field, 'Content-Length: 4'], IN_CHUNK), ...others(shorter)),
  ]
})

const SECOND = ['identity', 'cow', 'chunked', 'gzip', '']
const twoCodings = SECOND.flatMap((other) => [
  hides(
    `TE.TE: chunked and ${JSON.stringify(other)}`,
    [post(['Transfer-Encoding: chunked', `Transfer-Encoding: ${other}`], EMPTY_CHUNKS)],
    ...(other === '' ? [THEN_HIDDEN] : []),
  ),
  hides(
    `TE.TE: ${JSON.stringify(other)} and chunked`,
    [post([`Transfer-Encoding: ${other}`, 'Transfer-Encoding: chunked'], EMPTY_CHUNKS)],
    ...(other === 'chunked' ? [] : [THEN_HIDDEN]),
  ),
])

export default [...codings, ...twoCodings]
