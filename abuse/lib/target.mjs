// A server under attack, in a process of its own, and what can be seen of it from outside.
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { withExactlyFiles, withOpenFiles } from '../../bench/lib/open-files.mjs'
import { cpuTime, rssBytes, startServer, stopServer } from '../../bench/lib/server-process.mjs'
import { HELLO } from '../servers/behaviour.mjs'

const WARM_REQUESTS = 500
const SAMPLE_MS = 50
const REST_MS = 500
const LIMIT_MS = 30_000
const FILES = 20_000

/** Resolves or rejects as `promise` does, or rejects after a time that only a hang takes. */
export async function within(promise, what, ms = LIMIT_MS) {
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what}: nothing in ${ms / 1000} s`)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/** What starts a server; it can be asked for what it holds when its garbage is collected. */
export function commandOf(name, config) {
  const script = fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url))
  return [process.execPath, '--expose-gc', script, JSON.stringify(config)]
}

export class Target {
  #server
  #sampler
  peak = 0

  /** `few`: a limit of open files that it cannot raise; `environment`: what `env` is told. */
  static async start(name, { config = {}, few, environment = [] }, core) {
    const command = commandOf(name, config)
    const inEnvironment = environment.length > 0 ? ['env', ...environment, ...command] : command
    const target = new Target()
    const limited = few === undefined ? withOpenFiles : withExactlyFiles
    target.#server = await startServer(limited(inEnvironment, few ?? FILES), core)
    return target
  }

  /** One that was started elsewhere. */
  static of(server) {
    const target = new Target()
    target.#server = server
    return target
  }

  get port() {
    return this.#server.port
  }

  get isAlive() {
    const { exitCode, signalCode } = this.#server.child
    return exitCode === null && signalCode === null
  }

  /** How the process ended, with the line on stderr that says why. */
  get end() {
    const { child, errors } = this.#server
    const line = errors.text.split('\n').find((text) => /Error|panicked/.test(text)) ?? ''
    return `the process ended (${child.signalCode ?? child.exitCode}) ${line.trim()}`.trim()
  }

  get exit() {
    return this.#server.child.exitCode
  }

  /** What it takes now. */
  look() {
    const { pid } = this.#server
    const cpu = cpuTime(pid)
    return { rss: rssBytes(pid), files: readdirSync(`/proc/${pid}/fd`).length, cpu: cpu.ticks }
  }

  /** Reads its memory again and again until the attack is over. */
  watch() {
    const read = () => {
      try {
        this.peak = Math.max(this.peak, rssBytes(this.#server.pid))
      } catch {
        // It has ended: that shows elsewhere.
      }
    }
    this.#sampler = setInterval(read, SAMPLE_MS)
  }

  unwatch() {
    clearInterval(this.#sampler)
  }

  /** One request of a client that does no harm. */
  async serves() {
    const { status, text } = await this.#ask('GET /')
    if (status !== 200 || text !== HELLO) throw new Error(`a clean request got ${status}`)
  }

  /** Bytes of JavaScript that it holds when garbage is collected; and what it takes then. */
  async collected() {
    const { text } = await this.#ask('GET /held')
    return { ...this.look(), held: Number(text) }
  }

  async #ask(line) {
    const client = await within(RawClient.connect(this.port), 'a clean connection')
    try {
      return await within(client.ask(request(line)), 'a clean request')
    } finally {
      await client.destroy()
    }
  }

  /** So that code and heap have grown to what requests take. */
  async warmUp() {
    const client = await RawClient.connect(this.port)
    for (let left = WARM_REQUESTS; left > 0; left--) await client.ask(request('GET /'))
    await client.destroy()
    await sleep(REST_MS)
  }

  /** The share of a core that it takes while nobody asks for anything. */
  async idleShare() {
    const before = this.look().cpu
    await sleep(2 * REST_MS)
    return (this.look().cpu - before) / (2 * REST_MS * 1000)
  }

  stop() {
    this.unwatch()
    return stopServer(this.#server)
  }
}
