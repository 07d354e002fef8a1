import { types } from 'node:util'

/**
 * The bytes themselves, or a copy where another thread could write to them while they are sent.
 * @param {Uint8Array} bytes
 */
export function unshared(bytes) {
  return types.isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes
}
