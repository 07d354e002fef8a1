// Plays one case in one split, and judges what came back by each of its rules.

import { NEXT, NEXT_ANSWER, PROBE, PROBE_TARGET } from './build.mjs'
import { Wire } from './wire.mjs'

const HANDSHAKE_TRIES = 3

async function open(address, methods) {
  // A flood of connections may find the queue of the listener full.
  for (let tries = 1; ; tries++) {
    try {
      return await Wire.open(address, methods)
    } catch (error) {
      if (tries === HANDSHAKE_TRIES) throw error
    }
  }
}

/** What was sent in this split: the steps, and the next request behind the last of them. */
function stepsOf(test, split) {
  const steps = test.send.map((step) =>
    typeof step === 'string' ? Buffer.from(step, 'latin1') : step,
  )
  if (split.next) {
    const last = steps.pop()
    steps.push(Buffer.concat([last, Buffer.from(NEXT)]))
  }
  return steps
}

/** The ways in which a rule can be kept, with the next request answered where there is one. */
function outcomesOf(rule, split) {
  if (!split.next) return rule.outcomes
  return rule.outcomes.flatMap((outcome) => {
    const served = { ...outcome, answers: [...outcome.answers, NEXT_ANSWER], after: 'open' }
    if (outcome.after === 'open') return [served]
    return outcome.after === 'either' ? [{ ...outcome, after: 'closed' }, served] : [outcome]
  })
}

/** How many answers there are when a rule lets the connection go on; -1 when none does. */
function mostAnswers(outcomes) {
  const open = outcomes.filter(({ after }) => after === 'open' || after === 'either')
  return Math.max(-1, ...open.map((outcome) => outcome.answers.length))
}

async function exchange(wire, test, split, outcomes) {
  const most = mostAnswers(outcomes)
  for (const step of stepsOf(test, split)) {
    if (Buffer.isBuffer(step)) await wire.send(split.cut(step))
    else await wire.until(() => step.until(wire))
  }
  if (test.end) wire.end()
  const isAnswered = () => most >= 0 && !test.end && wire.answers.length >= most && !wire.saysClose
  await wire.until(isAnswered)
  if (wire.ended || wire.malformed || wire.stalled) return null
  const before = wire.answers.length
  await wire.send([Buffer.from(PROBE)])
  await wire.until(() => wire.answers.length > before)
  return wire.answers.length > before ? wire.answers.splice(before, 1)[0] : null
}

/** @returns {Promise<Map<object, string | null>>} why a rule does not hold; null: it does */
export async function play(address, test, split) {
  const outcomes = test.rules.flatMap((rule) => outcomesOf(rule, split))
  const wire = await open(address, test.methods)
  try {
    const probe = await exchange(wire, test, split, outcomes)
    const isOpen = probe !== null && probe.get('x-seen') === `GET ${PROBE_TARGET}`
    const faults = test.rules.map((rule) => {
      const each = outcomesOf(rule, split).map((outcome) => faultOf(wire, outcome, isOpen))
      return [rule, each.includes(null) ? null : each[0]]
    })
    return new Map(faults)
  } finally {
    wire.destroy()
  }
}

function faultOf(wire, outcome, isOpen) {
  if (outcome.after === 'cut') return wire.isCut ? null : 'the answer is not cut'
  if (wire.malformed !== null) return wire.malformed
  const statuses = wire.answers.map((answer) => answer.status)
  if (wire.answers.length !== outcome.answers.length) {
    return `${outcome.answers.length} answers expected, came: [${statuses}]${stateOf(wire)}`
  }
  for (const [at, expected] of outcome.answers.entries()) {
    const fault = answerFault(wire.answers[at], expected)
    if (fault) return `answer ${at + 1} of [${statuses}]: ${fault}`
  }
  const early = wire.informational.map((answer) => answer.status)
  const wanted = outcome.informational ?? []
  if (wanted !== 'any' && String(early) !== String(wanted)) {
    return `informational answers [${early}] instead of [${wanted}]`
  }
  if (outcome.after === 'closed' && !wire.ended) return `[${statuses}], and it stays open`
  if (outcome.after === 'waits' && !wire.stalled) return `[${statuses}], and it does not wait`
  if (outcome.after === 'open' && !isOpen) return `[${statuses}], then no more is served`
  return null
}

const stateOf = (wire) => (wire.ended ? ', then it closed' : ', then it stood still')

function answerFault(answer, expected) {
  const { status, seen, has = {}, hasNot = [], body } = expected
  if (!isStatus(answer.status, status)) return `status ${answer.status}, not ${nameOf(status)}`
  for (const [name, value] of Object.entries(has)) {
    const values = answer.all(name)
    const isThere = Array.isArray(value)
      ? String(values) === String(value)
      : values.some((each) => (value instanceof RegExp ? value.test(each) : each === value))
    if (!isThere) return `${name} is [${values}], not ${value}`
  }
  const extra = hasNot.find((name) => answer.all(name).length > 0)
  if (extra) return `${extra} must not be there: ${answer.all(extra)}`
  if (body !== undefined && answer.text !== body)
    return `the body is ${JSON.stringify(answer.text)}`
  return seen === undefined ? null : seenFault(answer, seen)
}

const nameOf = (status) => (typeof status === 'function' ? status.name : String(status))

function isStatus(status, wanted) {
  if (typeof wanted === 'function') return wanted(status)
  return Array.isArray(wanted) ? wanted.includes(status) : status === wanted
}

function seenFault(answer, expected) {
  let seen
  try {
    seen = JSON.parse(answer.text)
  } catch {
    return `not an echo: ${JSON.stringify(answer.text.slice(0, 100))}`
  }
  for (const [name, value] of Object.entries(expected)) {
    const isFields = name === 'headers' || name === 'trailers'
    const pairs = isFields ? Object.entries(value) : [[null, value]]
    for (const [field, wanted] of pairs) {
      const actual = isFields ? (seen[name]?.[field] ?? null) : seen[name]
      const isSame = wanted instanceof RegExp ? wanted.test(actual) : actual === wanted
      if (isSame) continue
      const what = field === null ? name : `${name}.${field}`
      return `the handler saw ${what} ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`
    }
  }
  return null
}
