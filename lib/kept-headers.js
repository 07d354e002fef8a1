// The header lines of answers are few and come again: the addon keeps those that did, checked and
// as they go out, and knows them by a number.

import binding from './binding.js'

const MOST = 256
const LONGEST = 1024
// Among so many other ones, lines must come again to be kept.
const SEEN = 256

const numbers = new Map()
const seen = new Set()
/** What says how long one body is: not worth a number, however often it comes. */
const refused = new Set()
// Most servers have one kind of answer: it is compared before it is looked up.
let lastText = ''
let lastNumber = 0

/**
 * The number of header lines that are kept; 0: these are not.
 * @param {{ headers: string, count: number }} wire
 */
export function keptHeaders(wire) {
  const { headers } = wire
  if (headers === lastText && lastNumber !== 0) return lastNumber
  const number = numbers.get(headers) ?? learn(wire)
  lastText = headers
  lastNumber = number
  return number
}

function learn({ headers, count }) {
  if (numbers.size >= MOST || headers.length > LONGEST || refused.has(headers)) return 0
  if (!seen.delete(headers)) {
    note(seen, headers)
    return 0
  }
  const number = binding.keepHeaders(headers, count)
  if (number === 0) note(refused, headers)
  else numbers.set(headers, number)
  return number
}

function note(set, headers) {
  if (set.size >= SEEN) set.clear()
  set.add(headers)
}
