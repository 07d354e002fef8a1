// Names and values of header fields: validation, and the lines they become on the wire.
// What an app gives is checked here once, at the door: nothing behind it can split an answer.

import { byteString } from './webidl.js'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const BAD_VALUE = /[\0\r\n]|[^\0-\xff]/
const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g

// Apps use few names, spelled alike every time: what was found out about a name is kept.
const NAMES_KEPT = 512
const LONGEST_KEPT = 128

/** A header name that was found valid, and what is often made of it. */
class Name {
  /** @param {string} lower */
  constructor(lower) {
    this.lower = lower
    /** What finds it in a packed head. */
    this.needle = `\n${lower}:`
    this.isContentType = lower === 'content-type'
    // The value this name was last sent with, and the line: constants need no second check.
    this.value = ''
    this.line = `${lower}: \r\n`
  }
}

const names = new Map()

/**
 * A header name, checked, in lower case.
 * @param {unknown} value
 * @param {string} where for the error: 'Headers.get'
 * @returns {Name}
 */
export function fieldName(value, where) {
  const known = names.get(value)
  return known === undefined ? learn(value, where) : known
}

function learn(value, where) {
  const text = byteString(value)
  if (!TOKEN.test(text)) throw new TypeError(`${where}: "${text}" is an invalid header name.`)
  const name = new Name(text.toLowerCase())
  if (text.length <= LONGEST_KEPT) {
    if (names.size >= NAMES_KEPT) names.clear()
    names.set(text, name)
  }
  return name
}

/**
 * A header value, checked, without the white space around it.
 * @param {unknown} value
 * @param {string} where
 * @returns {string}
 */
export function fieldValue(value, where) {
  let text = typeof value === 'string' ? value : `${value}`
  if (text === '') return text
  if (text.charCodeAt(0) <= 32 || text.charCodeAt(text.length - 1) <= 32) {
    text = text.replace(EDGES, '')
  }
  if (BAD_VALUE.test(text)) {
    byteString(text)
    throw new TypeError(`${where}: "${text}" is an invalid header value.`)
  }
  return text
}

/**
 * The line of a header field on the wire.
 * @param {Name} name
 * @param {unknown} value
 * @param {string} where
 * @returns {string}
 */
export function fieldLine(name, value, where) {
  if (name.value === value) return name.line
  const text = fieldValue(value, where)
  const line = `${name.lower}: ${text}\r\n`
  if (text.length <= LONGEST_KEPT) {
    name.value = text
    name.line = line
  }
  return line
}

/**
 * Wire text from a flat list of names and values already checked.
 * @param {string[]} list
 */
export function textOf(list) {
  let text = ''
  for (let i = 0; i < list.length; i += 2) text += `${list[i]}: ${list[i + 1]}\r\n`
  return text
}

/**
 * The flat list of wire text.
 * @param {string} text
 * @returns {string[]}
 */
export function listOfText(text) {
  const list = []
  let at = 0
  while (at < text.length) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    list.push(text.slice(at, colon), text.slice(colon + 2, end))
    at = end + 2
  }
  return list
}
