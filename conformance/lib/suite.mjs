// Plays all cases against one server, some at a time.

import { cases } from '../cases/index.mjs'
import { play } from './play.mjs'
import { SPLITS } from './splits.mjs'

const AT_ONCE = 48

/** The splits a case is played in. */
function splitsOf(test) {
  const splits = SPLITS.filter((split) => test.next || !split.next)
  return test.splits ? splits.filter((split) => test.splits.includes(split.name)) : splits
}

/** A rule holds for a server when it holds in every split; the first that breaks it is named. */
async function playAll(address, test) {
  const faults = new Map(test.rules.map((rule) => [rule, null]))
  for (const split of splitsOf(test)) {
    for (const [rule, fault] of await play(address, test, split)) {
      if (fault !== null && faults.get(rule) === null) faults.set(rule, { split, fault })
    }
    // What is broken in one split is broken: the others would only cost time.
    if ([...faults.values()].every((fault) => fault !== null)) break
  }
  return test.rules.map((rule) => ({ test, level: rule.level, ...faults.get(rule) }))
}

/**
 * @param {{ host: string, port: number }} address of a server that behaves as README.md says
 * @returns {Promise<{ test: object, level: string, fault?: string, split?: object }[]>} for each
 *   rule of each case; with a fault where the rule is broken
 */
export async function runSuite(address, chosen = cases) {
  const results = Array(chosen.length)
  let next = 0
  const work = async () => {
    while (next < chosen.length) {
      const at = next++
      results[at] = await playAll(address, chosen[at])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results.flat()
}
