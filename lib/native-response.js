// Responses that are not milouv's: the platform's own, and those of another realm or a ponyfill.
//
// The body of a platform Response made of text or bytes lies in memory, but its only public way
// out is a stream with several promises to it. So it is looked for where the platform keeps it.
// These are internals: their shape is probed once, and whatever does not look exactly as probed
// goes the public way.

import { isDisturbed } from 'node:stream'
import { copyOf } from './body.js'
import { addFetchedFields, isFetched, isFetchedBody } from './fetched.js'
import { addFields, addPairs, eachField } from './headers.js'
import { isPlatform, platform } from './platform.js'
import { invalidResponse, spentBody, TO_WIRE, Wire } from './wire.js'

/** A body that is not there to be read at once. */
const NOT_HERE = Symbol('not here')
/** A body that may be there one microtask later. */
const SOON = Symbol('soon')

/** @typedef {(response: globalThis.Response) => string | Uint8Array | null | symbol} ReadBody */

/** @type {ReadBody | undefined} */
let readBody

/**
 * What the server sends for a Response that is not this copy's own.
 * @param {unknown} value
 * @param {boolean} mayWait
 * @returns {Wire | undefined} undefined: come again after a microtask
 */
export function wireOfOther(value, mayWait) {
  if (typeof value?.[TO_WIRE] === 'function') return value[TO_WIRE]()
  if (isPlatform('Response', value)) return wireOfPlatform(platform('Response'), value, mayWait)
  return wireOfForeign(value)
}

function wireOfPlatform(Class, response, mayWait) {
  let body = NOT_HERE
  // A subclass may have put its own members before what the internals say.
  if (Object.getPrototypeOf(response) === Class.prototype) {
    readBody ??= probe(Class)
    body = readBody(response)
    if (body === SOON && mayWait) return undefined
  }
  const wire = new Wire(checkedStatus(response.status), response.statusText)
  const { headers } = response
  const stream = typeof body === 'symbol' ? response.body : null
  if (isFetched(response) || isFetchedBody(stream)) addFetchedFields(response, headers, wire)
  else addPairs(headers, wire)
  wire.body = typeof body === 'symbol' ? streamToSend(stream) : body
  return wire
}

function checkedStatus(status) {
  if (status === 0) throw invalidResponse('The handler returned Response.error().')
  if (Number.isInteger(status) && status >= 200 && status <= 999) return status
  if (status >= 100 && status < 200) {
    throw invalidResponse(`The handler returned status ${status}, which is no final answer.`)
  }
  throw invalidResponse(`The handler returned a Response with the status ${String(status)}.`)
}

function streamToSend(stream) {
  if (stream === null) return null
  if (isDisturbed(stream)) throw spentBody('was already read or sent')
  if (stream.locked) throw spentBody('is locked')
  return stream
}

const symbolOf = (object, description) =>
  Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)

/** Finds out which way in this platform has, by trying it. @returns {ReadBody} */
function probe(Class) {
  const none = () => NOT_HERE
  try {
    const text = new Class('probe')
    const state = symbolOf(text, 'state')
    if (state !== undefined) {
      const read = (response) => readBySource(response, response[state])
      return read(text) === 'probe' && isBytes(read(new Class(PROBE))) ? read : none
    }
    const inner = symbolOf(text.body, 'kState')
    if (inner === undefined) return none
    const read = (response) => readByQueue(response.body, inner)
    // Not closed yet, which tells the shape as well as its bytes would. Since Node 26.12 they are
    // made only when somebody reads.
    const isQueued = text.body[inner].controller[inner].queueTotalSize === 'probe'.length
    return isQueued && read(text) === SOON && read(new Class(null)) === null ? read : none
  } catch {
    return none
  }
}

const PROBE = new Uint8Array([1])
const isBytes = (value) => value instanceof Uint8Array && value[0] === 1 && value.length === 1

// Node 20 and 22: what the body was made of is kept beside its stream.
function readBySource(response, state) {
  const body = state?.body
  if (body === null || body === undefined) return response.body === null ? null : NOT_HERE
  const { source, stream } = body
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return NOT_HERE
  // The public way finds out what is wrong with it.
  if (stream.locked || isDisturbed(stream)) return NOT_HERE
  // A copy, because reading the stream would take these bytes away.
  return typeof source === 'string' ? source : new Uint8Array(source)
}

// Node 24.14 and later: the bytes are in the queue of a stream that was closed already.
function readByQueue(stream, inner) {
  if (stream === null) return null
  const state = stream[inner]
  if (state === undefined || state.disturbed || state.reader !== undefined) return NOT_HERE
  if (state.state === 'closed') return new Uint8Array(0)
  const queued = state.controller?.[inner]
  // Only byte streams have these; so the queue holds bytes and nothing else.
  if (state.state !== 'readable' || queued?.pendingPullIntos === undefined) return NOT_HERE
  if (queued.pendingPullIntos.length !== 0) return NOT_HERE
  const { closeRequested, started, queueTotalSize } = queued
  // Also where nothing is queued: the body may be an empty text.
  if (!closeRequested) return started === false ? SOON : NOT_HERE
  return bytesOfQueue(queued.queue, queueTotalSize)
}

function bytesOfQueue(queue, total) {
  if (queue.length === 1) return copyOfEntry(entryOf(queue, 0), total)
  const bytes = new Uint8Array(total)
  let at = 0
  for (let i = 0; i < queue.length; i++) {
    const entry = entryOf(queue, i)
    if (!(entry?.buffer instanceof ArrayBuffer)) return NOT_HERE
    const { byteLength } = entry
    if (at + byteLength > total) return NOT_HERE
    bytes.set(new Uint8Array(entry.buffer, entry.byteOffset, byteLength), at)
    at += byteLength
  }
  return at === total ? bytes : NOT_HERE
}

function copyOfEntry(entry, total) {
  if (entry?.byteLength !== total || !(entry.buffer instanceof ArrayBuffer)) return NOT_HERE
  return new Uint8Array(new Uint8Array(entry.buffer, entry.byteOffset, total))
}

// An array, or a ring in `list` that begins at `head`.
const entryOf = (queue, i) =>
  Array.isArray(queue) ? queue[i] : queue.list?.[(queue.head + i) & queue.capacityMask]

// By shape alone: what a library brought along, or a Response of another realm.
function wireOfForeign(value) {
  if (typeof value !== 'object' || value === null || typeof value.status !== 'number') {
    throw invalidResponse(`The handler returned ${nameIt(value)} instead of a Response.`)
  }
  const { headers } = value
  if (typeof headers?.forEach !== 'function' && typeof headers?.[Symbol.iterator] !== 'function') {
    throw invalidResponse('The handler returned an object with a status, but without headers.')
  }
  if (value.bodyUsed) throw spentBody('was already read or sent')
  const reason = typeof value.statusText === 'string' ? value.statusText : ''
  const wire = new Wire(checkedStatus(value.status), reason)
  try {
    addFields(pairsOfForeign(headers), wire)
  } catch (cause) {
    throw invalidResponse(
      `The handler returned a Response with a bad header: ${cause.message}`,
      cause,
    )
  }
  wire.body = foreignBody(value)
  return wire
}

function nameIt(value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
}

function pairsOfForeign(headers) {
  const pairs = []
  const add = (name, value) => {
    pairs.push([name, value])
  }
  if (typeof headers[Symbol.iterator] === 'function') eachField(headers, add)
  else {
    headers.forEach((value, name) => {
      add(name, value)
    })
  }
  // Ponyfills join cookies by commas, which cannot be undone; most have a way around.
  const cookies = headers.getSetCookie?.() ?? headers.raw?.()['set-cookie']
  if (!Array.isArray(cookies)) return pairs
  const others = pairs.filter(([name]) => `${name}`.toLowerCase() !== 'set-cookie')
  return [...others, ...cookies.map((cookie) => ['set-cookie', cookie])]
}

function foreignBody(value) {
  const { body } = value
  if (body === null || typeof body === 'string') return body
  if (ArrayBuffer.isView(body)) return copyOf(body)
  if (typeof body?.getReader === 'function') {
    if (body.locked) throw spentBody('is locked')
    return body
  }
  if (typeof body?.[Symbol.asyncIterator] === 'function') return body
  if (typeof value.arrayBuffer === 'function') return readLater(value)
  throw invalidResponse('The handler returned a Response whose body cannot be read.')
}

async function* readLater(value) {
  yield new Uint8Array(await value.arrayBuffer())
}
