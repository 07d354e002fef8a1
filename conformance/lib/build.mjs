// What cases are made of. A case sends bytes and has rules; a rule has a level and the outcomes
// that keep it, any one of which will do.
//
//   case     { group, name, rfc, send: [text | { until }], methods, end, next, rules }
//   rule     { level: MUST | SHOULD | OWN, outcomes }
//   outcome  { answers, informational, after: 'open' | 'closed' | 'either' | 'cut' | 'waits' }
//   answer   { status, seen, has, hasNot, body }: what must hold of one answer

export const MUST = 'MUST'
export const SHOULD = 'SHOULD'
/** Where the RFCs leave a choice: the one that milouv made. */
export const OWN = 'own'
export const LEVELS = [MUST, SHOULD, OWN]

export const NEXT_TARGET = '/next'
export const PROBE_TARGET = '/probe'
export const NEXT = `GET ${NEXT_TARGET} HTTP/1.1\r\nHost: next\r\n\r\n`
export const PROBE = `GET ${PROBE_TARGET} HTTP/1.1\r\nHost: probe\r\n\r\n`
export const NEXT_ANSWER = { status: 200, has: { 'x-seen': `GET ${NEXT_TARGET}` } }

/** A request of 1.1 with a Host; `fields` are lines without their ends. */
export function ask(line, fields = [], body = '') {
  return raw(`${line} HTTP/1.1`, ['Host: a', ...fields], body)
}

/** The lines as given, and an empty one. */
export function raw(line, fields = [], body = '') {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`
}

export const isRefusal = (status) => status >= 400 && status <= 599

/** As if the client had not sent enough yet. */
export const WAITS = { answers: [], after: 'waits' }

const listOf = (value) => (Array.isArray(value) ? value : [value])

function make(name, rfc, send, options, rules) {
  const { methods = [], end = false, next = !end, splits } = options
  return { name, rfc, send: listOf(send), methods, end, next, splits, rules }
}

/** The handler gets the request, and the connection goes on unless `after` says otherwise. */
export function served(name, rfc, send, seen, options = {}) {
  const { level = MUST, after = options.end ? 'closed' : 'open', status = 200 } = options
  const { has, hasNot, body, informational } = options
  const answer = { status, seen, has, hasNot, body }
  return make(name, rfc, send, options, [
    { level, outcomes: [{ answers: [answer], after, informational }] },
  ])
}

/**
 * Not to be served, nor anything behind it. `level` is that of refusing at all; that the answer
 * has the right status and the connection ends is a SHOULD of RFC 9112 section 2.2.
 */
export function refused(name, rfc, send, options = {}) {
  const { level = MUST, status = 400, before = [] } = options
  const closed = (answers) => ({ answers: [...before, ...answers], after: 'closed' })
  const right = { status, has: { connection: 'close' } }
  const isOwn = level === OWN
  return make(name, rfc, send, options, [
    ...(isOwn ? [] : [{ level, outcomes: [closed([{ status: isRefusal }]), closed([])] }]),
    { level: isOwn ? OWN : SHOULD, outcomes: [closed([right])] },
  ])
}

/** The RFC names the status, and says that the connection ends. */
export function refusedWith(status, name, rfc, send, options = {}) {
  const { level = MUST, after = 'closed', before = [] } = options
  const outcomes = [{ answers: [...before, { status }], after }]
  return make(name, rfc, send, options, [{ level, outcomes }])
}

/** Rules of any kind. */
export function rules(name, rfc, send, list, options = {}) {
  const checked = list.map(([level, ...outcomes]) => ({ level, outcomes }))
  return make(name, rfc, send, options, checked)
}

export function group(name, cases) {
  return cases.map((each) => ({ ...each, group: name }))
}

/** A step that waits for so many answers. */
export const answered = (count) => ({ until: (wire) => wire.answers.length >= count })

/** A step that waits for so many answers of 1xx. */
export const informed = (count) => ({
  until: (wire) => wire.informational.length >= count || wire.answers.length > 0,
})

/** A body in chunks. */
export function chunks(...pieces) {
  const sized = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  return `${sized.join('')}0\r\n\r\n`
}
