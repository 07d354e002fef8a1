// milouv's Headers: the platform's to everyone who looks, but a view on a packed head until then.

import { isProxy } from 'node:util/types'
import { findValue, listOfHead, separatorOf } from './head.js'
import { fieldLine, fieldName, fieldValue, listOfText, textOf } from './header-fields.js'
import { inherit, platform } from './platform.js'
import { byteString, defineInspect, finishClass, needArguments, refuseClone } from './webidl.js'

const INTERNAL = Symbol('internal')
const COOKIE = 'set-cookie'

/** @type {(headers: Headers) => string[]} a flat list of lower-case names and values */
let listOf
/** @type {(headers: Headers) => [string, string][]} sorted and combined, kept until a change */
let sortedOf
/** @type {(headers: Headers) => number} grows with every change */
let versionOf
/** @type {(value: unknown) => boolean} */
let isHeaders

class Headers {
  #head
  #start
  #list
  #immutable
  #sorted = null
  #version = 0

  constructor(key, head, start, list, immutable) {
    if (key !== INTERNAL) throw new TypeError('Illegal constructor')
    refuseClone(this)
    this.#head = head
    this.#start = start
    this.#list = list
    this.#immutable = immutable
  }

  static {
    listOf = (headers) => {
      headers.#list ??= listOfHead(headers.#head, headers.#start)
      return headers.#list
    }
    sortedOf = (headers) => {
      headers.#sorted ??= sortAndCombine(listOf(headers))
      return headers.#sorted
    }
    versionOf = (headers) => headers.#version
    isHeaders = (value) => typeof value === 'object' && value !== null && #list in value
  }

  append(name, value) {
    needArguments(arguments.length, 2, 'Headers.append')
    const { lower } = fieldName(name, 'Headers.append')
    const text = fieldValue(value, 'Headers.append')
    this.#change().push(lower, text)
  }

  delete(name) {
    needArguments(arguments.length, 1, 'Headers.delete')
    const { lower } = fieldName(name, 'Headers.delete')
    removeFrom(this.#change(), lower, 0)
  }

  get(name) {
    needArguments(arguments.length, 1, 'Headers.get')
    const found = fieldName(name, 'Headers.get')
    if (this.#list === null) return findValue(this.#head, found.needle, this.#start)
    return findInList(this.#list, found.lower)
  }

  has(name) {
    needArguments(arguments.length, 1, 'Headers.has')
    const found = fieldName(name, 'Headers.has')
    if (this.#list === null) return this.#head.includes(found.needle, this.#start)
    return indexInList(this.#list, found.lower) !== -1
  }

  set(name, value) {
    needArguments(arguments.length, 2, 'Headers.set')
    const { lower } = fieldName(name, 'Headers.set')
    const text = fieldValue(value, 'Headers.set')
    const list = this.#change()
    const index = indexInList(list, lower)
    if (index === -1) {
      list.push(lower, text)
    } else {
      list[index + 1] = text
      removeFrom(list, lower, index + 2)
    }
  }

  getSetCookie() {
    const list = listOf(this)
    const cookies = []
    for (let i = 0; i < list.length; i += 2) if (list[i] === COOKIE) cookies.push(list[i + 1])
    return cookies
  }

  keys() {
    return new HeadersIterator(checked(this), 0)
  }

  values() {
    return new HeadersIterator(checked(this), 1)
  }

  entries() {
    return new HeadersIterator(checked(this), 2)
  }

  forEach(callback, thisArg = undefined) {
    checked(this)
    needArguments(arguments.length, 1, 'Headers.forEach')
    if (typeof callback !== 'function') {
      throw new TypeError(
        "Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'Function'.",
      )
    }
    // Live: what the callback changes is seen, as WebIDL's iterables have it.
    for (let i = 0; i < sortedOf(this).length; i++) {
      const [name, value] = sortedOf(this)[i]
      Reflect.apply(callback, thisArg, [value, name, this])
    }
  }

  #change() {
    if (this.#immutable) throw new TypeError('immutable')
    this.#sorted = null
    this.#version++
    return listOf(this)
  }
}

/** @type {(headers: Headers) => Headers} throws for what is none */
const checked = (headers) => {
  versionOf(headers)
  return headers
}

function indexInList(list, lower) {
  for (let i = 0; i < list.length; i += 2) if (list[i] === lower) return i
  return -1
}

function findInList(list, lower) {
  let value = null
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== lower) continue
    value = value === null ? list[i + 1] : value + separatorOf(lower) + list[i + 1]
  }
  return value
}

function removeFrom(list, lower, start) {
  let kept = start
  for (let i = start; i < list.length; i += 2) {
    if (list[i] === lower) continue
    list[kept] = list[i]
    list[kept + 1] = list[i + 1]
    kept += 2
  }
  list.length = kept
}

function sortAndCombine(list) {
  const combined = new Map()
  for (let i = 0; i < list.length; i += 2) {
    const before = combined.get(list[i])
    if (list[i] === COOKIE) (before ?? setAndGet(combined, COOKIE, [])).push(list[i + 1])
    else if (before === undefined) combined.set(list[i], list[i + 1])
    else combined.set(list[i], before + separatorOf(list[i]) + list[i + 1])
  }
  const pairs = []
  for (const name of [...combined.keys()].sort()) {
    const value = combined.get(name)
    if (name !== COOKIE) pairs.push([name, value])
    else for (const cookie of value) pairs.push([name, cookie])
  }
  return pairs
}

function setAndGet(map, key, value) {
  map.set(key, value)
  return value
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))

class HeadersIterator {
  #headers
  #what
  #index = 0

  constructor(headers, what) {
    this.#headers = headers
    this.#what = what
  }

  next() {
    const pair = sortedOf(this.#headers)[this.#index]
    if (pair === undefined) return { value: undefined, done: true }
    this.#index++
    const value = this.#what === 2 ? [pair[0], pair[1]] : pair[this.#what]
    return { value, done: false }
  }
}
Object.setPrototypeOf(HeadersIterator.prototype, IteratorPrototype)
finishClass(HeadersIterator, 'Headers Iterator')
delete HeadersIterator.prototype.constructor

finishClass(Headers, 'Headers')
const ownIterator = Headers.prototype.entries
Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: ownIterator,
  writable: true,
  configurable: true,
})
defineInspect(Headers, 'Headers', (headers) => {
  const shown = {}
  for (const [name, value] of sortedOf(headers)) {
    if (name !== COOKIE) shown[name] = value
    else shown[name] = shown[name] === undefined ? value : [shown[name], value].flat()
  }
  return shown
})
inherit('Headers', Headers)
// `headers.constructor` is the platform's: this class is no one's to construct.
Object.defineProperty(Headers.prototype, 'constructor', {
  get: () => platform('Headers'),
  configurable: true,
})

export { isHeaders, listOf, sortedOf, versionOf }

/**
 * The headers of a request: immutable, cut out of its packed head on demand.
 * @param {string} head
 * @param {number} start where the header lines begin: the LF behind the target
 */
export const requestHeaders = (head, start) => new Headers(INTERNAL, head, start, null, true)

/**
 * Headers over wire text (`name: value\r\n` repeated).
 * @param {string} text
 * @param {boolean} immutable
 */
export const responseHeaders = (text, immutable) =>
  new Headers(INTERNAL, '', 0, listOfText(text), immutable)

/**
 * The wire text of headers, and how many lines it has.
 * @param {Headers} headers
 * @returns {{ text: string, count: number }}
 */
export function wireTextOf(headers) {
  const list = listOf(headers)
  return { text: textOf(list), count: list.length / 2 }
}

/**
 * Reads what WebIDL calls HeadersInit, field by field, in order: pairs, or an object's properties.
 * @param {unknown} init
 * @param {(name: unknown, value: unknown) => void} each
 */
export function eachField(init, each) {
  if (init === null || (typeof init !== 'object' && typeof init !== 'function')) {
    throw new TypeError(
      'Headers constructor: Argument 1 could not be converted to one of: ' +
        'sequence<sequence<ByteString>>, record<ByteString, ByteString>.',
    )
  }
  const iterator = init[Symbol.iterator]
  // Not where somebody gave them an iterator of their own.
  if (iterator === ownIterator && isHeaders(init)) return eachOfList(listOf(init), each)
  if (iterator === undefined || iterator === null) return eachOfRecord(init, each)
  if (typeof iterator !== 'function') {
    throw new TypeError('Headers constructor: Argument 1 is not iterable.')
  }
  // Read whole before it is used: WebIDL converts first, and errors come in that order.
  const pairs = []
  for (const entry of { [Symbol.iterator]: () => Reflect.apply(iterator, init, []) }) {
    const pair = toPair(entry)
    pairs.push(pair[0], pair[1])
  }
  eachOfList(pairs, each)
}

function eachOfList(list, each) {
  for (let i = 0; i < list.length; i += 2) each(list[i], list[i + 1])
}

function toPair(entry) {
  if ((typeof entry !== 'object' && typeof entry !== 'function') || entry === null) {
    throw new TypeError('Headers constructor: a name/value pair must be a sequence.')
  }
  const pair = Array.isArray(entry) ? entry : [...entry]
  if (pair.length === 2) return pair
  throw new TypeError(
    `Headers constructor: expected name/value pair to be length 2, found ${pair.length}.`,
  )
}

// Both are converted before the next key is looked at; whether they are valid is asked later.
function eachOfRecord(init, each) {
  const list = []
  for (const key of Reflect.ownKeys(init)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(init, key)
    if (descriptor === undefined || !descriptor.enumerable) continue
    list.push(byteString(key), byteString(init[key]))
  }
  eachOfList(list, each)
}

// A proxy sees what is asked of it, so it is asked nothing that WebIDL does not ask.
const isRecord = (init) => !isProxy(init) && init[Symbol.iterator] === undefined

/**
 * The wire text of a HeadersInit.
 * @param {unknown} init
 * @param {{ headers: string, count: number }} wire what the lines are added to
 * @returns {boolean} whether there is a content-type among them
 */
export function addFields(init, wire) {
  let typed = false
  const where = 'Headers.append'
  const add = (key, value) => {
    const name = fieldName(key, where)
    wire.headers += fieldLine(name, value, where)
    wire.count++
    typed ||= name.isContentType
  }
  if (typeof init !== 'object' || init === null || !isRecord(init)) {
    eachField(init, add)
    return typed
  }
  // The usual case, without the detour over a list.
  for (const key in init) {
    if (!Object.hasOwn(init, key)) continue
    const name = fieldName(key, where)
    wire.headers += fieldLine(name, init[key], where)
    wire.count++
    if (name.isContentType) typed = true
  }
  return typed
}

/**
 * Adds fields that come as pairs, as the platform's Headers give them.
 * @param {Iterable<[string, string]>} pairs
 * @param {{ headers: string, count: number }} wire
 */
export function addPairs(pairs, wire) {
  for (const pair of pairs) {
    const name = fieldName(pair[0], 'Headers.append')
    wire.headers += fieldLine(name, pair[1], 'Headers.append')
    wire.count++
  }
}
