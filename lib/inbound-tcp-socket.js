import binding from './binding.js'
import { serverSocket } from './channels.js'
import { isLogging, logClosed, logGone, logListening, logOpened } from './debug-log.js'
import { deferred } from './deferred.js'
import { connectionError, invalidArgType, invalidState, systemError } from './errors.js'
import { socketOptions } from './options.js'
import { Stores } from './stores.js'
import { connectionClosed, createConnection, peerEnded, TcpConnection } from './tcp-connection.js'

/** Milliseconds that a proxy may take for its header, where nothing else was said. */
const PROXY_TIMEOUT = 15_000

const HANDLER_NAMES = ['open', 'data', 'drain', 'end', 'close']

/** Listens with the addon's hooks themselves; `http` asks for HTTP instead of raw bytes. */
export let listenWith
/** How the addon knows the listener; undefined while it does not listen. */
export let listenerKey

/** A listening TCP socket. HttpServer owns one too and asks it to speak HTTP. */
export class InboundTcpSocket {
  #options
  #key
  #address = null
  #connections = new Map()
  #closing
  #referenced = true

  constructor(options) {
    this.#options = socketOptions(options)
  }

  static {
    listenWith = (socket, hooks, http) => socket.#listen(hooks, http)
    listenerKey = (socket) => socket.#key
  }

  get hostname() {
    return this.#options.hostname
  }

  get port() {
    return this.#address?.port ?? this.#options.port
  }

  get connections() {
    return this.#key === undefined ? 0 : (binding.listenerStats(this.#key)?.connections ?? 0)
  }

  get refusals() {
    return this.#key === undefined ? {} : (binding.listenerStats(this.#key)?.refusals ?? {})
  }

  listen(listener) {
    const handlers = typeof listener === 'function' ? fromFunction(listener) : listener
    if (handlers === null || typeof handlers !== 'object' || Array.isArray(handlers)) {
      throw invalidArgType('listener', 'a function or an object of handlers', listener)
    }
    for (const name of HANDLER_NAMES) {
      const handler = handlers[name]
      if (handler !== undefined && typeof handler !== 'function') {
        throw invalidArgType(`listener.${name}`, 'a function', handler)
      }
    }
    const isProxied = this.#options.proxyProtocol !== undefined
    return this.#listen(rawHooks(this, this.#connections, handlers, isProxied))
  }

  address() {
    if (this.#address === null) return null
    return this.#address.family === 'Unix' ? this.#address.address : { ...this.#address }
  }

  close() {
    if (this.#key === undefined) return this.#closing?.promise ?? Promise.resolve()
    const key = this.#key
    binding.closeListener(key)
    for (const connection of this.#connections.values()) connection.destroy()
    this.#address = null
    this.#key = undefined
    return this.#closing.promise
  }

  ref() {
    return this.#setRef(true)
  }

  unref() {
    return this.#setRef(false)
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.close()
  }

  /** Remembered for a socket that does not listen yet. */
  #setRef(referenced) {
    this.#referenced = referenced
    if (this.#key !== undefined) binding.setListenerRef(this.#key, referenced)
    return this
  }

  #proxyProtocol() {
    if (this.#options.proxyProtocol === undefined) return undefined
    const { trust = [], timeout = PROXY_TIMEOUT } = this.#options.proxyProtocol
    return { trust, timeout }
  }

  #listen(hooks, http) {
    if (this.#key !== undefined) {
      throw invalidState('the socket listens already', 'ERR_SERVER_ALREADY_LISTEN')
    }
    const closing = deferred()
    const isLogged = isLogging()
    let address = null
    const onClosed = () => {
      hooks.onClosed?.()
      if (isLogged) logClosed(address)
      closing.resolve()
    }
    const options = { ...this.#options, proxyProtocol: this.#proxyProtocol(), http }
    const outcome = binding.listen(options, { ...hooks, onClosed })
    if (typeof outcome.code === 'string') {
      const { path, hostname, port } = this.#options
      throw path === undefined ? systemError(outcome, hostname, port) : systemError(outcome, path)
    }
    this.#key = outcome.key
    this.#address = outcome.address
    address = outcome.address
    if (isLogged) logListening(address)
    this.#closing = closing
    return this.#setRef(this.#referenced)
  }
}

/**
 * One function for everything: called for every read until it has ended the connection, and with
 * an error when one fails. What a client still sends after its answer concerns nobody: a second
 * `end` with data, from the second read of a long request, would only throw.
 */
function fromFunction(listener) {
  return {
    data(connection, data) {
      if (isWritable(connection)) listener({ data }, connection, null)
    },
    close: (connection, error) => {
      if (error !== undefined) listener({ data: Buffer.alloc(0) }, connection, error)
    },
  }
}

function rawHooks(server, connections, handlers, isProxied) {
  const stores = new Stores('MILOUVTCP')
  const isLogged = isLogging()
  return {
    resource: stores.resource,
    onOpen: stores.bind((key) => {
      const connection = createConnection(key, isProxied)
      connections.set(key, connection)
      if (isLogged) logOpened(connection.remoteAddress)
      if (serverSocket.hasSubscribers) serverSocket.publish({ socket: connection, server })
      handlers.open?.(connection)
    }),
    onData: stores.bind((key, bytes) => {
      const connection = connections.get(key)
      if (connection === undefined || connection.readyState === 'closed') return
      handlers.data?.(connection, bytes)
    }),
    onDrain: stores.bind((key) => {
      const connection = connections.get(key)
      // After `end` there is nothing to go on with.
      if (connection !== undefined && isWritable(connection)) handlers.drain?.(connection)
    }),
    onEnd: stores.bind((key) => {
      const connection = connections.get(key)
      if (connection === undefined) return
      // Whoever listens for the end says when the answer is over; for others it is over now.
      peerEnded(connection, handlers.end === undefined)
      handlers.end?.(connection)
    }),
    onClose: stores.bind((key, code, detail, bytesRead, bytesWritten) => {
      const connection = connections.get(key)
      if (connection === undefined) return
      connections.delete(key)
      connectionClosed(connection, bytesRead, bytesWritten)
      if (isLogged) logGone(connection.remoteAddress, { code, detail, bytesRead, bytesWritten })
      const error = code === undefined ? undefined : connectionError(code, detail)
      handlers.close?.(connection, error)
    }),
  }
}

function isWritable({ readyState }) {
  return readyState === 'open' || readyState === 'writeOnly'
}

export { TcpConnection }
