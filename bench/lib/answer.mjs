// One answer, taken off the bytes of a connection and looked at.

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

/** Throws when the answer is not what the workload wants; expected: the body's bytes. */
export function checkAnswer(answer, workload, expected) {
  // The reason phrase may be empty (RFC 9112 section 4), and srvx's is.
  if (!/^HTTP\/1\.1 200 (OK)?$/.test(answer.statusLine)) {
    throw new Error(`answered ${answer.statusLine}`)
  }
  const type = workload.kind.endsWith('json') ? 'application/json' : 'text/plain'
  const given = answer.fields.get('content-type') ?? 'nothing'
  if (given.split(';')[0].trim().toLowerCase() !== type) {
    throw new Error(`content-type is ${given}, not ${type}`)
  }
  if (!answer.body.equals(expected)) {
    const shown = JSON.stringify(answer.body.toString('latin1', 0, 80))
    throw new Error(`the body is not the expected one but ${answer.body.length} bytes: ${shown}`)
  }
  if (workload.closes && answer.fields.get('connection')?.toLowerCase() !== 'close') {
    throw new Error('does not announce connection: close')
  }
}
