// A Response has the bytes as they were when it was made. Bytes that come again and again, such as
// a file held in memory, are compared with the copy made before: a sixth of the cost of another.

import { Buffer } from 'node:buffer'

// Below that a copy is as cheap.
const LEAST = 8 * 1024

const { compare } = Buffer
const seen = new WeakSet()
// Nobody but Responses keeps a copy alive.
const copies = new WeakMap()

/**
 * The bytes of an array as they are now; never to be written to, since others may have the same.
 * @param {Uint8Array} source
 * @returns {Uint8Array}
 */
export function snapshotOf(source) {
  if (source.byteLength < LEAST) return new Uint8Array(source)
  const kept = copies.get(source)?.deref()
  if (kept !== undefined && compare(kept, source) === 0) return kept
  const copy = new Uint8Array(source)
  // What is sent only once is garbage soon, and a WeakRef would let it grow old.
  if (seen.has(source)) copies.set(source, new WeakRef(copy))
  else seen.add(source)
  return copy
}
