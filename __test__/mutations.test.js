// Whatever a client sends, and however it leaves: it gets an answer or a closed connection within
// the server's bounds, and nobody else notices.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inParallel } from './support/differential-run.js'
import { MutationServer, mutationCase, sendMutation } from './support/mutation-run.js'
import { escaped } from './support/request-generator.js'
import { SeededRandom, seedOfRun } from './support/seeded-random.js'

const USUAL = 10_000
const CASES = Number(process.env.MILOUV_CASES ?? USUAL)
const AT_ONCE = 64
/** Enough for the heap and the pools to have their size. */
const WARM_UP = Math.min(2_000, CASES / 5)
const MAX_HEAP_GROWTH = 4 * 1024 * 1024
const MAX_NATIVE_GROWTH = 16 * 1024 * 1024

// Long for a client that is alive, short for a test that waits for them.
const timeouts = { headers: 1_500, receive: 1_500, send: 1_500, idle: 1_500 }

const seed = seedOfRun()

/**
 * V8 keeps pages of an empty heap, so what it reserves is counted apart from what is native. Of
 * what it gives back, the system may leave some to the process.
 */
function assertFlat(first, last) {
  const heap = last.heapUsed - first.heapUsed
  const native = last.rss - first.rss - Math.max(0, last.heapTotal - first.heapTotal)
  const since = `bytes more than after the first ${WARM_UP} cases`
  assert.ok(heap < MAX_HEAP_GROWTH, `the heap: ${heap} ${since}`)
  assert.ok(native < MAX_NATIVE_GROWTH, `native memory: ${native} ${since}`)
}

describe(`${CASES} mutated requests`, () => {
  let server
  before(async () => {
    server = await MutationServer.start({ timeouts })
  })
  after(() => server.stop())

  const underWay = new Map()
  const counts = new Map()

  async function sendCase(index) {
    const mutation = mutationCase(SeededRandom.forCase(seed, index))
    underWay.set(index, mutation)
    const statuses = await sendMutation(server, mutation)
    underWay.delete(index)
    for (const status of statuses.length > 0 ? statuses : ['none']) {
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
  }

  async function sendCases(from, to) {
    const sent = inParallel(to - from, AT_ONCE, async (offset) => {
      await sendCase(from + offset).catch((error) => {
        const { manner, text } = underWay.get(from + offset)
        const what = `case ${from + offset}, ${manner}, MILOUV_SEED=${seed}: ${escaped(text)}`
        throw new Error(`${error.message}\n${what}`, { cause: error })
      })
    })
    const died = server.died.catch((error) => {
      const texts = [...underWay.values()].map(({ text }) => escaped(text)).join('\n')
      throw new Error(`${error.message}\nMILOUV_SEED=${seed}, one of these did it:\n${texts}`)
    })
    await Promise.race([sent, died])
  }

  test('each is answered or closed, and the next clean request is served', async (t) => {
    await sendCases(0, WARM_UP)
    const first = (await server.reportWhenIdle()).memory
    await sendCases(WARM_UP, CASES)
    const report = await server.reportWhenIdle()

    t.diagnostic(`seed ${seed}: ${JSON.stringify(Object.fromEntries(counts))}`)
    t.diagnostic(`refusals: ${JSON.stringify(report.stats.refusals)}`)
    t.diagnostic(`memory: ${JSON.stringify(first)}, then ${JSON.stringify(report.memory)}`)
    assert.deepEqual(report.stats.connections, { open: 0, total: 2 * CASES })
    assert.deepEqual(report.failures, [])
    assert.equal(server.stderr, '')
    assertFlat(first, report.memory)
  })

  const skip = CASES < USUAL && 'fewer cases may lack one of them'
  test('they were served and refused for many reasons', { skip }, () => {
    for (const status of [200, 400, 408, 501, 505]) {
      assert.ok(counts.get(status) > 0, `no ${status} in ${JSON.stringify([...counts])}`)
    }
  })
})
