// What everybody expects of a server with fetch handlers, as one list of cases that runs against
// milouv and its peers. milouv differs nowhere; contract-differences.js says where its peers do.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { areas } from './contract/index.js'
import { ContractClient, getJson } from './support/contract-client.js'
import { differences } from './support/contract-differences.js'
import { servers } from './support/contract-servers.js'
import { startProgram } from './support/program.js'

/** What hangs is a failure like any other, which a list may name. */
const PATIENCE = 20_000
const LITTLE_PATIENCE = 3000
const FEW_ROUNDS = 60
/** MILOUV_CONTRACT=milouv leaves the peers out. */
const chosen = Object.entries(servers).filter(
  ([name]) => name === (process.env.MILOUV_CONTRACT ?? name),
)

function inTime(promise, limit) {
  let timer
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing happens any more')), limit)
  })
  return Promise.race([promise, over]).finally(() => clearTimeout(timer))
}

async function differs(run, pattern) {
  const failure = await run().then(
    () => assert.fail('it differs no more: take it off the list'),
    (error) => error,
  )
  assert.match(`${failure.name}: ${failure.message}`, pattern)
}

// Side by side: what they do most is wait.
describe('the contract', { concurrency: true }, () => {
  for (const [name, { has }] of chosen) {
    describe(name, { concurrency: 1 }, () => {
      let port
      let stop
      before(async () => {
        const suite = {
          after: (end) => {
            stop = end
          },
        }
        ;({ port } = await startProgram(suite, 'contract-server.js', [name]).message())
      })
      after(() => stop())

      const known = new Map(Object.entries(differences[name] ?? {}))
      const one = (title, run) => {
        const pattern = known.get(title)
        known.delete(title)
        test(title, (t) =>
          pattern === undefined
            ? inTime(run(t, undefined), PATIENCE)
            : differs(() => inTime(run(t, FEW_ROUNDS), LITTLE_PATIENCE), pattern),
        )
      }

      for (const [area, cases] of Object.entries(areas)) {
        for (const [at, [title, { check, needs }]] of Object.entries(cases).entries()) {
          if (needs !== undefined && !has.includes(needs)) continue
          const key = `${area}/${at}`
          one(`${area}: ${title}`, (t, rounds) => check(new ContractClient(t, port, key, rounds)))
        }
      }

      // Last: what the cases before it left behind.
      one('nothing was left unhandled', async () => {
        assert.deepEqual(await getJson(`http://127.0.0.1:${port}/faults`), [])
      })

      test('every difference that is listed is a case', () => {
        assert.deepEqual([...known.keys()], [])
      })
    })
  }
})
