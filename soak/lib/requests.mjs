// What clients ask for, and what must come back.
import { bytesAt, verify } from './bytes.mjs'

const LENGTHS = [0, 1, 100, 1_000, 10_000, 100_000]

/** All sizes alike by their number of digits. */
export function lengthBelow(random, most) {
  const length = Math.min(random.pick(LENGTHS) * (1 + random.below(10)), most)
  return length + random.below(Math.max(1, length >> 3))
}

const text =
  (expected) =>
  ({ text: found, status }) => {
    if (status !== 200 || found !== expected) {
      throw new Error(`${status} ${JSON.stringify(found.slice(0, 80))} for ${expected}`)
    }
    return expected.length
  }

const bytes = (seed, length) => (answer) => {
  if (answer.status !== 200) throw new Error(`${answer.status} for ${length} bytes`)
  verify(answer.body, seed, length)
  return length
}

function fixed(path, expected) {
  return (query) => ({ line: `GET ${path}${query}`, check: text(expected(query)) })
}

function ofBytes(path) {
  return (query, seed, length) => ({ line: `GET ${path}${query}`, check: bytes(seed, length) })
}

function echo(path, isChunked) {
  return (_, seed, length) => {
    const body = bytesAt(seed, length)
    return { line: `POST ${path}`, body, isChunked, check: bytes(seed, length) }
  }
}

const list = (query) => [...query.matchAll(/\d+/g)].map(([digits]) => Number(digits))

const kinds = [
  fixed('/kept', () => 'kept'),
  fixed('/json', (query) => JSON.stringify({ asked: query, list: list(query) })),
  fixed('/native', (query) => query),
  fixed('/later', (query) => query),
  ...[ofBytes('/bytes'), ofBytes('/stream')],
  ...[echo('/echo', false), echo('/echo', true), echo('/echo-stream', true)],
  echo('/hono/echo', false),
]

/**
 * One request by chance: its request line, its body, if any, and `check(answer)`, which throws when
 * the answer is another than it must be, and gives the length of its body.
 */
export function anyRequest(random, most = 200_000) {
  const seed = random.next()
  const length = lengthBelow(random, most)
  return random.pick(kinds)(`?seed=${seed}&length=${length}`, seed, length)
}

/** Its bytes on the wire; pieces of a chunked body are cut by chance. */
export function wireOf({ line, body, isChunked }, random, fields = []) {
  const head = (more) =>
    Buffer.from(`${[`${line} HTTP/1.1`, 'host: soak', ...fields, ...more].join('\r\n')}\r\n\r\n`)
  if (body === undefined) return head([])
  if (!isChunked) return Buffer.concat([head([`content-length: ${body.length}`]), body])
  const parts = [head(['transfer-encoding: chunked'])]
  for (let at = 0; at < body.length; ) {
    const piece = body.subarray(at, at + 1 + random.below(20_000))
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
    at += piece.length
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}
