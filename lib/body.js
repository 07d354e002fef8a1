// Bodies: one small object for whatever a body is made of, and the ways to read it. A stream is
// made only when somebody asks for `.body`.

import { isDisturbed } from 'node:stream'
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types'
import { endIterable } from './end-iterable.js'
import { GatheredBytes } from './gathered-bytes.js'
import { platform } from './platform.js'
import { snapshotOf } from './snapshot.js'
import { teeOf } from './tee.js'

/** What a body is made of. */
export const TEXT = 0
export const BYTES = 1
export const BLOB = 2
export const STREAM = 3
export const ITERABLE = 4
/** A request's body, which the server holds or still receives. */
export const EXCHANGE = 5

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class Body {
  /**
   * @param {number} kind
   * @param {unknown} source
   */
  constructor(kind, source) {
    this.kind = kind
    this.source = source
    /** The ReadableStream, once somebody asked for it. */
    this.stream = kind === STREAM ? source : null
    /** Read, or given away, without the stream being involved. */
    this.used = false
  }
}

const UNUSABLE = 'Body is unusable: Body has already been read'

/** The platform's error for a body that was read before. */
export const unusable = () => new TypeError(UNUSABLE)

/** `bodyUsed`. @param {Body | null} body */
export const isUsed = (body) =>
  body !== null && (body.used || (body.stream !== null && isDisturbed(body.stream)))

/** Used, or locked by a reader. @param {Body | null} body */
export const isUnusable = (body) =>
  body !== null &&
  (body.used || (body.stream !== null && (body.stream.locked || isDisturbed(body.stream))))

/**
 * The body as a stream; always the same one.
 * @param {Body} body
 * @returns {ReadableStream<Uint8Array>}
 */
export function streamOf(body) {
  if (body.stream !== null) return body.stream
  const stream = body.used ? spentStream() : makeStream(body)
  body.stream = stream
  return stream
}

// A body that was read looks to those who ask later as if it had been read by the stream.
function spentStream() {
  const stream = new ReadableStream({ type: 'bytes' })
  stream.getReader().cancel()
  return stream
}

function makeStream(body) {
  switch (body.kind) {
    case TEXT:
      return fixedStream(encoder.encode(body.source))
    case BYTES:
      return fixedStream(body.source.slice())
    case BLOB:
      return body.source.stream()
    case ITERABLE:
      return iterableStream(body.source)
    default:
      return exchangeStream(body.source)
  }
}

function fixedStream(bytes) {
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

function iterableStream(iterable) {
  const iterator = iterable[Symbol.asyncIterator]()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      for (;;) {
        const { done, value } = await iterator.next()
        if (done) return closeBytes(controller)
        const bytes = toBytes(value)
        if (bytes.byteLength > 0) return controller.enqueue(bytes)
      }
    },
    async cancel(reason) {
      await endIterable(iterable, iterator, reason)
    },
  })
}

function exchangeStream(exchange) {
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      for (;;) {
        const piece = await exchange.pull()
        if (piece === null) return closeBytes(controller)
        // A byte stream refuses an empty chunk.
        if (piece.byteLength > 0) return controller.enqueue(piece)
      }
    },
    cancel(reason) {
      exchange.cancelBody(reason)
    },
  })
}

function closeBytes(controller) {
  controller.close()
  // A reader that brought its own buffer waits until it is answered, also at the end.
  controller.byobRequest?.respond(0)
}

// As the platform does: an async iterable may give strings, a copy is made of bytes.
const toBytes = (chunk) => (typeof chunk === 'string' ? encoder.encode(chunk) : copyOf(chunk))

/**
 * A copy of what a view or an ArrayBuffer holds.
 * @param {ArrayBuffer | ArrayBufferView} source
 * @returns {Uint8Array}
 */
export function copyOf(source) {
  if (source instanceof Uint8Array) return new Uint8Array(source)
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
  }
  if (isAnyArrayBuffer(source)) return new Uint8Array(source.slice(0))
  throw new TypeError('Received a chunk that is neither text nor bytes')
}

/**
 * WebIDL's BodyInit: what the body is, and the content type that goes with it.
 * @param {unknown} init neither null nor undefined
 * @returns {{ body: Body, type: string | null }}
 */
export function extractBody(init) {
  if (typeof init === 'string') return textBody(init)
  if (typeof init !== 'object' && typeof init !== 'function') return textBody(`${init}`)
  if (init instanceof Uint8Array) return { body: new Body(BYTES, snapshotOf(init)), type: null }
  if (ArrayBuffer.isView(init) || isAnyArrayBuffer(init)) {
    return { body: new Body(BYTES, copyOf(init)), type: null }
  }
  if (init instanceof ReadableStream) return { body: streamBody(init), type: null }
  if (init instanceof URLSearchParams) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8'
    return { body: new Body(TEXT, init.toString()), type }
  }
  if (init instanceof Blob) return { body: new Body(BLOB, init), type: init.type || null }
  // By its tag: the name FormData would load the platform's fetch.
  if (init[Symbol.toStringTag] === 'FormData') return formBody(init)
  if (typeof init[Symbol.asyncIterator] === 'function') {
    if (isDisturbed(init) || init.locked) throw lockedError()
    return { body: new Body(ITERABLE, init), type: null }
  }
  return textBody(`${init}`)
}

const textBody = (text) => ({ body: new Body(TEXT, text), type: 'text/plain;charset=UTF-8' })

const lockedError = () => new TypeError('Response body object should not be disturbed or locked')

function streamBody(stream) {
  if (isDisturbed(stream) || stream.locked) throw lockedError()
  return new Body(STREAM, stream)
}

// The platform knows how to write multipart/form-data; it is no hot path.
function formBody(form) {
  const made = new (platform('Response'))(form)
  return { body: new Body(STREAM, uncancelled(made.body)), type: made.headers.get('content-type') }
}

// From Node 24 on the platform's stream of a form goes on when it is cancelled, and fails where
// nobody can catch it. So it is only left alone.
function uncancelled(stream) {
  const reader = stream.getReader()
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) closeBytes(controller)
      else controller.enqueue(value)
    },
  })
}

/** Two bodies of one: the second is returned. @param {Body} body @returns {Body} */
export function cloneBody(body) {
  if (body.kind === EXCHANGE && body.stream === null) {
    const bytes = body.source.takeBytes()
    if (bytes !== undefined) {
      body.kind = BYTES
      body.source = bytes
    }
  }
  if (body.kind < STREAM && body.stream === null) return new Body(body.kind, body.source)
  const [mine, theirs] = teeOf(streamOf(body))
  body.kind = STREAM
  body.source = mine
  body.stream = mine
  return new Body(STREAM, theirs)
}

const withoutMark = (text) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

/**
 * The whole body as text, at once where it is here. Uses the body up.
 * @param {Body} body
 * @returns {string | Promise<string>}
 */
export function readText(body) {
  if (body.stream === null) {
    if (body.kind === TEXT) {
      body.used = true
      return withoutMark(body.source.toWellFormed())
    }
    if (body.kind === EXCHANGE) {
      body.used = true
      const text = body.source.takeText()
      if (text !== undefined) return text
    }
  }
  const bytes = readBytes(body)
  return bytes instanceof Uint8Array
    ? decoder.decode(bytes)
    : bytes.then((all) => decoder.decode(all))
}

/**
 * The whole body as bytes of its own, at once where it is here. Uses the body up.
 * @param {Body} body
 * @returns {Uint8Array | Promise<Uint8Array>}
 */
export function readBytes(body) {
  if (body.stream !== null) return collect(piecesOf(body.stream.getReader()))
  body.used = true
  switch (body.kind) {
    case TEXT:
      return encoder.encode(body.source)
    case BYTES:
      return new Uint8Array(body.source)
    case BLOB:
      return body.source.arrayBuffer().then((buffer) => new Uint8Array(buffer))
    case ITERABLE:
      return collect(body.source)
    default:
      return body.source.takeBytes() ?? collect(pulledFrom(body.source), true)
  }
}

async function* piecesOf(reader) {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    if (!isUint8Array(value)) throw new TypeError('Received non-Uint8Array chunk')
    yield value
  }
}

async function* pulledFrom(exchange) {
  for (;;) {
    const piece = await exchange.pull()
    if (piece === null) return
    yield piece
  }
}

/** `areOurs`: nobody else has the memory of the pieces. */
async function collect(pieces, areOurs = false) {
  const gathered = new GatheredBytes(areOurs)
  for await (const piece of pieces) {
    const bytes = typeof piece === 'string' ? encoder.encode(piece) : piece
    if (!isUint8Array(bytes)) throw new TypeError('Received non-Uint8Array chunk')
    gathered.add(bytes)
  }
  return gathered.whole()
}

const EMPTY = new Uint8Array(0)

/**
 * What `text()` gives: the text, or a promise of it. Throws for a body that was read before.
 * @param {Body | null} body
 */
export function takeText(body) {
  if (body === null) return ''
  if (isUnusable(body)) throw unusable()
  return readText(body)
}

/**
 * What `bytes()` gives: the bytes, or a promise of them. Throws for a body that was read before.
 * @param {Body | null} body
 */
export function takeBytes(body) {
  if (body === null) return EMPTY.slice()
  if (isUnusable(body)) throw unusable()
  return readBytes(body)
}

/**
 * The ArrayBuffer of bytes that are nobody else's.
 * @param {Uint8Array} bytes
 */
export const bufferOf = (bytes) =>
  bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

/**
 * Has the platform read what is no hot path: a Blob with its MIME type, or a form.
 * @param {'blob' | 'formData'} how
 * @param {Uint8Array} bytes
 * @param {string | null} type the content-type header
 */
export function readByPlatform(how, bytes, type) {
  const headers = type === null ? [] : [['content-type', type]]
  return new (platform('Response'))(bytes, { headers })[how]()
}

/**
 * What `textStream()` gives, where the platform has it.
 * @param {Body | null} body
 */
export function textStreamOf(body) {
  if (isUnusable(body)) throw unusable()
  const stream = body === null ? fixedStream(EMPTY) : streamOf(body)
  return stream.pipeThrough(new TextDecoderStream())
}
