import binding from './binding.js'
import { isLogging } from './debug-log.js'
import { deferred } from './deferred.js'
import { invalidArgType, invalidState, report } from './errors.js'
import { installGlobals, uninstallGlobals } from './globals.js'
import { HttpService } from './http-service.js'
import { InboundTcpSocket, listenerKey, listenWith } from './inbound-tcp-socket.js'
import { closeOptions, serverOptions } from './options.js'

/**
 * For so many ms before the socket closes, others that listen at the port get all new clients;
 * whoever has begun to connect to this one gets in meanwhile.
 */
const LAST_CALL = 100

/** An HTTP/1.1 server: owns an InboundTcpSocket and asks it to speak HTTP. */
export class HttpServer {
  #options
  #socket
  #service
  #closing
  // Settles when the time that close() was given is over.
  #timedOut
  // While close() gives its clients time: ends that, and settles when it is over.
  #endGrace
  #graced

  constructor(options) {
    this.#options = serverOptions(options)
    this.#socket = new InboundTcpSocket(socketPart(this.#options))
  }

  get hostname() {
    return this.#options.hostname
  }

  get port() {
    return this.#socket.port
  }

  get url() {
    const { path } = this.#options
    if (path !== undefined) return `http+unix://${encodeURIComponent(path)}/`
    return `http://${authorityOf(this.hostname, this.port)}/`
  }

  get listening() {
    return this.#socket.address() !== null
  }

  listen(handler) {
    const { signal, globals } = this.#options
    const service = new HttpService(this, callable(handler), this.#options)
    if (this.listening || this.#closing !== undefined) {
      throw invalidState('the server listens already', 'ERR_SERVER_ALREADY_LISTEN')
    }
    signal?.throwIfAborted()
    installGlobals(globals)
    try {
      listenWith(this.#socket, service.hooks(), httpOptions(this.#options))
    } catch (error) {
      uninstallGlobals(globals)
      throw error
    }
    const { path } = this.#options
    const authority = path === undefined ? authorityOf(this.hostname, this.port) : 'localhost'
    service.listening(listenerKey(this.#socket), authority)
    this.#service = service
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    return this
  }

  address() {
    return this.#socket.address()
  }

  close(options) {
    const { timeout, grace } = closeOptions(options)
    if (this.#closing === undefined && this.listening) {
      this.#timedOut = deferred()
      this.#closing = this.#close(grace)
    } else if (grace === 0) {
      this.#endGrace?.()
    }
    if (this.#closing !== undefined && timeout !== undefined) this.#destroyAfter(timeout)
    return this.#closing ?? Promise.resolve()
  }

  closeIdleConnections() {
    if (this.#service !== undefined) binding.closeIdleConnections(this.#service.key)
  }

  closeAllConnections() {
    if (this.#service === undefined) return
    this.#service.destroyed++
    binding.closeAllConnections(this.#service.key)
  }

  stats() {
    return this.#service?.stats() ?? HttpService.noStats()
  }

  ref() {
    this.#socket.ref()
    return this
  }

  unref() {
    this.#socket.unref()
    return this
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.close()
  }

  #onAbort = () => {
    this.close()
  }

  async #close(grace) {
    const { signal, globals } = this.#options
    signal?.removeEventListener('abort', this.#onAbort)
    this.#graced = grace > 0 ? this.#retire(grace) : undefined
    if (grace > 0) await this.#graced
    await this.#socket.close()
    uninstallGlobals(globals)
    await Promise.race([this.#service.backgroundWork(), this.#timedOut.promise])
    this.#closing = undefined
  }

  /** Answers say that they are the last; at the end nobody new gets in, until all are that did. */
  async #retire(grace) {
    const { key } = this.#service
    const over = new Promise((resolve) => {
      this.#endGrace = resolve
    })
    binding.retireListener(key)
    const timers = [setTimeout(this.#endGrace, grace)]
    if (this.#options.reusePort) {
      timers.push(setTimeout(turnAway, grace - Math.min(grace / 2, LAST_CALL), key))
    }
    await over
    for (const timer of timers) clearTimeout(timer)
    this.#endGrace = undefined
  }

  #destroyAfter(timeout) {
    const timer = setTimeout(async () => {
      this.#endGrace?.()
      // The socket is closed by then: nobody comes in behind.
      await this.#graced
      this.closeAllConnections()
      this.#timedOut.resolve()
    }, timeout)
    const stop = () => clearTimeout(timer)
    this.#closing.then(stop, stop)
  }
}

/** Options of the socket, without what stands in for those that were not given. */
function socketPart({ path, readableAll, writableAll, backlog, noDelay, keepAlive, ...others }) {
  const { proxyProtocol, timeouts } = others
  const common = { backlog, noDelay, keepAlive }
  if (proxyProtocol !== undefined) {
    // The header is the first part of what comes ahead of the first head.
    const { trust, timeout = timeouts.headers || timeouts.idle } = proxyProtocol
    common.proxyProtocol = { trust, timeout }
  }
  if (path !== undefined) return { path, readableAll, writableAll, ...common }
  const { hostname, port, reusePort, ipv6Only } = others
  return { hostname, port, reusePort, ipv6Only, ...common }
}

function turnAway(key) {
  try {
    binding.turnAway(key)
  } catch (error) {
    // Then who connects in the last moment may be reset; no reason not to close.
    report('milouv: new clients could not be turned away', error)
  }
}

/** The function to call, with the app as `this` where a method was meant. */
function callable(handler) {
  if (typeof handler === 'function') return handler
  if (typeof handler?.fetch === 'function') {
    return (request, info) => handler.fetch(request, info)
  }
  const expected = 'a function or an object with a fetch method'
  throw invalidArgType('handler', expected, handler)
}

/** Host and port as a URL for this machine has them: nobody can connect to "any address". */
function authorityOf(hostname, port) {
  const isAny = hostname === '0.0.0.0' || hostname === '::'
  const name = isAny ? 'localhost' : hostname
  const host = name.includes(':') ? `[${name}]` : name
  return port === 80 ? host : `${host}:${port}`
}

function httpOptions({ limits, overload, timeouts, highWaterMark }) {
  return {
    ...limits,
    ...overload,
    highWaterMark,
    headersTimeout: timeouts.headers,
    receiveTimeout: timeouts.receive,
    sendTimeout: timeouts.send,
    idleTimeout: timeouts.idle,
    watchConnections: isLogging(),
  }
}
