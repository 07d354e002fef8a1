// Tests of a real app, over sockets: in a process of its own for each way that milouv treats the
// globals, since those are the whole process's.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startProgram } from './program.js'
import { RawClient } from './raw-client.js'

class AppClient {
  #t

  constructor(t, port) {
    this.#t = t
    this.port = port
    this.origin = `http://127.0.0.1:${port}`
  }

  ask(path, options) {
    return fetch(this.origin + path, { redirect: 'manual', ...options })
  }

  /** Status and text of an answer. */
  async text(path, options) {
    const answer = await this.ask(path, options)
    return [answer.status, await answer.text()]
  }

  /** Status and JSON of an answer; a body is sent as JSON. */
  async json(path, { body, headers = {}, ...options } = {}) {
    if (body !== undefined) headers['content-type'] = 'application/json'
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await this.ask(path, { ...options, ...sent, headers })
    return [answer.status, JSON.parse(await answer.text())]
  }

  async raw() {
    const client = await RawClient.connect(this.port)
    this.#t.after(() => client.destroy())
    return client
  }
}

/**
 * @param {string} name of a file in `__test__/apps`
 * @param {Record<string, (client: AppClient, t) => Promise<void>>} tests
 * @param {() => string} [upstream] where the app's own requests go
 */
export function testApp(name, tests, upstream = () => '') {
  for (const globals of ['compat', 'fast']) {
    describe(`${name}, globals: ${globals}`, () => {
      let program
      let port
      let stop
      before(async () => {
        const suite = {
          after: (end) => {
            stop = end
          },
        }
        program = startProgram(suite, 'app-server.js', [name, globals, upstream()])
        ;({ port } = await program.message())
      })
      after(() => stop())

      for (const [title, run] of Object.entries(tests)) {
        test(title, (t) => run(new AppClient(t, port), t))
      }
      test('nothing was left unhandled', async () => {
        program.send('over')
        assert.deepEqual((await program.message()).faults, [])
      })
    })
  }
}
