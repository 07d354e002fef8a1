// Bytes that no client should send, and more of them than any server should take.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { mutationCase } from '../../__test__/support/mutation-run.js'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { SeededRandom } from '../../__test__/support/seeded-random.js'
import { forEach, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'

const AT_ONCE = 50
const SEED = 8
const MiB = 1024 * 1024

/** Sends it and sees how the connection ends; a client that waits leaves after a moment. */
function converse(port, { pieces, manner }) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let first = ''
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece, 'latin1')
      if (manner === 'end') socket.end()
      if (manner === 'destroy') socket.destroy()
      if (manner === 'reset') socket.resetAndDestroy()
      if (manner === 'wait') sleep(100).then(() => socket.destroy())
    })
    socket.on('data', (bytes) => {
      first ||= bytes.toString('latin1', 0, 12)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d\d\d)/.exec(first)?.[1] ?? 'none'))
  })
}

export const garbage = {
  name: 'mutated garbage',
  about: 'send requests that were harmed by chance, and a clean one now and then',
  sizes: { full: 200_000, small: 500 },
  async run({ target, size }) {
    const outcomes = await forEach(size, AT_ONCE, async (at) => {
      const mutation = mutationCase(SeededRandom.forCase(SEED, at))
      const answer = await within(converse(target.port, mutation), 'answer or end')
      if (at % 1000 === 0) await target.serves()
      return answer
    })
    const sumOf = (pattern) =>
      Object.entries(outcomes).reduce((sum, [key, n]) => (pattern.test(key) ? sum + n : sum), 0)
    const [served, refused, failed] = [/^[12]/, /^(4\d\d|501|505)$/, /^500$/].map(sumOf)
    const { none = 0 } = outcomes
    const hung = size - served - refused - failed - none
    return {
      text:
        `${served} served, ${refused} refused, ${none} without an answer, ` +
        `${failed} failed, ${hung} hung`,
      good: hung === 0 && failed === 0,
    }
  },
}

/** Sends a body, as fast as it is taken, until an answer has come. */
async function sendUntilAnswered(client, bytes, total) {
  let over = false
  const answer = client.answer().finally(() => {
    over = true
  })
  const settled = answer.catch(() => undefined)
  for (let sent = 0; sent < total && !over; sent += bytes.length) {
    await Promise.race([client.sendPieces([bytes]), settled])
  }
  return answer
}

const ways = {
  length: [request('POST /echo', ['content-length: 1000000000']), Buffer.alloc(65_536, 'a')],
  chunks: [
    request('POST /echo', ['transfer-encoding: chunked']),
    Buffer.from(`10000\r\n${'a'.repeat(65_536)}\r\n`),
  ],
}

export const bodyLimit = {
  name: 'bodies beyond the limit',
  about: 'send 1 GB where 1 MiB is allowed, half of them with its length and half in chunks',
  sizes: { full: 400, small: 20 },
  config: { maxBody: MiB },
  async run({ target, size }) {
    const before = target.look().rss
    const outcomes = await forEach(size, 40, async (at) => {
      const [head, bytes] = at % 2 === 0 ? ways.length : ways.chunks
      const client = await within(RawClient.connect(target.port), 'to connect')
      client.send(head)
      const { status } = await within(sendUntilAnswered(client, bytes, 200 * MiB), 'the refusal')
      await client.destroy()
      return `${status}`
    })
    const grown = (target.peak - before) / MiB
    return {
      text: `${said(outcomes)}; ${grown.toFixed(0)} MiB more at most`,
      good: outcomes[413] === size && grown < 200,
    }
  },
}
