// Before anything is timed: the very request of the workload on a raw socket, and every byte of
// the answer looked at. A server that answers something else is not measured.
import { connect } from 'node:net'

const LIMIT_MS = 5_000
const LIMIT_BYTES = 1 << 20

export function requestBytes(workload, port) {
  const { body, headers, method, path } = workload
  const fields = { Host: `127.0.0.1:${port}`, ...headers }
  if (body) fields['Content-Length'] = Buffer.byteLength(body)
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

function parseHead(text) {
  const [statusLine, ...lines] = text.split('\r\n')
  const fields = new Map()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (fields.has(name)) throw new Error(`the field ${name} came twice`)
    fields.set(name, line.slice(colon + 1).trim())
  }
  return { statusLine, fields }
}

/** The chunked body at the start of bytes, or undefined when it is not whole yet. */
function unchunk(bytes) {
  const pieces = []
  let at = 0
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (!(size >= 0)) throw new Error('a chunk without a size')
    const end = line + 2 + size + 2
    if (bytes.length < end) return undefined
    if (size === 0) return { body: Buffer.concat(pieces), used: end }
    pieces.push(bytes.subarray(line + 2, end - 2))
    at = end
  }
}

/** The answer at the start of bytes, or undefined when it is not whole yet. */
export function parseAnswer(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = parseHead(bytes.toString('latin1', 0, headEnd))
  const rest = bytes.subarray(headEnd + 4)
  if (head.fields.get('transfer-encoding') === 'chunked') {
    const found = unchunk(rest)
    return found && { ...head, body: found.body, used: headEnd + 4 + found.used }
  }
  const length = Number(head.fields.get('content-length'))
  if (!Number.isInteger(length)) throw new Error('an answer without a length')
  if (rest.length < length) return undefined
  return { ...head, body: rest.subarray(0, length), used: headEnd + 4 + length }
}

function check(answer, workload) {
  // The reason phrase may be empty (RFC 9112 section 4), and srvx's is.
  if (!/^HTTP\/1\.1 200 (OK)?$/.test(answer.statusLine)) {
    throw new Error(`answered ${answer.statusLine}`)
  }
  const type = workload.kind.endsWith('json') ? 'application/json' : 'text/plain'
  const given = answer.fields.get('content-type') ?? 'nothing'
  if (given.split(';')[0].trim().toLowerCase() !== type) {
    throw new Error(`content-type is ${given}, not ${type}`)
  }
  if (!answer.body.equals(Buffer.from(workload.expected))) {
    const shown = JSON.stringify(answer.body.toString('latin1', 0, 80))
    throw new Error(`the body is not the expected one but ${shown}`)
  }
  if (workload.closes && answer.fields.get('connection')?.toLowerCase() !== 'close') {
    throw new Error('does not announce connection: close')
  }
}

/** Takes the whole answers off the front; throws at the first that is not right. */
function takeAnswers(state, workload) {
  for (;;) {
    const answer = parseAnswer(state.bytes)
    if (!answer) return
    check(answer, workload)
    state.answers += 1
    state.answerBytes = answer.used
    state.dated = answer.fields.has('date')
    state.bytes = state.bytes.subarray(answer.used)
  }
}

/**
 * Sends the workload's request as often as one write of it holds (twice on one connection where
 * it is kept alive, to see that it is) and resolves with the size of one answer.
 */
export function verify(workload, port) {
  const bytes = requestBytes(workload, port).repeat(workload.depth)
  const writes = workload.closes ? 1 : 2
  const wanted = workload.depth * writes
  const state = { bytes: Buffer.alloc(0), answers: 0, answerBytes: 0, dated: false }
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (error) => {
      clearTimeout(timer)
      socket.destroy()
      if (error) reject(new Error(`not measured, since it ${error.message}`))
      else resolve({ answerBytes: state.answerBytes, dated: state.dated })
    }
    const fail = (why) => settle(new Error(why))
    const timer = setTimeout(() => fail('did not answer in time'), LIMIT_MS)
    socket.on('connect', () => socket.write(bytes))
    socket.on('error', (error) => fail(`failed with ${error.code}`))
    socket.on('data', (piece) => {
      const before = state.answers
      state.bytes = Buffer.concat([state.bytes, piece])
      try {
        takeAnswers(state, workload)
      } catch (error) {
        return settle(error)
      }
      if (state.bytes.length > LIMIT_BYTES) return fail('sent too much')
      if (state.answers > wanted) return fail('sent more answers than it was asked for')
      const wroteOnce = before < workload.depth && state.answers === workload.depth
      if (wroteOnce && writes === 2) socket.write(bytes)
      if (state.answers === wanted && !workload.closes) finish(state, settle, fail)
    })
    socket.on('end', () => {
      if (workload.closes && state.answers === wanted) finish(state, settle, fail)
      else fail(`ended the connection after ${state.answers} of ${wanted} answers`)
    })
  })
}

function finish(state, settle, fail) {
  if (state.bytes.length > 0) fail('sent bytes behind its last answer')
  else settle()
}
