import { isUint8Array } from 'node:util/types'
import binding from './binding.js'
import { illegalConstructor, invalidArgType, invalidState, outOfRange } from './errors.js'
import { noAddress } from './no-address.js'
import { unshared } from './unshared.js'

/** Bytes that may wait for the socket before `write` says that it is enough. */
const HIGH_WATER_MARK = 64 * 1024

const CONSTRUCTING = Symbol('constructing')

/** Makes the connection that the addon knows as `key`; `isProxied`: a proxy said whose it is. */
export let createConnection
/** The peer has sent its FIN; `answered`: nobody wants to go on sending. */
export let peerEnded
/** The connection has gone; these are its last counts. */
export let connectionClosed

/** One client's connection. The addon knows it by its key; once closed, calls do nothing. */
export class TcpConnection {
  #key
  #closed = false
  #ended = false
  // Whether the application said so, or it only followed from the peer's end.
  #endedByApp = false
  #peerEnded = false
  #remoteAddress
  #localAddress
  #peerAddress
  // What can no longer be asked for once the connection has gone.
  #bytesRead = 0
  #bytesWritten = 0

  constructor(token, key, isProxied) {
    if (token !== CONSTRUCTING) throw illegalConstructor('TcpConnection is made by milouv')
    this.#key = key
    // Asked for at once: a client that has reset has no address any more, and that is when it is
    // wanted for a log.
    this.#remoteAddress = binding.peerAddress(key) ?? noAddress()
    this.#localAddress = binding.localAddress(key) ?? noAddress()
    this.#peerAddress = isProxied
      ? (binding.socketPeerAddress(key) ?? noAddress())
      : this.#remoteAddress
  }

  static {
    createConnection = (key, isProxied) => new TcpConnection(CONSTRUCTING, key, isProxied)
    peerEnded = (connection, answered) => {
      connection.#peerEnded = true
      if (answered) connection.#endOurSide()
    }
    connectionClosed = (connection, bytesRead, bytesWritten) => {
      connection.#closed = true
      connection.#bytesRead = bytesRead
      connection.#bytesWritten = bytesWritten
    }
  }

  get remoteAddress() {
    return this.#remoteAddress
  }

  get localAddress() {
    return this.#localAddress
  }

  get peerAddress() {
    return this.#peerAddress
  }

  get bytesRead() {
    return this.#counters().bytesRead
  }

  get bytesWritten() {
    const { bytesWritten, waiting } = this.#counters()
    return bytesWritten + waiting
  }

  get writableLength() {
    return this.#counters().waiting
  }

  get readyState() {
    if (this.#closed) return 'closed'
    if (this.#ended) return this.#peerEnded ? 'closed' : 'readOnly'
    return this.#peerEnded ? 'writeOnly' : 'open'
  }

  write(data) {
    if (typeof data !== 'string' && !isUint8Array(data)) {
      throw invalidArgType('data', 'a string or a Uint8Array', data)
    }
    if (this.#endedByApp) throw invalidState('write after end', 'ERR_STREAM_WRITE_AFTER_END')
    // It is the peer who left; the application cannot have known.
    if (this.#closed || this.#ended) return false
    const waiting = binding.writeRaw(this.#key, typeof data === 'string' ? data : unshared(data))
    return waiting >= 0 && waiting <= HIGH_WATER_MARK
  }

  end(data) {
    if (data !== undefined) this.write(data)
    this.#endedByApp = true
    this.#endOurSide()
  }

  destroy() {
    if (this.#closed) return
    const { bytesRead, bytesWritten } = this.#counters()
    connectionClosed(this, bytesRead, bytesWritten)
    binding.destroy(this.#key)
  }

  pause() {
    binding.pause(this.#key)
  }

  resume() {
    binding.resume(this.#key)
  }

  setNoDelay(enable = true) {
    if (typeof enable !== 'boolean') throw invalidArgType('enable', 'a boolean', enable)
    binding.setNoDelay(this.#key, enable)
    return this
  }

  setKeepAlive(enable = false, seconds = 60) {
    if (typeof enable !== 'boolean') throw invalidArgType('enable', 'a boolean', enable)
    binding.setKeepAlive(this.#key, enable, wholeNumber('seconds', seconds, 32_767))
    return this
  }

  setTimeout(ms) {
    binding.setTimeout(this.#key, wholeNumber('ms', ms, 2 ** 31 - 1))
    return this
  }

  ref() {
    binding.setConnectionRef(this.#key, true)
    return this
  }

  unref() {
    binding.setConnectionRef(this.#key, false)
    return this
  }

  #endOurSide() {
    if (this.#ended) return
    this.#ended = true
    binding.endRaw(this.#key)
  }

  #counters() {
    const live = this.#closed ? null : binding.counters(this.#key)
    return live ?? { bytesRead: this.#bytesRead, bytesWritten: this.#bytesWritten, waiting: 0 }
  }
}

function wholeNumber(name, value, max) {
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw outOfRange(name, `a whole number from 0 to ${max}`, value)
  }
  return value
}
