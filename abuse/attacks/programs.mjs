// Programs that do what they should not, behind clients that do nothing wrong.
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { crowd, forEach, leave, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'

const AT_ONCE = 50

/** Asks on a connection of its own; what came, or how it ended without. */
async function askOnce(port, path) {
  const client = await within(RawClient.connect(port), 'to connect')
  try {
    const { status } = await within(client.ask(request(`GET ${path}`)), 'an answer')
    return `${status}`
  } catch (error) {
    if (/^the connection ended/.test(error.message)) return 'broken off'
    throw error
  } finally {
    await client.destroy()
  }
}

function failing(name, path, about, isGood) {
  return {
    name,
    about,
    sizes: { full: 1_000, small: 20 },
    async run({ target, size }) {
      const outcomes = await forEach(size, AT_ONCE, () => askOnce(target.port, path))
      return { text: said(outcomes), good: isGood(outcomes, size) }
    },
  }
}

const allOf = (what) => (outcomes, size) => outcomes[what] === size

export const throwing = failing('a handler throws', '/throw', 'get its error', allOf('500'))

export const rejecting = failing('a handler rejects', '/reject', 'get its error', allOf('500'))

export const bodyFails = failing(
  'the body of an answer fails',
  '/body-fails',
  'can tell that the answer is not whole',
  allOf('broken off'),
)

export const answersTwice = failing(
  'a handler answers twice',
  '/twice',
  'get one answer, or are told that it failed',
  (outcomes, size) => (outcomes[200] ?? 0) + (outcomes[500] ?? 0) === size && outcomes[200] > 0,
)

export const hanging = {
  name: 'a handler hangs',
  about: 'wait for an answer that never comes, and leave after a second',
  sizes: { full: 2_000, small: 50 },
  async run({ target, size }) {
    const clients = await crowd(target.port, size)
    for (const client of clients) client.send(request('GET /hang'))
    await sleep(1_000)
    await target.serves()
    await leave(clients)
    return { text: 'the others were served', good: true }
  },
}

export const late = {
  name: 'a handler answers too late',
  about: 'have left when their answer comes; every second has been replaced by another',
  sizes: { full: 2_000, small: 50 },
  async run({ target, size }) {
    const outcomes = await forEach(size, AT_ONCE, async (at) => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      client.send(request('GET /late'))
      await sleep(5)
      await client.reset()
      if (at % 2 === 0) await target.serves()
      return 'gone'
    })
    return { text: `${outcomes.gone ?? 0} left early`, good: outcomes.gone === size }
  },
}

export const closes = {
  name: 'a handler closes the server',
  about: 'are idle, wait for an answer or get a stream, while a handler closes the server',
  sizes: { full: 100, small: 5 },
  ends: true,
  async run({ target, size }) {
    const idle = await crowd(target.port, size)
    await Promise.all(idle.map((client) => client.ask(request('GET /'))))
    const busy = await crowd(target.port, size)
    const streams = busy.map((client) => client.send(request('GET /stream')).answer())
    // The last one closes the server: all others have been read before it.
    const [closer] = await crowd(target.port, 1)
    await sleep(50)
    const { status } = await within(closer.ask(request('GET /close')), 'the answer')
    const answers = await within(Promise.all(streams), 'the streams')
    for (const client of [...idle, ...busy, closer]) await within(client.closed, 'the end')
    const whole = answers.filter(({ text }) => text.length === 160 * 65_536).length
    for (let left = 50; left > 0 && target.isAlive; left--) await sleep(100)
    const end = target.isAlive ? 'the process went on' : `then it ended with ${target.exit}`
    return {
      text: `${status}, ${whole} of ${size} streams came whole; ${end}`,
      good: status === 200 && whole === size && !target.isAlive && target.exit === 0,
    }
  },
}
