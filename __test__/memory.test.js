// What a server holds for clients that do not read, and for bodies that a handler does not read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from './support/serve.js'
import { open, sendLong, startStreaming } from './support/streaming-clients.js'

const CLIENTS = 20
const MiB = 1024 * 1024
const ANSWER = 1024 * MiB
const UPLOAD = 200 * MiB
const GROWTH = 64 * MiB
/** Asking for a report moves some bytes, too. */
const A_REPORT = 1024
/** The high-water mark, one read or one piece of a stream on top, and its chunk's frame. */
const HELD = 64 * 1024 + 66 * 1024 + 1024

/** The report once nothing moves any more: as the clients stand still, the kernel fills up. */
async function atRest(report, moved) {
  let before = await report()
  for (let still = 0; still < 10; still++) {
    await sleep(20)
    const now = await report()
    if (Math.abs(moved(now) - moved(before)) > A_REPORT) still = 0
    before = now
  }
  return before
}

const inMiB = (bytes) => (bytes / MiB).toFixed(1)

test('clients that never read a streamed answer', async (t) => {
  const { port, report } = await startStreaming(t)
  const before = await report()
  for (let at = 0; at < CLIENTS; at++) {
    const socket = await open(t, port)
    socket.pause()
    socket.write(`GET /download?bytes=${ANSWER} HTTP/1.1\r\nhost: a\r\n\r\n`)
  }
  const after = await atRest(report, ({ counts }) => counts.pulled)
  const { counts, stats } = after
  const held = counts.pulled - stats.bytesOut
  const growth = after.rss - before.rss
  t.diagnostic(
    `${CLIENTS} x ${inMiB(ANSWER)} MiB: RSS +${inMiB(growth)} MiB, pulled ` +
      `${inMiB(counts.pulled)} MiB, of them not in the kernel ${inMiB(held)} MiB`,
  )
  assert.equal(stats.requests, (await report()).stats.requests - 1)
  assert.ok(counts.pulled > 0 && held <= CLIENTS * HELD, `${held} bytes pulled too early`)
  assert.ok(growth < GROWTH, `RSS grew by ${growth}`)
})

test('bodies that are sent to a handler that sleeps', async (t) => {
  const { port, report } = await startStreaming(t)
  const before = await report()
  const sockets = []
  for (let at = 0; at < CLIENTS; at++) {
    const socket = await open(t, port)
    sockets.push(socket)
    sendLong(socket, '/sleep', UPLOAD)
  }
  const after = await atRest(report, ({ stats }) => stats.bytesIn)
  const read = after.stats.bytesIn
  const growth = after.rss - before.rss
  t.diagnostic(
    `${CLIENTS} x ${inMiB(UPLOAD)} MiB: RSS +${inMiB(growth)} MiB, read ${inMiB(read)} MiB`,
  )
  assert.equal(after.counts['sleep.started'], CLIENTS)
  assert.ok(read <= CLIENTS * HELD + 64 * 1024, `${read} bytes were read`)
  assert.ok(growth < GROWTH, `RSS grew by ${growth}`)
  // Though nothing is read from them, their leaving is noticed.
  for (const socket of sockets) socket.resetAndDestroy()
  await eventually(async () => {
    const { counts, troubles } = await report()
    assert.equal(counts['sleep.signal.ECONNRESET'], CLIENTS)
    assert.equal(counts['sleep.failed.ECONNRESET'], CLIENTS)
    assert.deepEqual(troubles, [])
  })
})
