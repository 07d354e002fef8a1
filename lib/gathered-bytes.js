// The bytes of a body that comes in pieces, until it is whole. An array for each takes some hundred
// bytes, so those of a client that sends one byte at a time are put together at once.

/** Longer pieces stay what they are. */
const SMALL = 4_096
const LEAST_ROOM = 1_024
const MOST_ROOM = 65_536
const NOTHING = new Uint8Array(0)

export class GatheredBytes {
  /** @type {Uint8Array[]} */
  #pieces = []
  #length = 0
  #room = NOTHING
  #filled = 0
  #areOurs

  /** @param {boolean} areOurs the memory of the pieces is nobody else's */
  constructor(areOurs) {
    this.#areOurs = areOurs
  }

  /** @param {Uint8Array} bytes */
  add(bytes) {
    const { byteLength } = bytes
    if (byteLength === 0) return
    this.#length += byteLength
    // As a rule the first is all there is.
    if (this.#pieces.length > 0 && byteLength <= SMALL) return this.#copy(bytes)
    this.#putAside()
    this.#pieces.push(bytes)
  }

  /** @param {Uint8Array} bytes */
  #copy(bytes) {
    if (this.#filled + bytes.byteLength > this.#room.byteLength) {
      this.#putAside()
      this.#room = new Uint8Array(Math.min(Math.max(this.#length, LEAST_ROOM), MOST_ROOM))
    }
    this.#room.set(bytes, this.#filled)
    this.#filled += bytes.byteLength
  }

  #putAside() {
    if (this.#filled === 0) return
    this.#pieces.push(this.#room.subarray(0, this.#filled))
    this.#room = this.#room.subarray(this.#filled)
    this.#filled = 0
  }

  /** All of them, in memory of their own. */
  whole() {
    this.#putAside()
    const [first, second] = this.#pieces
    const isAll = second === undefined && first?.byteLength === first?.buffer.byteLength
    if (this.#areOurs && first !== undefined && isAll) return first
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const bytes of this.#pieces) {
      whole.set(bytes, at)
      at += bytes.byteLength
    }
    return whole
  }
}
