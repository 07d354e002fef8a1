// The mixed load: so many clients of each kind, each playing round after round.
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../../__test__/support/seeded-random.js'
import { fetching, nodeHttp, readingLarge, readingSlowly, uploading } from './library-clients.mjs'
import { closing, dawdling, halfClosing, keepAlive, leaving, pipelining } from './raw-clients.mjs'

const AFTER_FAILURE_MS = 100

/** By what the report calls them: how many at once, and what one does. */
export const KINDS = {
  'keep-alive connections': [6, keepAlive],
  'a connection for each request': [4, closing],
  'pipelined requests': [3, pipelining],
  'half-closed connections': [2, halfClosing],
  'resets and leaves at any time': [4, leaving],
  'timeouts: head, body, idle': [6, dawdling],
  'node:http with keep-alive': [4, nodeHttp],
  'fetch, from a Hono app': [4, fetching],
  'uploads up to 8 MiB': [2, uploading],
  'answers up to 7 MiB': [2, readingLarge],
  'slow readers': [2, readingSlowly],
}

/** Plays until `over` settles, and until each has ended its last round. */
export async function load({ port, seed, over, tally }) {
  let isOver = false
  over.then(() => {
    isOver = true
  })
  let client = 0
  const play = async (kind, round) => {
    const random = SeededRandom.forCase(seed, client++)
    const count = (sent, received) => tally.count(kind, sent, received)
    const left = () => tally.leave(kind)
    while (!isOver) {
      try {
        await round({ port, random, count, left, over })
      } catch (error) {
        tally.fail(kind, error)
        await sleep(AFTER_FAILURE_MS)
      }
    }
  }
  const all = Object.entries(KINDS).flatMap(([kind, [many, round]]) =>
    Array.from({ length: many }, () => play(kind, round)),
  )
  await Promise.all(all)
}
