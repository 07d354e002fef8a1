// Requests with another one inside, and what may become of it.

import { ask, isRefusal, MUST, OWN, rules, SHOULD } from '../lib/build.mjs'

export const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'
export const AMBIGUOUS = '9112 11.2'
/** The body of one reading ends before the hidden request, that of the other behind it. */
export const EMPTY_CHUNKS = `0\r\n\r\n${HIDDEN}`
export const IN_CHUNK = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`

export const post = (fields, body, target = '/') => ask(`POST ${target}`, fields, body)
export const length = (body) => `Content-Length: ${body.length}`

/** The answer to the request outside. */
export const OUTER = { status: 200, has: { 'x-seen': /^(GET|POST) \/(unread)?$/ } }

export const REFUSED = { answers: [{ status: isRefusal }], after: 'closed' }
export const SILENT = { answers: [], after: 'closed' }
export const THEN_CLOSED = { answers: [OUTER], after: 'closed' }
export const THEN_GARBAGE = { answers: [OUTER, { status: isRefusal }], after: 'closed' }
/** Where it does not hide but stands behind. */
export const THEN_HIDDEN = {
  answers: [OUTER, { status: 200, seen: { target: '/hidden' } }],
  after: 'open',
}

/**
 * Refused, with nothing served behind; the right status is 400, or 501 for a coding.
 * @param others what else the RFCs leave: then refusing is milouv's choice
 */
export const hides = (name, send, ...others) =>
  rules(name, AMBIGUOUS, send, [
    [MUST, REFUSED, SILENT, ...others],
    [others.length > 0 ? OWN : SHOULD, { answers: [{ status: [400, 501] }], after: 'closed' }],
  ])
