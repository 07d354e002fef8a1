// Programs of this folder that a test starts in a process of their own, to talk to them and to see
// what they print and how they end.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { END_SIGNAL } from './end-signal.js'

const here = dirname(fileURLToPath(import.meta.url))

class Program {
  stderr = ''
  #process
  #over = false
  #wake = () => {}

  /** Settles with `{ code, signal }`. */
  exited

  constructor(process) {
    this.#process = process
    process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
      this.#wake()
    })
    this.exited = once(process, 'close').then(([code, signal]) => {
      this.#over = true
      this.#wake()
      return { code, signal }
    })
  }

  /** The next message that the program sends. */
  async message() {
    const [message] = await Promise.race([
      once(this.#process, 'message'),
      this.exited.then(({ code, signal }) => {
        throw new Error(`the program ended with ${code ?? signal}: ${this.stderr}`)
      }),
    ])
    return message
  }

  send(message) {
    this.#process.send(message)
  }

  /** Waits until the error stream matches, takes that much off it and gives the match. */
  async takeError(pattern) {
    for (;;) {
      const found = pattern.exec(this.stderr)
      if (found !== null) {
        this.stderr = this.stderr.slice(found.index + found[0].length)
        return found
      }
      if (this.#over) throw new Error(`no ${pattern} on stderr: ${this.stderr}`)
      await new Promise((resolve) => {
        this.#wake = resolve
      })
    }
  }

  kill(signal = END_SIGNAL) {
    this.#process.kill(signal)
    return this.exited
  }
}

/** Starts a file of this folder, with a channel for messages; it is killed when the test ends. */
export function startProgram(t, file, args = [], flags = []) {
  const stdio = ['ignore', 'inherit', 'pipe', 'ipc']
  const command = [...endsWithParent, ...flags, join(here, file), ...args]
  const program = new Program(spawn(process.execPath, command, { stdio }))
  t.after(() => program.kill())
  return program
}
