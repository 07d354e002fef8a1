import binding from './binding.js'
import { invalidArgType, invalidState, outOfRange } from './errors.js'
import { noAddress } from './no-address.js'
import { packFields } from './wire-headers.js'

/** What a handler is told beside the request; everything is looked up when asked for. */
export class ConnectionInfo {
  #exchange
  #remoteAddress
  #localAddress
  #peerAddress
  #completed
  #trailers

  constructor(exchange) {
    this.#exchange = exchange
  }

  get remoteAddress() {
    this.#remoteAddress ??= this.#exchange.forwarded?.client ?? this.#clientAddress()
    return this.#remoteAddress
  }

  get localAddress() {
    this.#localAddress ??= binding.localAddress(this.#exchange.key) ?? noAddress()
    return this.#localAddress
  }

  get peerAddress() {
    const { service, key } = this.#exchange
    if (service.isProxied) this.#peerAddress ??= binding.socketPeerAddress(key) ?? noAddress()
    else this.#peerAddress ??= this.#clientAddress()
    return this.#peerAddress
  }

  get httpVersion() {
    return this.#exchange.httpVersion
  }

  get completed() {
    if (this.#completed === undefined) {
      this.#completed = this.#exchange.watchCompletion()
      // Whoever only wants to know that it is over need not care how.
      this.#completed.catch(() => {})
    }
    return this.#completed
  }

  get trailers() {
    if (this.#trailers === undefined) {
      this.#trailers = this.#exchange.trailers().then(headersOf)
      this.#trailers.catch(() => {})
    }
    return this.#trailers
  }

  waitUntil(promise) {
    if (typeof promise?.then !== 'function') throw invalidArgType('promise', 'a promise', promise)
    this.#exchange.service.waitUntil(promise)
  }

  sendInformational(status, headers) {
    if (typeof status !== 'number') throw invalidArgType('status', 'a number', status)
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw outOfRange('status', 'from 100 to 199, and not 101', status)
    }
    const { text, count } = packFields(headers)
    // The key names the connection: it may serve another request by now.
    if (this.#exchange.done) throw invalidState('the answer is complete', 'HTTP_NO_REQUEST')
    if (this.#exchange.aborted !== null) return
    binding.sendInformational(this.#exchange.key, status, text, count)
  }

  /** Whose connection it is, whatever is said of the request. */
  #clientAddress() {
    const { key, lastAddress } = this.#exchange
    return binding.peerAddress(key) ?? lastAddress ?? noAddress()
  }
}

function headersOf(packed) {
  const headers = new Headers()
  for (const line of packed.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1))
  }
  return headers
}
