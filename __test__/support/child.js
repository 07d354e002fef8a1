// Node processes that a test starts, for what cannot be seen from inside one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { END_SIGNAL } from './end-signal.js'

export const indexUrl = import.meta.resolve('milouv')

/** A module given as text, which can import milouv by `indexUrl`. */
export class Child {
  stdout = ''
  stderr = ''
  #process
  #lines
  #closed

  constructor(t, source, { args = [], env = {}, flags = [] } = {}) {
    const program = ['--input-type=module', '--eval', source, '--', ...args]
    this.#process = spawn(process.execPath, [...endsWithParent, ...flags, ...program], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    })
    this.#process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    this.#closed = once(this.#process, 'close')
    t.after(() => {
      this.#process.kill(END_SIGNAL)
      return this.#closed
    })
  }

  /** The next line of its output. */
  async line() {
    const { done, value } = await this.#lines.next()
    if (!done) return value
    const { code, signal } = await this.ended()
    throw new Error(`the child ended with ${signal ?? code}: ${this.stderr}`)
  }

  /** What it printed as JSON on the next line. */
  async message() {
    return JSON.parse(await this.line())
  }

  /** Tells it that nothing more comes; what that means is up to its source. */
  closeInput() {
    this.#process.stdin.end()
  }

  /** Ends it in the middle of what it does. */
  kill() {
    this.#process.kill('SIGKILL')
    return this.ended()
  }

  /** How it ended. */
  async ended() {
    const [code, signal] = await this.#closed
    return { code, signal, stdout: this.stdout, stderr: this.stderr }
  }
}
