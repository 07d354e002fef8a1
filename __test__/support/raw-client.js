// A client that sends exactly the bytes it is given, in the pieces it is given, and reads answers
// strictly.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseAnswer } from './answers.js'

/** So many bytes at a time go out where the environment says so; 0: whatever is sent at once. */
const PIECE = Number(process.env.MILOUV_TEST_PIECE ?? 0)
/** What is longer goes on in large pieces: its head and beginning were cut up. */
const SMALL_BYTES = 4096
const MiB = 1024 * 1024

export class RawClient {
  #socket
  #buffer = Buffer.alloc(1024)
  #start = 0
  #end = 0
  #ended = false
  #sending = Promise.resolve()
  #wake = () => {}

  /** Settles with how the connection ended: null, or the error. */
  closed

  constructor(socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    let failure = null
    socket.on('data', (bytes) => {
      this.#append(bytes)
      this.#wake()
    })
    socket.on('end', () => this.#finish())
    socket.on('error', (error) => {
      failure = error
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#finish()
        resolve(failure)
      })
    })
  }

  /** Connects; with `allowHalfOpen` our side stays open when the server ends its own. */
  static async connect(port, options = {}) {
    const socket = connect({ port, host: '127.0.0.1', ...options })
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  get localPort() {
    return this.#socket.localPort
  }

  send(bytes) {
    if (PIECE > 0) this.#sendInPieces(bytes)
    else this.#socket.write(bytes, 'latin1')
    return this
  }

  /** Each piece in a packet of its own, as far as a sender can have it. */
  async sendPieces(pieces) {
    for (const piece of pieces) {
      await this.#sendInPieces(piece)
      await nextTurn()
    }
    return this
  }

  #sendInPieces(bytes) {
    const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    const small = PIECE > 0 ? Math.min(whole.length, SMALL_BYTES) : 0
    this.#sending = this.#sending.then(async () => {
      for (let at = 0; at < whole.length; ) {
        const size = at < small ? PIECE : MiB
        await this.#write(whole.subarray(at, at + size))
        at += size
      }
    })
    return this.#sending
  }

  /** Settles when the kernel has taken it, or never will. */
  #write(bytes) {
    if (this.#socket.destroyed) return
    return new Promise((resolve) => this.#socket.write(bytes, resolve))
  }

  /** The next answer; `method` tells whether it may have a body. */
  async answer(method = 'GET') {
    for (;;) {
      const found = parseAnswer(this.#received, { method, ended: this.#ended })
      if (found !== null) {
        this.#start += found.length
        return found.answer
      }
      await this.#more('an answer')
    }
  }

  /** Sends one request and reads its answer. */
  ask(request) {
    this.send(request)
    return this.answer(/^[A-Z-]+/.exec(request.toString('latin1'))?.[0])
  }

  /** Waits until at least `count` bytes are there, and takes all there are. */
  async bytes(count) {
    while (this.#received.length < count) await this.#more(`${count} bytes`)
    const bytes = this.#received
    this.#start = this.#end
    return bytes
  }

  /** Waits until what has come matches, and leaves it there. */
  async arrived(pattern) {
    while (!pattern.test(this.#received.toString('latin1'))) await this.#more(pattern)
  }

  /** Everything up to the server's end of the connection. */
  async rest() {
    while (!this.#ended) await new Promise(this.#onWake)
    return this.#received
  }

  pause() {
    this.#socket.pause()
    return this
  }

  resume() {
    this.#socket.resume()
    return this
  }

  /** Ends our side; the server's stays open. */
  end() {
    this.#sending.then(() => this.#socket.end())
    return this
  }

  /** Leaves without a word; with a reset where the platform can. */
  reset() {
    const socket = this.#socket
    // Node loses a handle that is told to reset while its FIN is on its way out, and a process
    // that has lost one does not end: it spins in its tear-down, or waits for ever.
    const isEnding = socket.writableEnded && !socket.writableFinished && !socket.destroyed
    if (isEnding) socket.once('finish', () => socket.resetAndDestroy())
    else socket.resetAndDestroy()
    return this.closed
  }

  destroy() {
    this.#socket.destroy()
    return this.closed
  }

  /** What has come and was not taken. */
  get #received() {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  /** A buffer that was given out is never written to again where it was filled. */
  #append(bytes) {
    if (this.#end + bytes.length > this.#buffer.length) {
      const rest = this.#received
      const larger = Buffer.allocUnsafe(2 * (rest.length + bytes.length))
      rest.copy(larger)
      this.#buffer = larger
      this.#end = rest.length
      this.#start = 0
    }
    bytes.copy(this.#buffer, this.#end)
    this.#end += bytes.length
  }

  #onWake = (resolve) => {
    this.#wake = resolve
  }

  #finish() {
    this.#ended = true
    this.#wake()
  }

  async #more(what) {
    if (this.#ended) {
      const received = this.#received
      const text = JSON.stringify(received.toString('latin1').slice(0, 300))
      const error = new Error(`the connection ended before ${what}, with ${text}`)
      throw Object.assign(error, { received })
    }
    await new Promise(this.#onWake)
  }
}

/** A request of 1.1 with a Host; `fields` are lines without their ends. */
export function request(line, fields = [], body = '') {
  return `${[`${line} HTTP/1.1`, 'host: test', ...fields].join('\r\n')}\r\n\r\n${body}`
}

/** A body in chunks, each as given. */
export function chunked(pieces, trailers = []) {
  const sizes = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  return `${sizes.join('')}0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`
}
