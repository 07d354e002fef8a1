// Clients of others, each a round of its kind: node:http and fetch.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '../../abuse/lib/target.mjs'
import { bytesAt, Verifier, verify } from './bytes.mjs'
import { anyRequest, lengthBelow } from './requests.mjs'
import { SumOfBody } from './sum.mjs'

const MiB = 1024 * 1024

async function* piecesOf(body, random) {
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(65_536)
    yield body.subarray(at, at + size)
    at += size
  }
}

/** Sends it in pieces, as the server takes them; without a length they are chunks. */
async function send(asking, body, random) {
  for await (const piece of piecesOf(body, random)) {
    if (!asking.write(piece)) await once(asking, 'drain')
  }
  asking.end()
}

/** Asks by node:http, and gives the answer when its head has come. */
async function ask({ port, agent, random }, { line, body, isChunked }) {
  const [method, path] = line.split(' ')
  const headers = body === undefined || isChunked ? {} : { 'content-length': body.length }
  const asking = request({ host: '127.0.0.1', port, method, path, agent, headers })
  const answered = within(once(asking, 'response'), `the answer to ${line}`)
  const sent = body === undefined ? asking.end() : send(asking, body, random)
  const [[answer]] = await Promise.all([answered, sent])
  return answer
}

async function withAgent(given, use) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await use({ ...given, agent })
  } finally {
    agent.destroy()
  }
}

export const nodeHttp = (given) =>
  withAgent(given, async (own) => {
    for (let left = 1 + own.random.below(30); left > 0; left--) {
      const asked = anyRequest(own.random)
      const answer = await ask(own, asked)
      const body = Buffer.concat(await answer.toArray())
      const found = { status: answer.statusCode, body, text: body.toString() }
      own.count(asked.body?.length, asked.check(found))
    }
  })

export const uploading = (given) =>
  withAgent(given, async (own) => {
    const body = bytesAt(own.random.next(), own.random.below(8 * MiB))
    const expected = new SumOfBody()
    expected.take(body)
    const isChunked = own.random.chance(0.5)
    const answer = await ask(own, { line: 'POST /sum', body, isChunked })
    const found = Buffer.concat(await answer.toArray()).toString()
    if (found !== JSON.stringify(expected.report())) throw new Error(`${found} of an upload`)
    own.count(body.length, found.length)
  })

/** Reads a large answer, with a pause behind each piece when `pause` says so. */
const reading = (pause) => (given) =>
  withAgent(given, async (own) => {
    const seed = own.random.next()
    const length = MiB + own.random.below(6 * MiB)
    const path = own.random.chance(0.5) ? '/bytes' : '/stream'
    const answer = await ask(own, { line: `GET ${path}?seed=${seed}&length=${length}` })
    const verifier = new Verifier(seed, length)
    for await (const piece of answer) {
      verifier.take(piece)
      if (pause > 0) await sleep(own.random.below(pause))
    }
    verifier.end()
    own.count(0, length)
  })

export const readingLarge = reading(0)
export const readingSlowly = reading(20)

/** Two routes of a Hono app, by fetch; one answer in ten is given up. */
export const fetching = async ({ port, random, count, left }) => {
  const base = `http://127.0.0.1:${port}/hono`
  const id = `${random.next()}`
  const user = await within(fetch(`${base}/users/${id}?page=2`), 'the answer to fetch')
  const found = await user.text()
  if (found !== JSON.stringify({ id, page: '2' })) throw new Error(`${found} of user ${id}`)
  count(0, found.length)
  const seed = random.next()
  const length = lengthBelow(random, 300_000)
  const abort = new AbortController()
  const init = { method: 'POST', body: bytesAt(seed, length), signal: abort.signal }
  if (random.chance(0.1)) {
    const gone = fetch(`${base}/echo`, init).then(
      (answer) => answer.arrayBuffer(),
      () => undefined,
    )
    await sleep(random.below(5))
    abort.abort()
    await gone.catch(() => undefined)
    return left()
  }
  const answer = await within(fetch(`${base}/echo`, init), 'the answer to fetch')
  verify(Buffer.from(await answer.arrayBuffer()), seed, length)
  count(length, length)
}
