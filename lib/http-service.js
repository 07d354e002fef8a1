// What happens between a listening server and its handler: requests in, answers out, errors told.

import { setImmediate as nextTurn } from 'node:timers/promises'
import binding from './binding.js'
import { cancelBody, dropBody, openBody, pumpBody } from './body-pump.js'
import { BriefBody } from './brief-body.js'
import { isObserved, requestRefused } from './channels.js'
import { ConnectionInfo } from './connection-info.js'
import { logGone, logOpened } from './debug-log.js'
import { abortError, isConsequence, report } from './errors.js'
import { Exchange } from './exchange.js'
import { Forwarding } from './forwarding.js'
import { keptHeaders } from './kept-headers.js'
import { ObservedExchange } from './observed-exchange.js'
import { HEADERS, KEY, META, openRegisters, registers, STATUS } from './registers.js'
import { createRequest } from './request.js'
import { isResponse, toWire } from './response.js'
import { Stores } from './stores.js'
import { isNullBodyStatus } from './wire.js'

/** An arrow function with an empty parameter list cannot see its arguments in any way. */
const WITHOUT_PARAMETERS = /^(?:async\s*)?\(\s*\)\s*=>/

const SETTLED = Promise.resolve()

const LEFT_EARLY = 'the client left before the answer was complete'

export class HttpService {
  #handler
  #needsRequest
  #onError
  #onClientError
  #watched = new Map()
  #nextWatched = 1
  #background = new Set()
  #stores = new Stores('MILOUVHTTP')
  #lastStats

  constructor(server, handler, { onError, onClientError, highWaterMark, ...options }) {
    /** Whose requests these are, for those who watch. */
    this.server = server
    this.#handler = handler
    this.#needsRequest = !WITHOUT_PARAMETERS.test(Function.prototype.toString.call(handler))
    this.#onError = onError
    this.#onClientError = onClientError
    /** Exchanges that wait for the addon, by the key of their connection. */
    this.exchanges = new Map()
    /** Bytes that may wait for a socket before the source of an answer is no longer pulled. */
    this.highWaterMark = highWaterMark
    /** A proxy says whose a connection is. */
    this.isProxied = options.proxyProtocol !== undefined
    /** What proxies say of a request; undefined: none is trusted. */
    this.forwarding = undefined
    if (options.trustProxy !== undefined) {
      this.forwarding = new Forwarding(options.trustProxy, options.forwardedBy)
    }
    /** How often all connections were destroyed: then those of open exchanges may have gone. */
    this.destroyed = 0
    this.key = 0
    this.authority = ''
  }

  /** The socket listens: how the addon knows it, and what stands for a missing Host. */
  listening(key, authority) {
    this.key = key
    this.authority = authority
  }

  hooks() {
    openRegisters()
    // A small integer again, which costs V8 nothing.
    const meta = () => registers[META] | 0
    const serve = (head) =>
      isObserved()
        ? this.#serveObserved(new ObservedExchange(this, registers[KEY], head, meta()))
        : this.#serve(new Exchange(this, registers[KEY], head, meta()))
    const clientError = (refusal) => this.#clientError(refusal)
    return {
      resource: this.#stores.resource,
      onRequest: (head) => this.#stores.run(serve, head),
      onBody: (key) => this.exchanges.get(key)?.bodyReady(),
      onDrain: (key) => this.exchanges.get(key)?.drainReady(),
      onAbort: (key, code, detail, address, port, family) => {
        this.#stores.reset()
        this.exchanges.get(key)?.abort(code, detail, { address, port, family })
      },
      onComplete: (id, code) => this.#completed(id, code),
      onClientError: (...refusal) => this.#stores.run(clientError, refusal),
      onConnection: logConnection,
      onClosed: () => {
        this.#lastStats = this.stats()
      },
    }
  }

  /** Settles with what `waitUntil` was given, also what it is given meanwhile. */
  async backgroundWork() {
    while (this.#background.size > 0) await Promise.allSettled(this.#background)
  }

  waitUntil(promise) {
    const settled = Promise.resolve(promise)
      .catch((error) => report('a promise given to waitUntil was rejected', error))
      .finally(() => this.#background.delete(settled))
    this.#background.add(settled)
  }

  /** `unsent`: if the connection has gone, the answer was not out. */
  watchCompletion(exchange, unsent = !exchange.done) {
    if (exchange.aborted !== null) return Promise.reject(exchange.aborted)
    const id = this.#nextWatched++
    const waits = binding.watchCompletion(exchange.key, id, exchange.done)
    if (waits) {
      return new Promise((resolve, reject) => {
        this.#watched.set(id, { exchange, resolve, reject })
      })
    }
    if (waits === false || !unsent) return Promise.resolve()
    // Whoever waits for the answer is about to be told why there will be none.
    if (!exchange.done) return exchange.lost()
    return Promise.reject(abortError('ECONNRESET', LEFT_EARLY))
  }

  stats() {
    const stats = binding.listenerStats(this.key)
    if (stats === null) return this.#lastStats ?? HttpService.noStats()
    const [success, redirection, clientError, serverError] = stats.responses
    return {
      connections: { open: stats.connections, total: stats.totalConnections },
      requests: stats.requests,
      bytesIn: stats.bytesRead,
      bytesOut: stats.bytesWritten,
      answers: { '2xx': success, '3xx': redirection, '4xx': clientError, '5xx': serverError },
      refusals: stats.refusals,
    }
  }

  static noStats() {
    return {
      connections: { open: 0, total: 0 },
      requests: 0,
      bytesIn: 0,
      bytesOut: 0,
      answers: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
      refusals: {},
    }
  }

  /** Returns the body of an answer whose head is in the registers, or nothing. */
  #serve(exchange) {
    // Called as a plain function: this object is no user's business.
    const handler = this.#handler
    const { destroyed } = this
    let result
    try {
      if (this.#needsRequest) {
        exchange.request = createRequest(exchange)
        result = handler(exchange.request, new ConnectionInfo(exchange))
      } else {
        result = handler()
      }
      // Asked first, because to look for `then` on a Response goes up its whole prototype chain.
      if (isResponse(result) || typeof result?.then !== 'function') {
        return this.#answer(exchange, result, destroyed)
      }
    } catch (error) {
      return this.#fail(exchange, error)
    }
    exchange.join()
    Promise.resolve(result)
      .then((response) => this.#send(exchange, response))
      .catch((error) => this.#fail(exchange, error))
  }

  #serveObserved(exchange) {
    const answer = (response) => this.#trySend(exchange, response)
    const fail = (error) => this.#fail(exchange, error)
    exchange.serve(this.#handler, answer, fail)
  }

  /** The usual answer goes back without a call, where it is sure to be sent. */
  #answer(exchange, response, destroyed) {
    const wire = toWire(response, true)
    if (wire === undefined) return this.#sendSoon(exchange, response)
    if (exchange.isUntouched && wire.isPlain && this.destroyed === destroyed) {
      const number = keptHeaders(wire)
      if (number !== 0) {
        registers[STATUS] = wire.status
        registers[HEADERS] = number
        exchange.done = true
        return wire.body
      }
    }
    this.#hold(exchange, this.#sendWire(exchange, wire))
  }

  /** The head of an answer may have to wait, and fail then. */
  #hold(exchange, held) {
    held?.catch((error) => this.#fail(exchange, error))
  }

  /**
   * Sends the answer, or throws what is wrong with it while another can still be sent; gives a
   * promise of the same where the head has to wait.
   */
  #send(exchange, response, mayWait = true) {
    exchange.answering(response)
    const wire = toWire(response, mayWait)
    if (wire === undefined) return this.#sendSoon(exchange, response)
    return this.#sendWire(exchange, wire)
  }

  #sendWire(exchange, wire, given = wire.body) {
    const { status, headers, count, reason, trailers } = wire
    let body = given
    // Awaited only behind the body, and not at all where it cannot be sent: nobody's rejection.
    if (trailers instanceof Promise) trailers.catch(() => {})
    if (exchange.aborted !== null || exchange.done) {
      if (isStream(body)) dropBody(body)
      return
    }
    if (body instanceof BriefBody) return this.#sendBrief(exchange, wire, body)
    if (!isStream(body)) {
      if (trailers === undefined) {
        exchange.finish(sendWhole(exchange.key, wire, body))
        return
      }
      // Only a chunked body can have fields behind it.
      body = body === null ? [] : [body]
    }
    if (!exchange.isHead && !isNullBodyStatus(status)) {
      return this.#sendStream(exchange, wire, body)
    }
    dropBody(body)
    const there = binding.respond(exchange.key, status, headers, count, wire.length, reason)
    exchange.finish(there && binding.endData(exchange.key, '', 0))
  }

  async #sendBrief(exchange, wire, body) {
    exchange.join()
    return this.#sendWire(exchange, wire, await body.take())
  }

  #sendStream(exchange, wire, body) {
    const source = openBody(body)
    if (!exchange.mayWait) return this.#startStream(exchange, wire, source)
    // Where it is made of the request's own body, it asks for that within this turn, and no
    // `100 Continue` may follow the head.
    exchange.join()
    return nextTurn().then(() => this.#startStream(exchange, wire, source))
  }

  #startStream(exchange, { status, headers, count, length, reason, trailers }, source) {
    let there = false
    try {
      there = binding.respond(exchange.key, status, headers, count, length, reason)
    } catch (error) {
      cancelBody(source, error)
      throw error
    }
    exchange.join()
    // Nobody is there: the exchange is about to hear why, or has.
    if (!there) return exchange.lost().catch((cause) => cancelBody(source, cause))
    pumpBody(exchange, source, trailers).then(
      () => exchange.finish(),
      (error) => this.#breakOff(exchange, error),
    )
  }

  /** One microtask later the platform's Response can be read at no cost (see toWire). */
  #sendSoon(exchange, response) {
    exchange.join()
    SETTLED.then(() => this.#trySend(exchange, response, false))
  }

  #trySend(exchange, response, mayWait) {
    try {
      this.#hold(exchange, this.#send(exchange, response, mayWait))
    } catch (error) {
      this.#fail(exchange, error)
    }
  }

  /** The head is out: only a broken connection can tell the client that the answer is wrong. */
  #breakOff(exchange, error) {
    exchange.failed(error)
    binding.breakOff(exchange.key)
    exchange.abort('ERR_RESPONSE_ABORTED', 'the answer could not be completed')
    this.#tell(exchange, error)
  }

  /** The handler threw, or gave what is no answer. */
  #fail(exchange, error) {
    if (exchange.aborted !== null && isConsequence(error, exchange.aborted)) return
    exchange.failed(error)
    if (this.#onError === undefined) {
      this.#sendPlainError(exchange)
      return report('milouv: the handler failed', error)
    }
    const onError = this.#onError
    let answer
    try {
      answer = onError(error, this.#requestOf(exchange))
    } catch (second) {
      return this.#failTwice(exchange, error, second)
    }
    exchange.join()
    // Also what is no promise: one microtask later a platform's Response can be read (see toWire).
    Promise.resolve(answer)
      .then((response) => this.#sendErrorAnswer(exchange, response))
      .catch((second) => this.#failTwice(exchange, error, second))
  }

  #sendErrorAnswer(exchange, answer) {
    if (answer === undefined) return this.#sendPlainError(exchange)
    // Without a second microtask: what fails here must not come back to onError.
    return this.#send(exchange, answer, false)
  }

  #failTwice(exchange, first, second) {
    this.#sendPlainError(exchange)
    report('milouv: the handler failed', first)
    report('milouv: onError failed too', second)
  }

  #sendPlainError(exchange) {
    if (exchange.aborted !== null || exchange.done) return
    exchange.answeringItself(500)
    exchange.finish(binding.respond(exchange.key, 500, '', 0, undefined, ''))
  }

  /** An error that no answer can be made of any more. */
  #tell(exchange, error) {
    const onError = this.#onError
    if (onError === undefined) return report('milouv: a Response body failed', error)
    const failed = (second) => {
      report('milouv: a Response body failed', error)
      report('milouv: onError failed too', second)
    }
    try {
      Promise.resolve(onError(error, this.#requestOf(exchange))).catch(failed)
    } catch (second) {
      failed(second)
    }
  }

  #requestOf(exchange) {
    exchange.request ??= createRequest(exchange)
    return exchange.request
  }

  #completed(id, code) {
    const watched = this.#watched.get(id)
    if (watched === undefined) return
    this.#watched.delete(id)
    if (code === undefined) watched.resolve()
    // It may know better: that the answer's own body failed.
    else watched.reject(watched.exchange.aborted ?? abortError(code, LEFT_EARLY))
  }

  #clientError([status, code, reason, offset, address, port, family]) {
    const refusal = { status, code, reason, offset, remoteAddress: { address, port, family } }
    if (requestRefused.hasSubscribers) requestRefused.publish({ ...refusal, server: this.server })
    const onClientError = this.#onClientError
    onClientError?.(refusal)
  }
}

/** Without a code and a detail it was opened; both are there otherwise, if only as ''. */
function logConnection(address, port, family, code, detail, bytesRead, bytesWritten) {
  const remoteAddress = { address, port, family }
  if (code === undefined) logOpened(remoteAddress)
  else logGone(remoteAddress, { code, detail, bytesRead, bytesWritten })
}

/** False: nobody is there to take it. */
function sendWhole(key, wire, body) {
  const number = wire.reason === '' ? keptHeaders(wire) : 0
  if (number === 0) {
    return binding.respond(key, wire.status, wire.headers, wire.count, body, wire.reason)
  }
  registers[STATUS] = wire.status
  registers[HEADERS] = number
  return binding.respondKept(key, body)
}

function isStream(body) {
  return body !== null && typeof body === 'object' && !(body instanceof Uint8Array)
}
