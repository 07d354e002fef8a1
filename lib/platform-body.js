// The body of the platform's Response. Made of text or bytes it lies in memory, but its only public
// way out is a stream with several promises to it. So it is looked for where the platform keeps it.
// These are internals: their shape is probed once, and whatever does not look exactly as probed
// goes the public way.

import { isDisturbed } from 'node:stream'
import { BriefBody, briefBodyOf } from './brief-body.js'

/** A body that is not there to be read at once. */
const NOT_HERE = Symbol('not here')
/** A body that may be there one microtask later. */
export const SOON = Symbol('soon')

/** @typedef {string | Uint8Array | null | BriefBody | symbol} Found */
/** @typedef {(response: globalThis.Response) => Found} ReadBody */

/** @type {ReadBody | undefined} */
let readBody

/**
 * The body of a platform's Response, if it can be had without reading its stream piece by piece.
 * @param {typeof globalThis.Response} Class
 * @param {globalThis.Response} response
 * @returns {Found} a symbol: there is no such way, or not yet (SOON)
 */
export function bodyOfPlatform(Class, response) {
  readBody ??= probe(Class)
  return readBody(response)
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
    if (read(new Class(null)) !== null) return none
    // Not closed yet, which tells the shape as well as its bytes would.
    if (read(text) === SOON && text.body[inner].controller[inner].queueTotalSize > 0) return read
    const readBriefly = (response) => readByStream(response.body, inner)
    return readBriefly(text) instanceof BriefBody ? readBriefly : none
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

// Node 24.14 and later, 26 up to 26.11: the bytes are in the queue of a stream that was closed
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

// Node 26.12 and later, and 24.0 to 24.13: what the body was made of is out of reach. The stream
// gives it whole and ends in the same turn, when it is asked to; these fields tell that it may.
function readByStream(stream, inner) {
  if (stream === null) return null
  const state = stream[inner]
  if (state === undefined) return NOT_HERE
  if (state.reader !== undefined) {
    const brief = briefBodyOf(state.reader)
    return brief === undefined ? NOT_HERE : (brief.bytes ?? brief)
  }
  if (state.disturbed) return NOT_HERE
  // Only byte streams have these; all that a Response makes by itself are such.
  if (state.controller?.[inner]?.pendingPullIntos?.length !== 0) return NOT_HERE
  return new BriefBody(stream, () => state.state === 'closed')
}
