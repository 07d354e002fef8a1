// What the server sends for a Response.

/**
 * An answer ready for the addon. Never changed once it was handed out: it may be sent many times.
 */
export class Wire {
  /**
   * @param {number} status
   * @param {string} reason '' stands for the standard phrase
   */
  constructor(status, reason) {
    this.status = status
    this.reason = reason
    /** `name: value\r\n` repeated */
    this.headers = ''
    /** how many lines that is */
    this.count = 0
    /** @type {null | string | Uint8Array | ReadableStream | BriefBody | AsyncIterable} */
    this.body = null
    /** bytes of a streamed body where they are known ahead, else -1 */
    this.length = -1
    /** what the fields behind the body are made from, or a promise of it */
    this.trailers = undefined
  }

  /** Text, bytes or nothing, under a standard status line. */
  get isPlain() {
    const { body } = this
    return (
      (body === null || typeof body === 'string' || body instanceof Uint8Array) &&
      this.trailers === undefined &&
      this.reason === ''
    )
  }
}

/** Statuses whose answers have no body, whatever was given (RFC 9110, 15.3.5, 15.3.6, 15.4.5). */
export const isNullBodyStatus = (status) => status === 204 || status === 205 || status === 304

/** By this every copy of milouv in a process can send another one's Response. */
export const TO_WIRE = Symbol.for('milouv.toWire.1')

/**
 * The error for a value that cannot be sent as an answer.
 * @param {string} message
 * @param {unknown} cause
 */
export function invalidResponse(message, cause = undefined) {
  const error = new TypeError(message, cause === undefined ? undefined : { cause })
  error.code = 'ERR_INVALID_RESPONSE'
  return error
}

/** @param {string} why */
export const spentBody = (why) =>
  invalidResponse(`The handler returned a Response whose body ${why}: it can be sent only once.`)
