// Programs that call all there is, whatever their exchange is doing.
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { forEach, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'
import { CALLED, CLOSE, STATES } from '../servers/calls.mjs'

const AT_ONCE = 20
/** A call for a client that has left is made by then. */
const CALLED_MS = 300
const LEAVES = 'when the client has left'
const BODY = 'a body in two parts'
/** These may end the connection that asks for them, or that of another. */
const CLOSING = /close(All|Idle)Connections/
/** What may come of a call that nobody's connection is to end by. */
const WELL = /^(200|left)$/

/** The first answer that is not informational. */
async function finalAnswer(client) {
  for (;;) {
    const answer = await client.answer('POST')
    if (answer.status >= 200) return answer
  }
}

async function callOnce(port, [name, state]) {
  const query = new URLSearchParams({ call: name, state })
  const fields = [`content-length: ${BODY.length}`]
  const client = await within(RawClient.connect(port), 'to connect')
  try {
    client.send(request(`POST /calls?${query}`, fields, BODY.slice(0, 6)))
    await sleep(5)
    if (state === LEAVES) {
      await client.reset()
      return 'left'
    }
    client.send(BODY.slice(6))
    const { status, text } = await within(finalAnswer(client), `${name} ${state}`)
    return text === CALLED ? `${status}` : `${status} with ${JSON.stringify(text)}`
  } catch (error) {
    if (/^the connection ended/.test(error.message)) return 'broken off'
    // What the parser of the tests asserts about the bytes of an answer.
    if (error.code === 'ERR_ASSERTION') return 'an answer that is no HTTP'
    throw error
  } finally {
    await client.destroy()
  }
}

async function textOf(port, path) {
  const client = await within(RawClient.connect(port), 'to connect')
  const { text } = await within(client.ask(request(`GET ${path}`)), `the answer of ${path}`)
  await client.destroy()
  return text
}

/** What the server tells once that is so, or after some seconds. */
async function reportOf(port, isSo) {
  for (let left = 50; ; left--) {
    const report = JSON.parse(await textOf(port, '/calls'))
    if (isSo(report) || left === 0) return report
    await sleep(100)
  }
}

/** Each on a server of its own, which is to close, and to serve before that who is there. */
async function closeOnce(port, state) {
  const spare = Number(await textOf(port, '/spare'))
  return callOnce(spare, [CLOSE, state])
}

export const callsInStates = {
  name: 'a handler calls all there is',
  about: 'wait, send, read or have left, while each call is made, so many times in each state',
  sizes: { full: 20, small: 1 },
  async run({ target, size }) {
    const { names } = await reportOf(target.port, () => true)
    const pairs = names.flatMap((name) => STATES.map((state) => [name, state]))
    const gentle = pairs.filter(([name]) => !CLOSING.test(name))
    const closing = pairs.filter(([name]) => CLOSING.test(name))
    const pick = (list) => (at) => callOnce(target.port, list[at % list.length])
    const outcomes = await forEach(gentle.length * size, AT_ONCE, pick(gentle))
    const wanted = gentle.length * size
    const { made, refused } = await reportOf(target.port, (report) => report.made >= wanted)
    const ended = await forEach(STATES.length * size, AT_ONCE, (at) =>
      closeOnce(target.port, STATES[at % STATES.length]),
    )
    // The last of these may be made when its client has left, and then end any connection.
    const closed = await forEach(closing.length * size, 1, pick(closing))
    await sleep(CALLED_MS)
    const { strange, spares } = await reportOf(target.port, (report) => report.spares === 0)
    const odd = [
      ...Object.keys({ ...outcomes, ...ended }).filter((what) => !WELL.test(what)),
      ...Object.keys(closed).filter((what) => !/^(200|left|broken off)$/.test(what)),
      ...strange,
    ]
    const text =
      `${names.length + 1} calls in ${STATES.length} states: ${said(outcomes)}; ` +
      `${made} made, ${refused} refused; calls that close: ${said(closed)}; ` +
      `that close the server: ${said(ended)}, ${spares} did not close`
    return {
      text: [text, ...strange].join('; '),
      good: odd.length === 0 && made === wanted && spares === 0,
    }
  },
}
