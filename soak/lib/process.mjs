// The server under load: a process of its own, looked at from outside.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { within } from '../../abuse/lib/target.mjs'
import { cpuTime, rssBytes } from '../../bench/lib/server-process.mjs'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'

const KEPT = 4_000

export class ServerProcess {
  #child
  #errors = ''
  #exited
  port

  static async start(script) {
    const started = new ServerProcess()
    const args = [...endsWithParent, '--expose-gc', script]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    started.#child = child
    started.#exited = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the server ended (${signal ?? code}): ${started.#errors}`)
    })
    started.#exited.catch(() => undefined)
    child.stderr.setEncoding('utf8').on('data', (text) => {
      started.#errors = `${started.#errors}${text}`.slice(-KEPT)
    })
    const { port } = await started.#message('the port')
    started.port = port
    return started
  }

  async #message(what) {
    const [message] = await within(Promise.race([once(this.#child, 'message'), this.#exited]), what)
    return message
  }

  get isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it wrote to stderr, where a server without faults writes nothing. */
  get errors() {
    return this.#errors
  }

  /** What can be seen from outside. */
  look() {
    const { pid } = this.#child
    const files = readdirSync(`/proc/${pid}/fd`).length
    return { rss: rssBytes(pid), files, cpu: cpuTime(pid).ticks }
  }

  /** What it says it holds, behind a collection of garbage; and what is seen then. */
  async report() {
    this.#child.send('report')
    const said = await this.#message('the report')
    return { ...this.look(), ...said }
  }

  async stop() {
    if (!this.isAlive) return
    this.#child.kill()
    await this.#exited.catch(() => undefined)
  }
}
