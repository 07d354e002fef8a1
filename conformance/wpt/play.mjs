// Plays one file in one way on one Node, in a child process.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'

const REALM = fileURLToPath(new URL('realm.mjs', import.meta.url))
/** A file that has not ended by then hangs; what it told so far counts. */
const LIMIT = 40_000
/** The row for what a file does besides its tests: its end, and errors that nobody caught. */
export const ITSELF = '(the file itself)'

const ORIGIN = 'http://origin'

class Outcome {
  /** @type {Map<string, { status: string, message: string | null }>} by the name of the test */
  tests = new Map()
  #strays = []
  extra = {}

  add(name, status, message) {
    let unique = name
    for (let i = 2; this.tests.has(unique); i++) unique = `${name} (${i})`
    this.tests.set(unique, { status, message })
  }

  stray(message) {
    this.#strays.push(message)
  }

  end(how) {
    const faults = how === null ? this.#strays : [how, ...this.#strays]
    this.add(ITSELF, faults.length === 0 ? 'PASS' : 'FAIL', faults.join('\n'))
  }
}

/**
 * @param {string} node the executable
 * @param {object} config what realm.mjs is told
 * @returns {Promise<Outcome>}
 */
export function play(node, config) {
  const outcome = new Outcome()
  const stdio = ['ignore', 'ignore', 'ignore', 'ipc']
  const execArgv = [...endsWithParent, '--expose-gc']
  const child = fork(REALM, [], { execPath: node, execArgv, stdio })
  return new Promise((resolve) => {
    let how = 'its process ended before it did'
    const finish = (why) => {
      how = why
      child.kill('SIGKILL')
    }
    const limit = setTimeout(finish, LIMIT, `it did not end within ${LIMIT / 1000} s`)
    child.once('exit', () => {
      clearTimeout(limit)
      outcome.end(how)
      resolve(outcome)
    })
    child.on('message', ({ type, name, status, message, ...extra }) => {
      // The port of the tests' server is another each time.
      if (type === 'result') outcome.add(name.replaceAll(config.origin, ORIGIN), status, message)
      else if (type === 'stray') outcome.stray(message)
      else {
        outcome.extra = extra
        finish(status === 0 ? null : message)
      }
    })
    child.send(config)
  })
}
