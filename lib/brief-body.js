// A stream that may give all it has within the turn in which it is first read. Then the answer has
// a content-length, and needs no pieces.

import { spentBody } from './wire.js'

/** So many microtasks after it was read a stream of text or bytes has ended, and one to spare. */
const MICROTASKS = 3
/** Leads from the reader, which the stream keeps, to what was read. */
const BRIEF = Symbol('brief')

/**
 * The body whose bytes were or are being taken by this reader.
 * @param {ReadableStreamDefaultReader} reader
 * @returns {BriefBody | undefined}
 */
export const briefBodyOf = (reader) => reader[BRIEF]

export class BriefBody {
  #stream
  #hasEnded
  #taking

  /**
   * @param {ReadableStream} stream neither locked nor disturbed
   * @param {() => boolean} hasEnded whether its last piece was taken
   */
  constructor(stream, hasEnded) {
    this.#stream = stream
    this.#hasEnded = hasEnded
    /** @type {Uint8Array | undefined} all of it, once that was taken; it can be sent again */
    this.bytes = undefined
  }

  /**
   * Reads once, as whoever sends the stream would. Nothing is read ahead of the client.
   * @returns {Promise<Uint8Array | Rest>} all of it, or for the first who asks what comes in pieces
   */
  async take() {
    if (this.#taking === undefined) {
      this.#taking = this.#read()
      return this.#taking
    }
    const taken = await this.#taking
    if (taken instanceof Rest) throw spentBody('was already read or sent')
    return taken
  }

  async #read() {
    const reader = this.#stream.getReader()
    reader[BRIEF] = this
    const first = reader.read()
    let piece
    first.then(
      (result) => {
        piece = result
      },
      // Whoever sends the rest hears of it.
      () => {},
    )
    for (let i = 0; i < MICROTASKS; i++) {
      await undefined
      if (piece === undefined || !this.#hasEnded()) continue
      this.bytes = piece.done ? new Uint8Array(0) : piece.value
      return this.bytes
    }
    return new Rest(reader, first)
  }

  cancel(reason) {
    return this.#stream.cancel(reason)
  }
}

/** A stream whose first piece has been asked for already. */
class Rest {
  #reader
  #first

  constructor(reader, first) {
    this.#reader = reader
    this.#first = first
  }

  getReader() {
    return this
  }

  read() {
    const first = this.#first
    if (first === undefined) return this.#reader.read()
    this.#first = undefined
    return first
  }

  cancel(reason) {
    return this.#reader.cancel(reason)
  }
}
