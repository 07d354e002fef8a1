// One request being served and its answer, between the addon and the fetch objects.

import binding from './binding.js'
import { abortError, invalidState } from './errors.js'

// The number beside a packed head; see src/server/request_meta.rs.
const HTTP_1_0 = 1
const HAS_BODY = 2
const EXPECTS_CONTINUE = 4
const IS_HEAD = 8
const METHOD_SHIFT = 6
const METHOD_MASK = 31
const TARGET_SHIFT = 11

/**
 * Made for every request, so it holds next to nothing until something is asked of it. It joins
 * the service's table of exchanges only while something waits for the addon.
 */
export class Exchange {
  constructor(service, key, head, meta) {
    this.service = service
    this.key = key
    this.head = head
    this.meta = meta
    /** The final answer has been handed over whole; the connection may serve the next request. */
    this.done = false
    /** Why the exchange will not complete, once that is so. */
    this.aborted = null
    /** The body was read to its end. */
    this.bodyEnded = false
    this.joined = false
    /** Where the client was, once it has left. */
    this.lastAddress = undefined
    this.request = undefined
    this.waiting = undefined
  }

  get methodLength() {
    return (this.meta >>> METHOD_SHIFT) & METHOD_MASK || this.head.indexOf(' ')
  }

  get targetLength() {
    const packed = this.meta >>> TARGET_SHIFT
    if (packed !== 0) return packed
    const end = this.head.indexOf('\n')
    return (end === -1 ? this.head.length : end) - this.methodLength - 1
  }

  get hasBody() {
    return (this.meta & HAS_BODY) !== 0
  }

  /** The client may be waiting for `100 Continue`, which nothing has brought it yet. */
  get mayWait() {
    return (this.meta & EXPECTS_CONTINUE) !== 0 && !this.bodyEnded
  }

  get isHead() {
    return (this.meta & IS_HEAD) !== 0
  }

  /** Nobody waits for what becomes of it, and its request is whole. */
  get isUntouched() {
    return !this.joined && !this.hasBody
  }

  get httpVersion() {
    return (this.meta & HTTP_1_0) === 0 ? '1.1' : '1.0'
  }

  /** What stands for the Host that a 1.0 client may leave out. */
  get authority() {
    return this.service.authority
  }

  /** What proxies that are trusted say of it; undefined where there is none to trust. */
  get forwarded() {
    return this.service.forwarding?.of(this)
  }

  takeText() {
    if (this.done || this.aborted !== null) return undefined
    const text = binding.takeBodyText(this.key) ?? undefined
    if (text !== undefined) this.#tookBody()
    return text
  }

  takeBytes() {
    if (this.done || this.aborted !== null) return undefined
    const bytes = binding.takeBody(this.key) ?? undefined
    if (bytes !== undefined) this.#tookBody()
    return bytes
  }

  /** The next piece of the body; null at its end. */
  pull() {
    if (this.aborted !== null) return Promise.reject(this.aborted)
    if (this.done) return Promise.reject(bodyDiscarded())
    const piece = binding.readBody(this.key)
    if (piece === true) {
      this.#endBody()
      return Promise.resolve(null)
    }
    if (piece !== null) return Promise.resolve(piece)
    return new Promise((resolve, reject) => {
      this.#waits().pull = { resolve, reject }
    })
  }

  cancelBody() {
    if (!this.done && this.aborted === null) binding.discardBody(this.key)
  }

  onAbort(callback) {
    if (this.aborted !== null) callback(this.aborted)
    else this.#waits().abort.push(callback)
  }

  /** The callback has nothing to do any more. */
  offAbort(callback) {
    const callbacks = this.waiting?.abort
    const at = callbacks?.indexOf(callback) ?? -1
    if (at >= 0) callbacks.splice(at, 1)
  }

  /** The addon says that the connection has gone; rejects once it says why. */
  lost() {
    return new Promise((_, reject) => this.onAbort(reject))
  }

  /** Settles when the socket has taken what was written so far. */
  drained() {
    if (this.aborted !== null) return Promise.reject(this.aborted)
    return new Promise((resolve, reject) => {
      this.#waits().drain = { resolve, reject }
    })
  }

  /** The trailer section, packed; settles at the body's end. */
  trailers() {
    if (this.aborted !== null) return Promise.reject(this.aborted)
    const waits = this.#waits()
    if (waits.trailers !== undefined) return Promise.resolve(waits.trailers)
    if (this.done && this.hasBody) return Promise.reject(bodyDiscarded())
    return new Promise((resolve, reject) => {
      waits.trailersWanted.push({ resolve, reject })
      if (this.bodyEnded || !this.hasBody) this.#endBody()
    })
  }

  /** Settles when the socket has taken all of the answer. */
  watchCompletion() {
    return this.service.watchCompletion(this)
  }

  // What an exchange that is watched takes note of: see ObservedExchange.

  /** An answer was given, but not sent. */
  answering() {}

  /** An answer of our own will be sent. */
  answeringItself() {}

  /** The handler, or what it gave, did not do. */
  failed() {}

  // What the addon calls.

  bodyReady() {
    const pending = this.waiting?.pull
    if (pending === undefined) return
    this.waiting.pull = undefined
    this.pull().then(pending.resolve, pending.reject)
  }

  drainReady() {
    const pending = this.waiting?.drain
    if (pending === undefined) return
    this.waiting.drain = undefined
    pending.resolve()
  }

  /** The client left, or sent what cannot be served. */
  abort(code, detail, lastAddress) {
    if (this.done || this.aborted !== null) return
    this.aborted = abortError(code, detail)
    this.lastAddress = lastAddress
    const waits = this.waiting
    this.leave()
    if (waits === undefined) return
    this.waiting = undefined
    waits.pull?.reject(this.aborted)
    waits.drain?.reject(this.aborted)
    for (const { reject } of waits.trailersWanted) reject(this.aborted)
    for (const callback of waits.abort) callback(this.aborted)
  }

  /** The answer is handed over whole, or `accepted` is false: nobody was there to take it. */
  finish(accepted = true) {
    // Then it will be aborted, and must be found.
    if (!accepted) return this.join()
    this.done = true
    const waits = this.waiting
    this.leave()
    if (waits === undefined) return
    // To make an error is dear, and as a rule nobody waits for one.
    waits.pull?.reject(bodyDiscarded())
    for (const { reject } of waits.trailersWanted) reject(bodyDiscarded())
    if (waits.abort.length > 0) this.#abortUnsent(waits.abort)
  }

  join() {
    // Nothing is told any more to one that is over; it would stay in the table for ever.
    if (this.joined || this.done || this.aborted !== null) return
    this.joined = true
    this.service.exchanges.set(this.key, this)
  }

  leave() {
    if (!this.joined) return
    this.joined = false
    this.service.exchanges.delete(this.key)
  }

  /** While the socket has not taken all of the answer, the client may still leave. */
  #abortUnsent(callbacks) {
    this.service.watchCompletion(this, true).catch((error) => {
      this.aborted = error
      for (const callback of callbacks) callback(error)
    })
  }

  #waits() {
    if (this.waiting === undefined) {
      this.waiting = {
        pull: undefined,
        drain: undefined,
        abort: [],
        trailers: undefined,
        trailersWanted: [],
      }
      if (!this.done && this.aborted === null) this.join()
    }
    return this.waiting
  }

  /** The body was taken whole; its trailers stay with the addon until somebody asks for them. */
  #tookBody() {
    this.bodyEnded = true
    if (this.waiting !== undefined) this.#endBody()
  }

  /** The trailer section is known now. */
  #endBody() {
    this.bodyEnded = true
    const text = this.hasBody ? (binding.bodyTrailers(this.key) ?? '') : ''
    const waits = this.waiting
    if (waits === undefined && text === '') return
    this.#waits().trailers = text
    for (const { resolve } of this.#waits().trailersWanted.splice(0)) resolve(text)
  }
}

function bodyDiscarded() {
  const message = 'the body can no longer be read: the answer is complete'
  return invalidState(message, 'ERR_BODY_DISCARDED')
}
