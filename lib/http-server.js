import binding from './binding.js'
import { deferred } from './deferred.js'
import { invalidArgType, invalidState } from './errors.js'
import { installGlobals, uninstallGlobals } from './globals.js'
import { HttpService } from './http-service.js'
import { InboundTcpSocket, listenerKey, listenWith } from './inbound-tcp-socket.js'
import { closeOptions, serverOptions } from './options.js'

/** An HTTP/1.1 server: owns an InboundTcpSocket and asks it to speak HTTP. */
export class HttpServer {
  #options
  #socket
  #service
  #closing
  // Settles when the time that close() was given is over.
  #timedOut

  constructor(options) {
    this.#options = serverOptions(options)
    const { hostname, port, backlog, reusePort, ipv6Only, noDelay, keepAlive } = this.#options
    this.#socket = new InboundTcpSocket({
      hostname,
      port,
      backlog,
      reusePort,
      ipv6Only,
      noDelay,
      keepAlive,
    })
  }

  get hostname() {
    return this.#options.hostname
  }

  get port() {
    return this.#socket.port
  }

  get url() {
    return `http://${authorityOf(this.hostname, this.port)}/`
  }

  get listening() {
    return this.#socket.address() !== null
  }

  listen(handler) {
    const { signal, globals } = this.#options
    const service = new HttpService(callable(handler), this.#options)
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
    service.listening(listenerKey(this.#socket), authorityOf(this.hostname, this.port))
    this.#service = service
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    return this
  }

  address() {
    return this.#socket.address()
  }

  close(options) {
    const { timeout } = closeOptions(options)
    if (this.listening) {
      this.#timedOut = deferred()
      this.#closing = this.#close()
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

  async #close() {
    const { signal, globals } = this.#options
    signal?.removeEventListener('abort', this.#onAbort)
    await this.#socket.close()
    uninstallGlobals(globals)
    await Promise.race([this.#service.backgroundWork(), this.#timedOut.promise])
    this.#closing = undefined
  }

  #destroyAfter(timeout) {
    const timer = setTimeout(() => {
      this.closeAllConnections()
      this.#timedOut.resolve()
    }, timeout)
    const stop = () => clearTimeout(timer)
    this.#closing.then(stop, stop)
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

function httpOptions({ limits, timeouts, highWaterMark }) {
  return {
    ...limits,
    highWaterMark,
    headersTimeout: timeouts.headers,
    receiveTimeout: timeouts.receive,
    sendTimeout: timeouts.send,
    idleTimeout: timeouts.idle,
  }
}
