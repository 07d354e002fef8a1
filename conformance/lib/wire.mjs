// One connection to the server under test: sends pieces, reads answers strictly, and waits only
// for what has not come yet.

import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseAnswer } from '../../__test__/support/answers.js'

/** A server that shows no sign of life for so long will not: paid by the cases that fail. */
export const PATIENCE = 2_000

export class Wire {
  answers = []
  /** Answers with a status of 1xx. */
  informational = []
  ended = false
  reset = false
  /** Why what came is not HTTP. */
  malformed = null
  /** The server closed inside an answer. */
  isCut = false
  /** The server stood still while something was expected of it. */
  stalled = false
  #socket
  #buffer = Buffer.alloc(0)
  #methods
  #wake = () => {}

  constructor(socket, methods) {
    this.#socket = socket
    this.#methods = methods
    socket.on('data', (bytes) => {
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
      this.#parse()
      this.#wake()
    })
    socket.on('end', () => this.#finish())
    socket.on('close', () => this.#finish())
    socket.on('drain', () => this.#wake())
    socket.on('error', () => {
      this.reset = true
    })
  }

  /** `methods` are those of the requests that will be answered, GET where none is given. */
  static async open({ host, port }, methods = []) {
    // Our side stays open when the server ends its own: it may be answering what is still sent.
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const wire = new Wire(socket, methods)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return wire
  }

  async send(pieces) {
    for (const piece of pieces) {
      if (this.ended || this.#socket.destroyed) return
      if (!this.#socket.write(piece)) await this.until(() => !this.#socket.writableNeedDrain)
      if (this.stalled) return
      await nextTurn()
    }
  }

  end() {
    this.#socket.end()
  }

  destroy() {
    this.#socket.destroy()
  }

  /** Until it is so, or nothing more can come, or the server stands still. */
  async until(isSo) {
    while (!isSo() && !this.ended && this.malformed === null) {
      const moved = await this.#movement()
      if (moved) continue
      this.stalled = true
      return
    }
  }

  /** The last answer says that the server will close. */
  get saysClose() {
    const last = this.answers.at(-1)
    return last?.all('connection').some((value) => /\bclose\b/i.test(value)) ?? false
  }

  #movement() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), PATIENCE)
      this.#wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  #parse() {
    if (this.malformed !== null) return
    try {
      while (this.#buffer.length > 0) {
        const method = this.#methods[this.answers.length] ?? 'GET'
        const context = { method, ended: this.ended, dated: false }
        const found = parseAnswer(this.#buffer, context)
        if (found === null) break
        const list = found.answer.status < 200 ? this.informational : this.answers
        list.push(found.answer)
        this.#buffer = this.#buffer.subarray(found.length)
      }
    } catch (error) {
      this.malformed = error.message
    }
  }

  #finish() {
    if (this.ended) return
    this.ended = true
    this.#parse()
    if (this.malformed === null && this.#buffer.length > 0) {
      const text = this.#buffer.toString('latin1', 0, 200)
      this.isCut = true
      this.malformed = `the connection ended inside an answer: ${JSON.stringify(text)}`
    }
    this.#wake()
  }
}
