// Thousands of clients reset at each stage of an exchange. Everything they held comes back, and
// whoever worked for them hears of it, exactly once. MILOUV_RESETS sets another number.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { eventually } from './support/serve.js'
import { open, startStreaming } from './support/streaming-clients.js'

const CLIENTS = Number(process.env.MILOUV_RESETS ?? 2000)
const AT_ONCE = 50
const MiB = 1024 * 1024

const get = (path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
const post = (path) => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n`

/** What each client sends, what tells it that its stage is reached, what is counted then. */
const stages = {
  head: { send: 'GET /after HTTP/1.1\r\nhost: ', counted: [] },
  body: {
    send: `${post('/body')}expect: 100-continue\r\n\r\n`,
    seen: /^HTTP\/1\.1 100 /,
    last: 'a part of it',
    counted: ['started', 'rejected.ECONNRESET', 'signal.ECONNRESET', 'failed.ECONNRESET'],
  },
  waiting: {
    send: get('/waiting'),
    seen: /^HTTP\/1\.1 103 /,
    counted: ['started', 'signal.ECONNRESET', 'failed.ECONNRESET'],
  },
  half: {
    send: get('/half'),
    seen: /^HTTP\/1\.1 200 .*\r\n\r\nx/s,
    counted: ['started', 'signal.ECONNRESET', 'failed.ECONNRESET'],
  },
  stream: {
    send: get('/stream'),
    seen: /^HTTP\/1\.1 200 .*\r\n\r\n./s,
    counted: ['started', 'cancelled', 'signal.ECONNRESET', 'failed.ECONNRESET'],
  },
  after: { send: get('/after'), seen: /all of it$/, counted: ['started', 'completed'] },
}

async function leaveAt(t, port, { send, seen, last }) {
  const socket = await open(t, port)
  const closed = once(socket, 'close')
  socket.write(send)
  if (seen !== undefined) {
    let received = ''
    for await (const [bytes] of on(socket)) {
      received += bytes.toString('latin1', 0, 1000)
      if (seen.test(received)) break
    }
  }
  if (last !== undefined) await new Promise((resolve) => socket.write(last, resolve))
  socket.resetAndDestroy()
  await closed
}

/** What a socket brings until it is left alone; it is paused then. */
async function* on(socket) {
  for (;;) {
    socket.resume()
    const data = await once(socket, 'data')
    socket.pause()
    yield data
  }
}

async function resetMany(t, port, stage, total) {
  let started = 0
  const one = async () => {
    while (started++ < total) await leaveAt(t, port, stage)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

/** The counts of one stage. A write may find the reset first: EPIPE says the same. */
function countsOf(counts, name) {
  const found = {}
  for (const [key, value] of Object.entries(counts)) {
    if (!key.startsWith(`${name}.`) || key.endsWith('.pulled')) continue
    const short = key.slice(name.length + 1).replace('EPIPE', 'ECONNRESET')
    found[short] = (found[short] ?? 0) + value
  }
  return found
}

const inKiB = (bytes) => Math.round(bytes / 1024)

describe(`${CLIENTS} clients reset`, () => {
  for (const [name, stage] of Object.entries(stages)) {
    test(`at the stage '${name}'`, async (t) => {
      const { port, report } = await startStreaming(t)
      // What grows once (pools, compiled code) has grown by then.
      await resetMany(t, port, stage, CLIENTS / 4)
      const all = (total) => Object.fromEntries(stage.counted.map((each) => [each, total]))
      const settled = (total) =>
        eventually(async () => {
          const now = await report()
          assert.deepEqual(countsOf(now.counts, name), all(total))
          // The report's own connections.
          assert.ok(now.stats.connections.open <= 2, `${now.stats.connections.open} are open`)
          return now
        })
      const before = await settled(CLIENTS / 4)
      await resetMany(t, port, stage, CLIENTS)
      const after = await settled(CLIENTS / 4 + CLIENTS)
      const grown = (what) => after[what] - before[what]
      t.diagnostic(
        `${name}: descriptors ${before.fds} -> ${after.fds}, heap ` +
          `${inKiB(grown('heapUsed'))} KiB, RSS ${inKiB(grown('rss'))} KiB more`,
      )
      assert.ok(grown('fds') <= 1, `${grown('fds')} more descriptors`)
      assert.ok(grown('heapUsed') < MiB, `${grown('heapUsed')} bytes of heap`)
      assert.ok(grown('external') < MiB, `${grown('external')} bytes outside the heap`)
      assert.ok(grown('rss') < 32 * MiB, `${grown('rss')} bytes of RSS`)
      assert.deepEqual(after.troubles, [])
    })
  }
})
