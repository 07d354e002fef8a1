// The examples with several workers, restarted under load: no request fails, though no client tries
// one again.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { until, withExample } from './support/example.js'
import { strictClients } from './support/strict-clients.js'
import { tool } from './support/tools.js'

const run = promisify(execFile)
const { path: wrk, skip: noWrk } = tool('wrk')
const settings = { WORKERS: '2' }
const skip = process.platform !== 'linux' && 'only Linux spreads clients and turns them away'
/** A restart takes two graces of half a second, on a busy machine more. */
const ROUNDS = 3000

/** Has the example replace its workers so many times, and waits for each. */
async function restart({ child, output }, times, before) {
  const restarts = () => output.filter((line) => line === 'restarted').length
  for (let round = 1; round <= times; round++) {
    await before()
    child.kill('SIGHUP')
    await until(() => restarts() === round, ROUNDS)
    assert.equal(restarts(), round)
  }
}

for (const name of ['workers', 'cluster']) {
  const withWorkers = (use) => withExample(name, use, settings)

  describe(`the example ${name}, restarted under load`, { skip }, () => {
    test('clients that retry nothing', (t) =>
      withWorkers(async (example) => {
        const clients = strictClients(example.port, { count: 12 })
        await restart(example, 3, () => {
          const before = clients.result.answers
          return until(() => clients.result.answers > before + 100)
        })
        const { answers, connections, last, bodies, failures } = await clients.stop()
        t.diagnostic(`${answers} answers, ${connections} connections, ${last} told to leave`)
        assert.deepEqual(failures, [])
        assert.ok(last > 0)
        // Two in the beginning, and two more with each restart; one may have had no client.
        assert.ok(bodies.size >= 6, `${bodies.size} workers`)
      }))

    test('wrk', { skip: noWrk }, (t) =>
      withWorkers(async (example) => {
        const load = run(wrk, ['-t1', '-c32', '-d5', example.url])
        await restart(example, 2, () => setTimeout(500))
        const { stdout } = await load
        t.diagnostic(/\d+ requests in/.exec(stdout)?.[0])
        assert.doesNotMatch(stdout, /Socket errors|Non-2xx/)
        assert.match(stdout, /[1-9]\d* requests in/)
      }),
    )
  })

  describe(`the example ${name}`, { skip }, () => {
    test('ends at SIGTERM, and until then answers', () =>
      withWorkers(async ({ port, child, ended }) => {
        const clients = strictClients(port, { count: 3 })
        await until(() => clients.result.answers > 100)
        child.kill('SIGTERM')
        assert.deepEqual(await ended, [0, null])
        const { failures } = await clients.stop()
        // Then nobody is there to connect to; no request was lost.
        assert.deepEqual(
          failures.filter((message) => !/^connect ECONNREFUSED/.test(message)),
          [],
        )
        return true
      }))
  })
}

describe('the example cluster', { skip }, () => {
  test('fills the place of a worker that died', () =>
    withExample(
      'cluster',
      async ({ url }) => {
        const pid = async () => Number(/\d+/.exec(await (await fetch(url)).text())[0])
        const first = await pid()
        process.kill(first, 'SIGKILL')
        let next = first
        for (let tries = 0; next === first && tries < 500; tries++) {
          await setTimeout(10)
          next = await pid().catch(() => first)
        }
        assert.notEqual(next, first)
      },
      { WORKERS: '1' },
    ))
})
