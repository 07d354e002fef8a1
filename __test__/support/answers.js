// Reads answers as the strictest client would: every byte must be where RFC 9112 wants it.

import assert from 'node:assert/strict'

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$/
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t\x20-\x7e\x80-\xff]*)$/
/** The one leading zero is what a client gets that has ended its side in between. */
const CHUNK_SIZE = /^0?(?:0|[1-9a-f][0-9a-f]*)$/i
const IMF_FIXDATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const CLOCK_TOLERANCE = 60_000

/** One answer. `head` is its text with the date, once checked, written as `<date>`. */
export class Answer {
  constructor({ status, reason, headers, head }) {
    Object.assign(this, { status, reason, headers, head })
    this.body = Buffer.alloc(0)
    this.chunks = null
    this.trailers = []
  }

  /** Every value of a field, in order. */
  all(name) {
    return this.headers.filter(([each]) => each === name).map(([, value]) => value)
  }

  /** The value of a field that must not stand twice; null without it. */
  get(name) {
    const values = this.all(name)
    assert.ok(values.length <= 1, `${name} stands ${values.length} times in ${this.head}`)
    return values[0] ?? null
  }

  get text() {
    return this.body.toString()
  }

  /** Head and body, the body's framing taken off. */
  get whole() {
    return this.head + this.body.toString('latin1')
  }
}

function parseFields(lines) {
  return lines.map((line) => {
    const field = FIELD_LINE.exec(line)
    assert.ok(field, `not a header line: ${JSON.stringify(line)}`)
    return [field[1].toLowerCase(), field[2].trim()]
  })
}

function checkDate(answer, dated) {
  const date = answer.get('date')
  if (date === null && (!dated || answer.status < 200)) return
  assert.match(date ?? '', IMF_FIXDATE, answer.head)
  const skew = Math.abs(Date.parse(date) - Date.now())
  assert.ok(skew < CLOCK_TOLERANCE, `the date is ${skew} ms off`)
}

function parseHead(buffer, dated) {
  const end = buffer.indexOf('\r\n\r\n')
  if (end === -1) return null
  const text = buffer.toString('latin1', 0, end)
  const [first, ...lines] = text.split('\r\n')
  const found = STATUS_LINE.exec(first)
  assert.ok(found, `not a status line: ${JSON.stringify(first)}`)
  const headers = parseFields(lines)
  const head = `${text}\r\n\r\n`.replace(/^(date): .*\r$/im, '$1: <date>\r')
  const answer = new Answer({ status: Number(found[1]), reason: found[2], headers, head })
  checkDate(answer, dated)
  return { answer, length: end + 4 }
}

/** How the body is framed: 'none', 'chunked', 'close' or its length. */
function framingOf(answer, method) {
  const { status } = answer
  const length = answer.get('content-length')
  const coding = answer.get('transfer-encoding')
  assert.ok(length === null || coding === null, `framed twice: ${answer.head}`)
  assert.ok(length === null || /^(0|[1-9]\d*)$/.test(length), `content-length: ${length}`)
  assert.ok(coding === null || coding === 'chunked', `transfer-encoding: ${coding}`)
  if (status < 200 || status === 204 || status === 304) {
    assert.equal(length ?? coding, null, `a ${status} with a body: ${answer.head}`)
    return 'none'
  }
  if (method === 'HEAD') return 'none'
  if (coding !== null) return 'chunked'
  if (length !== null) return Number(length)
  assert.equal(answer.get('connection'), 'close', `the body has no end: ${answer.head}`)
  return 'close'
}

function lineAt(buffer, start) {
  const end = buffer.indexOf('\r\n', start)
  return end === -1 ? null : { text: buffer.toString('latin1', start, end), next: end + 2 }
}

function readTrailers(buffer, start) {
  const lines = []
  for (let at = start; ; ) {
    const line = lineAt(buffer, at)
    if (line === null) return null
    at = line.next
    if (line.text === '') return { trailers: parseFields(lines), end: at }
    lines.push(line.text)
  }
}

function readChunks(buffer, start) {
  const chunks = []
  for (let at = start; ; ) {
    const line = lineAt(buffer, at)
    if (line === null) return null
    assert.match(line.text, CHUNK_SIZE, 'a chunk size')
    const size = Number.parseInt(line.text, 16)
    if (size === 0) {
      const last = readTrailers(buffer, line.next)
      return last && { chunks, ...last }
    }
    const end = line.next + size
    if (buffer.length < end + 2) return null
    assert.equal(buffer.toString('latin1', end, end + 2), '\r\n', 'the end of a chunk')
    chunks.push(buffer.subarray(line.next, end))
    at = end + 2
  }
}

/**
 * The answer that the buffer starts with, and how many bytes it has; null while it is not whole.
 * @param {Buffer} buffer
 * @param {{ method?: string, ended?: boolean, dated?: boolean }} context what was asked, whether
 *   more can come, and whether an answer must have a date
 */
export function parseAnswer(buffer, { method = 'GET', ended = false, dated = true } = {}) {
  const head = parseHead(buffer, dated)
  if (head === null) return null
  const { answer, length } = head
  const framing = framingOf(answer, method)
  if (framing === 'none') return head
  if (framing === 'close') {
    if (!ended) return null
    answer.body = buffer.subarray(length)
    return { answer, length: buffer.length }
  }
  if (framing === 'chunked') {
    const read = readChunks(buffer, length)
    if (read === null) return null
    Object.assign(answer, { chunks: read.chunks, trailers: read.trailers })
    answer.body = Buffer.concat(read.chunks)
    return { answer, length: read.end }
  }
  if (buffer.length < length + framing) return null
  answer.body = buffer.subarray(length, length + framing)
  return { answer, length: length + framing }
}

/** All answers of a stream of bytes, which must end with one. */
export function parseAnswers(buffer, methods = []) {
  const answers = []
  for (let at = 0; at < buffer.length; ) {
    const method = methods[answers.length] ?? 'GET'
    const found = parseAnswer(buffer.subarray(at), { method, ended: true })
    assert.ok(found, `half an answer: ${JSON.stringify(buffer.toString('latin1', at, at + 200))}`)
    answers.push(found.answer)
    at += found.length
  }
  return answers
}

/** Fails with the first byte that differs and what stands around it. */
export function assertBytes(actual, expected, what = 'bytes') {
  const [left, right] = [Buffer.from(actual), Buffer.from(expected)]
  if (left.equals(right)) return
  const length = Math.min(left.length, right.length)
  let at = 0
  while (at < length && left[at] === right[at]) at++
  const near = (bytes) => JSON.stringify(bytes.toString('latin1', Math.max(0, at - 20), at + 40))
  const sizes = `${left.length} bytes for ${right.length}`
  assert.fail(`${what}: ${sizes}, differ at ${at}: ${near(left)} instead of ${near(right)}`)
}
