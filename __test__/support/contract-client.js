import { once } from 'node:events'
import { get } from 'node:http'
import { json } from 'node:stream/consumers'
import { RawClient, request } from './raw-client.js'
import { eventually } from './serve.js'

/** By a connection of its own: nothing that a case did to others is in the way. */
export async function getJson(url) {
  const [answer] = await once(get(url, { agent: false }), 'response')
  return json(answer)
}

/** What the check of one case talks to its server with; paths are those of that case. */
export class ContractClient {
  #t
  #rounds

  /** `rounds`: how often what must be noted is looked for. */
  constructor(t, port, key, rounds) {
    this.#t = t
    this.#rounds = rounds
    this.port = port
    this.key = key
    this.origin = `http://127.0.0.1:${port}`
    this.base = `/${key}`
  }

  ask(rest = '', options = {}) {
    return fetch(this.origin + this.base + rest, options)
  }

  /** Asks and gives the body as text. */
  async text(rest, options) {
    return (await this.ask(rest, options)).text()
  }

  /** Asks and gives what the body is as JSON; tells the body where it is none. */
  async json(rest, options) {
    const answer = await this.ask(rest, options)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${text.slice(0, 200)}`)
    return JSON.parse(text)
  }

  /** A connection for bytes. */
  async raw(options) {
    const client = await RawClient.connect(this.port, options)
    this.#t.after(() => client.destroy())
    return client
  }

  /** A request in bytes. */
  line(method, rest = '', fields = [], body = '') {
    return request(`${method} ${this.base}${rest}`, fields, body)
  }

  /** What the case's handler has noted. */
  async notes() {
    return getJson(`${this.origin}/notes${this.base}`)
  }

  /** Waits until `check` likes the notes. */
  noted(check) {
    return eventually(async () => check(await this.notes()), this.#rounds)
  }
}
