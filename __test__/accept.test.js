// How connections come in: those that wait together are taken together, and each starts with what
// the listener was told.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { InboundTcpSocket } from 'milouv'
import { connectTo, listen } from './support/raw-socket.js'
import { eventually } from './support/serve.js'

const CLIENTS = 200
/** Connections that one turn of the loop takes at most: src/server/listeners.rs. */
const PER_TURN = 64

/** Connects many clients, and tells by the shared integer when all are. */
const SOURCE = `
  const { connect } = require('node:net')
  const { workerData: { port, ready, count } } = require('node:worker_threads')
  let connected = 0
  for (let left = count; left > 0; left--) {
    const socket = connect(port, '127.0.0.1', () => {
      if (++connected < count) return
      Atomics.store(ready, 0, 1)
      Atomics.notify(ready, 0)
    })
    // Whoever still waits when the server closes is reset.
    socket.on('error', () => {})
  }
`

/** Our loop stands still until so many clients wait to be accepted. */
function crowd(t, port, count) {
  const ready = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(SOURCE, { eval: true, workerData: { port, ready, count } })
  t.after(() => worker.terminate())
  Atomics.wait(ready, 0, 0)
}

describe('connections that wait', () => {
  test('are taken many at a time, each as one of its own', async (t) => {
    let turn = 0
    const seen = new Map()
    const socket = listen(t, {
      open: (connection) => seen.set(connection.remoteAddress.port, turn),
    })
    crowd(t, socket.port, CLIENTS)
    while (seen.size < CLIENTS) {
      await nextTurn()
      turn += 1
      assert.ok(turn < 10 * CLIENTS, `${seen.size} after ${turn} turns`)
    }
    const turns = new Set(seen.values())
    const taken = [...turns].map((each) => [...seen.values()].filter((one) => one === each).length)
    t.diagnostic(`in ${turns.size} turns: ${taken.join(', ')}`)
    assert.ok(Math.max(...taken) <= PER_TURN)
    assert.ok(turns.size <= 2 * Math.ceil(CLIENTS / PER_TURN))
    assert.equal(socket.connections, CLIENTS)
  })

  test('are not taken any more once the first of them closed the socket', async (t) => {
    let opened = 0
    let closed
    const socket = new InboundTcpSocket().listen({
      open: () => {
        opened += 1
        closed ??= socket.close()
      },
    })
    t.after(() => socket.close())
    crowd(t, socket.port, 10)
    await eventually(() => assert.equal(opened, 1))
    await closed
    assert.equal(opened, 1)
  })
})

/** The timers of our ends of the connections to a port: '02' is that of the keep-alive probes. */
function timersOf(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const [, ...lines] = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n')
  const fields = lines.map((line) => line.trim().split(/\s+/))
  const ours = fields.filter(([, from, , state]) => from.endsWith(local) && state === '01')
  return ours.map(([, , , , , timer]) => timer.slice(0, 2))
}

describe('keepAlive', { skip: process.platform !== 'linux' && 'only Linux tells' }, () => {
  for (const [keepAlive, timer] of Object.entries({ 30: '02', 0: '00' })) {
    test(`${keepAlive}: so it is with all, whether they came alone or together`, async (t) => {
      let opened = 0
      const handlers = { open: () => opened++ }
      const socket = listen(t, handlers, {
        keepAlive: keepAlive === '0' ? false : Number(keepAlive),
      })
      await connectTo(t, socket)
      crowd(t, socket.port, 5)
      await eventually(() => assert.equal(opened, 6))
      assert.deepEqual(timersOf(socket.port), Array(6).fill(timer))
    })
  }
})
