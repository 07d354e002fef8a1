// Clients that see every byte of an answer's framing, each a round of its kind: they ask, verify
// what comes and count it. `over` settles when the soak is over.
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../../__test__/support/raw-client.js'
import { within } from '../../abuse/lib/target.mjs'
import { FORGOTTEN_MS } from './limits.mjs'
import { anyRequest, wireOf } from './requests.mjs'

const answerOf = (client) => within(client.answer(), 'an answer')

async function withClient(port, use) {
  const client = await within(RawClient.connect(port), 'to connect')
  try {
    return await use(client)
  } finally {
    await client.destroy()
  }
}

async function exchange(client, { random, count }, fields) {
  const asked = anyRequest(random)
  client.send(wireOf(asked, random, fields))
  count(asked.body?.length, asked.check(await answerOf(client)))
}

export const keepAlive = ({ port, ...given }) =>
  withClient(port, async (client) => {
    for (let left = 1 + given.random.below(100); left > 0; left--) await exchange(client, given)
  })

export const closing = ({ port, ...given }) =>
  withClient(port, async (client) => {
    await exchange(client, given, ['connection: close'])
    await within(client.closed, 'the end')
  })

export const pipelining = ({ port, random, count }) =>
  withClient(port, async (client) => {
    const all = Array.from({ length: 2 + random.below(30) }, () => anyRequest(random, 20_000))
    client.send(Buffer.concat(all.map((one) => wireOf(one, random))))
    for (const { body, check } of all) count(body?.length, check(await answerOf(client)))
  })

export const halfClosing = ({ port, ...given }) =>
  withClient(port, async (client) => {
    const asked = anyRequest(given.random)
    client.send(wireOf(asked, given.random)).end()
    given.count(asked.body?.length, asked.check(await answerOf(client)))
    await within(client.closed, 'the end')
  })

/** Leaves whenever it likes, with a reset or without; what has come until then is not looked at. */
export const leaving = async ({ port, random, left }) => {
  const client = await within(RawClient.connect(port), 'to connect')
  const wire = wireOf(anyRequest(random, 2_000_000), random)
  client.send(random.chance(0.5) ? wire : wire.subarray(0, random.below(wire.length)))
  if (random.chance(0.3)) client.pause()
  await sleep(random.below(30))
  if (random.chance(0.5)) client.reset()
  else client.destroy()
  left()
}

const REFUSED = /^HTTP\/1\.1 408 /
const AFTER_ANSWER = /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nkept$/

/** What is sent before nothing more comes, and all that the server may say until it closes. */
const pauses = [
  ['GET /kept HTTP/1.1\r\nhost: so', REFUSED],
  ['POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf', REFUSED],
  ['GET /kept HTTP/1.1\r\nhost: a\r\n\r\n', AFTER_ANSWER],
]

export const dawdling = ({ port, random, count, over }) =>
  withClient(port, async (client) => {
    const [sent, expected] = random.pick(pauses)
    const rest = within(client.send(sent).rest(), 'the end', FORGOTTEN_MS)
    const found = await Promise.race([rest, over])
    if (found === undefined) return
    const text = found.toString('latin1')
    if (!expected.test(text)) throw new Error(`${JSON.stringify(text)} behind ${sent.slice(0, 10)}`)
    count()
  })
