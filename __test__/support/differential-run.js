// Sends thousands of cases to both servers and sorts what differs.

import { setTimeout as sleep } from 'node:timers/promises'
import { differentialCase } from './differential-cases.js'
import { differencesOf } from './differential-compare.js'
import { explanations } from './differential-explanations.js'
import { outcomeOf, startBoth } from './differential-servers.js'
import { escaped, inPieces } from './request-generator.js'
import { SeededRandom } from './seeded-random.js'

const AT_ONCE = 32
/** Every so many cases milouv gets the bytes in pieces, too. */
const IN_PIECES = 3
/** So that a long body does not come in a thousand. */
const LARGEST_SPLIT = 100

/** Milliseconds; far less than any timeout of the server, which would hide what it forgot. */
const PATIENCE = 1_000
const PATIENCE_STEP = 20

/** Calls a function with 0 to `count - 1`, some of them at the same time. */
export async function inParallel(count, atOnce, work) {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** The client hears of a close some turns before the server has done with it. */
async function statsWhenIdle(server) {
  for (
    let left = PATIENCE;
    left > 0 && server.stats().connections.open > 0;
    left -= PATIENCE_STEP
  ) {
    await sleep(PATIENCE_STEP)
  }
  return server.stats()
}

function stepText(step) {
  const { kind, status, code, request } = step
  const told = request && { ...request, body: escaped(request.body) }
  return JSON.stringify({ kind, status, code, request: told })
}

function differenceText({ what, at, text, ours, theirs }) {
  return [
    `${what}, request ${at}`,
    `milouv    ${stepText(ours)}`,
    `node:http ${stepText(theirs)}`,
    `sent      ${escaped(text)}`,
  ].join('\n')
}

/** What came of `count` cases of a seed. */
export async function runDifferential(seed, count) {
  const { milouv, node } = await startBoth()
  const result = { same: 0, served: 0, unexplained: [], wrong: [], split: [], matches: new Map() }
  try {
    await inParallel(count, AT_ONCE, async (index) => {
      const random = SeededRandom.forCase(seed, index)
      const text = differentialCase(random)
      const [ours, theirs] = await Promise.all([outcomeOf(milouv, text), outcomeOf(node, text)])
      judge(result, index, text, ours, theirs)
      if (index % IN_PIECES !== 0) return
      const pieces = inPieces(random, text, 1 + random.below(LARGEST_SPLIT))
      judgeSplit(result, index, text, ours, await outcomeOf(milouv, text, pieces))
    })
    return { ...result, failures: milouv.failures, stats: await statsWhenIdle(milouv) }
  } finally {
    await milouv.close()
    await node.close()
  }
}

/** What must not depend on how the bytes are split: not how much of a cut body was seen. */
function essence({ steps, answers }) {
  const said = answers.map(({ status, closes, text }) => ({ status, closes, text }))
  const made = steps.map(({ kind, status, code, offset }) => ({ kind, status, code, offset }))
  return JSON.stringify([said, made])
}

function judgeSplit(result, index, text, whole, split) {
  if (!split.reset && split.wrong === null && essence(whole) === essence(split)) return
  const [left, right] = [essence(whole), `${split.reset ? 'reset ' : ''}${essence(split)}`]
  const what = `whole  ${left}\npieces ${right}\nsent   ${escaped(text)}`
  result.split.push(`case ${index}: ${split.wrong ?? ''}\n${what}`)
}

function judge(result, index, text, ours, theirs) {
  const wrong = ours.reset ? 'the connection was reset' : ours.wrong
  if (wrong !== null) result.wrong.push(`case ${index}: ${wrong}\nsent      ${escaped(text)}`)
  result.served += ours.steps.filter(({ kind }) => kind === 'served').length
  const differences = differencesOf(text, ours, theirs)
  if (differences.length === 0) result.same++
  for (const found of differences) {
    const explanation = explanations.find(({ explains }) => explains(found))
    if (explanation === undefined) {
      result.unexplained.push(`case ${index}: ${differenceText(found)}`)
    } else {
      const { name } = explanation
      result.matches.set(name, (result.matches.get(name) ?? 0) + 1)
    }
  }
}
