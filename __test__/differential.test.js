// milouv and node:http read the same bytes. Wherever they make something else of them, the table
// in support/differential-explanations.js says which rule is behind it. MILOUV_CASES: so many.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explanations } from './support/differential-explanations.js'
import { runDifferential } from './support/differential-run.js'
import { SeededRandom, seedOfRun } from './support/seeded-random.js'

const USUAL = 5_000
const CASES = Number(process.env.MILOUV_CASES ?? USUAL)
const SHOWN = 5

const seed = seedOfRun()
const result = await runDifferential(seed, CASES)

function assertNone(list, what) {
  const shown = list.slice(0, SHOWN).join('\n\n')
  assert.ok(list.length === 0, `${list.length} ${what}, with MILOUV_SEED=${seed}:\n\n${shown}`)
}

describe(`${CASES} requests to milouv and node:http`, () => {
  test('every difference has an explanation', (t) => {
    t.diagnostic(`seed ${seed}: ${result.same} of ${CASES} the same, ${result.served} served`)
    for (const [name, count] of result.matches) t.diagnostic(`${count} x ${name}`)
    assertNone(result.unexplained, 'differences without an explanation')
  })

  const skip = CASES < USUAL && 'fewer cases may not need them all'
  test('every explanation is needed', { skip }, () => {
    const unused = explanations.filter(({ name, isRare }) => !isRare && !result.matches.has(name))
    assertNone(
      unused.map(({ name }) => name),
      'explanations that nothing needs',
    )
  })

  test('milouv answers each request with its own echo, in order, and a refusal last', () => {
    assertNone(result.wrong, 'wrong answers')
    assertNone(result.failures, 'failures in the handler')
  })

  test('milouv makes the same of the bytes in pieces', () => {
    assertNone(result.split, 'differences to the bytes as a whole')
  })

  test('much is served and much is refused', () => {
    const refused = Object.values(result.stats.refusals).reduce((sum, count) => sum + count, 0)
    assert.ok(result.served > CASES / 2, `${result.served} served`)
    assert.ok(refused > CASES / 10, `${refused} refused`)
    assert.ok(Object.keys(result.stats.refusals).length > 20, JSON.stringify(result.stats.refusals))
  })

  test('no connection is left', () => {
    assert.equal(result.stats.connections.open, 0)
    assert.ok(result.stats.connections.total >= CASES)
  })

  test('a seed gives the same case again', () => {
    const take = () => Array.from({ length: 8 }, () => SeededRandom.forCase(seed, 7).next())
    assert.equal(new Set(take()).size, 1)
    assert.notEqual(SeededRandom.forCase(seed, 7).next(), SeededRandom.forCase(seed, 8).next())
  })
})
