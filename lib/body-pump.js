// Sending a body that comes in pieces, no faster than the socket takes it.

import { isUint8Array } from 'node:util/types'
import binding from './binding.js'
import { endIterable } from './end-iterable.js'
import { invalidArgType, isConsequence } from './errors.js'
import { unshared } from './unshared.js'
import { packFields } from './wire-headers.js'

const NO_FIELDS = { text: '', count: 0 }

/**
 * Starts reading a ReadableStream or an iterable, either in the same way. It begins before the
 * head is sent: where the body is made of the request's own, the client that waits for
 * `100 Continue` can be told in time.
 */
export function openBody(body) {
  const source = sourceOf(body)
  const first = source.next()
  // Whoever pumps hears of a failure; when nobody does, the answer failed before.
  first.catch(() => {})
  return { ...source, first }
}

function sourceOf(body) {
  if (typeof body.getReader === 'function') {
    const reader = body.getReader()
    return {
      next: () => reader.read(),
      cancel: (reason) => reader.cancel(reason),
      takesText: false,
    }
  }
  const iterator = body[Symbol.asyncIterator]?.() ?? body[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    cancel: async (reason) => endIterable(body, iterator, reason, reason),
    takesText: true,
  }
}

/** Tells the source that nobody wants the rest. */
export function cancelBody(source, reason) {
  ignoreFailure(() => source.cancel(reason))
}

/**
 * Sends the body behind a head that is out already, and the trailer fields behind it. Rejects
 * with what the source failed with; when the client leaves, the source is cancelled and nothing
 * is thrown.
 */
export async function pumpBody(exchange, source, trailers) {
  let cancelled = false
  const cancel = (reason) => {
    if (!cancelled) cancelBody(source, reason)
    cancelled = true
  }
  const { highWaterMark } = exchange.service
  let onAbort
  // By a promise, with which the stores of AsyncLocalStorage come along.
  new Promise((_, reject) => {
    onAbort = reject
    exchange.onAbort(onAbort)
  }).catch(cancel)
  try {
    for (let reading = source.first; ; reading = source.next()) {
      const { done, value } = await reading
      if (cancelled) return
      if (done) break
      if (isEmpty(value, source.takesText)) continue
      const waiting = binding.writeData(
        exchange.key,
        typeof value === 'string' ? value : unshared(value),
      )
      // The connection has gone; its exchange is about to hear why.
      if (waiting < 0) await exchange.lost()
      if (waiting > highWaterMark) await exchange.drained()
    }
    const { text, count } = trailers === undefined ? NO_FIELDS : packFields(await trailers)
    if (cancelled) return
    if (!binding.endData(exchange.key, text, count)) await exchange.lost()
  } catch (error) {
    cancel(error)
    // A source that was made with the request's signal fails with it.
    if (exchange.aborted !== null && isConsequence(error, exchange.aborted)) return
    throw error
  } finally {
    exchange.offAbort(onAbort)
  }
}

/** Fetch allows bytes only in a stream; what an iterable yields may be text. */
function isEmpty(piece, takesText) {
  // Not by instanceof: bytes of another realm are bytes, too.
  if (isUint8Array(piece)) return piece.byteLength === 0
  if (takesText && typeof piece === 'string') return piece === ''
  const expected = takesText ? 'a Uint8Array or a string' : 'a Uint8Array'
  throw invalidArgType('a piece of a Response body', expected, piece)
}

/** A body that will not be sent, as for HEAD: its source must hear of it. */
export function dropBody(body) {
  ignoreFailure(() => {
    if (typeof body.cancel === 'function') return body.cancel()
    return endIterable(body, body[Symbol.asyncIterator]?.())
  })
}

/**
 * The source's own trouble with being cancelled is nobody's answer any more. A ponyfill's cancel
 * may throw at once, and give no promise.
 */
function ignoreFailure(cancel) {
  new Promise((resolve) => resolve(cancel())).catch(() => {})
}
