// `limits.maxConnections`: the one too many waits with the kernel until another has left, and the
// others do not notice. So it is when the process has no descriptors left.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { endsWithParent } from '../scripts/end-with-parent.mjs'
import { indexUrl } from './support/child.js'
import { END_SIGNAL } from './support/end-signal.js'
import { RawClient, request } from './support/raw-client.js'
import { connectTo, eventually, serve } from './support/serve.js'
import { connectToPath, socketPath } from './support/unix-socket.js'

const hello = () => new Response('hello')
const LAST = request('GET /', ['connection: close'])

const limited = (t, maxConnections, options = {}) =>
  serve(t, hello, { limits: { maxConnections }, ...options })

async function assertServed(client) {
  const answer = await client.ask(request('GET /'))
  assert.deepEqual([answer.status, answer.text], [200, 'hello'])
}

/** A full server, and a client that has sent its request and waits. */
async function oneWaits(t) {
  const server = limited(t, 1)
  const first = await connectTo(t, server)
  await assertServed(first)
  const waiting = await connectTo(t, server)
  waiting.send(request('GET /'))
  await assertServed(first)
  return { server, first, waiting }
}

describe('maxConnections', () => {
  test('one too many waits, the others go on, until one leaves', async (t) => {
    const server = limited(t, 2)
    const [first, second] = [await connectTo(t, server), await connectTo(t, server)]
    for (const client of [first, second]) await assertServed(client)

    const waiting = await connectTo(t, server)
    waiting.send(request('GET /'))
    for (let round = 0; round < 20; round += 1) {
      for (const client of [first, second]) await assertServed(client)
    }
    assert.deepEqual(server.stats().connections, { open: 2, total: 2 })

    await first.destroy()
    const answer = await waiting.answer()
    assert.deepEqual([answer.status, answer.text], [200, 'hello'])
    await assertServed(second)
    assert.deepEqual(server.stats().connections, { open: 2, total: 3 })
    assert.deepEqual(server.stats().refusals, {})
  })

  test('ten times as many as may are all served, and never more at a time', async (t) => {
    const most = 5
    let crowd = 0
    const look = async () => {
      crowd = Math.max(crowd, server.stats().connections.open)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return new Response('hello')
    }
    const server = serve(t, look, { limits: { maxConnections: most } })
    const clients = await Promise.all(Array.from({ length: 10 * most }, () => connectTo(t, server)))
    const answers = await Promise.all(clients.map((client) => client.ask(LAST)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(crowd, most)
    await eventually(() => {
      assert.deepEqual(server.stats().connections, { open: 0, total: 10 * most })
    })
  })

  test('whoever waited and left does not stop the others', async (t) => {
    const server = limited(t, 1)
    const first = await connectTo(t, server)
    await assertServed(first)
    const leavers = await Promise.all(Array.from({ length: 5 }, () => connectTo(t, server)))
    for (const client of leavers) await client.send(LAST).reset()
    const last = await connectTo(t, server)
    last.send(LAST)
    await first.destroy()
    assert.equal((await last.answer()).status, 200)
  })

  test('holds for a socket at a path, too', async (t) => {
    const path = await socketPath(t)
    const server = limited(t, 1, { path })
    const first = await connectToPath(t, path)
    await assertServed(first)
    const waiting = await connectToPath(t, path)
    waiting.send(request('GET /'))
    await assertServed(first)
    assert.equal(server.stats().connections.total, 1)
    first.end()
    assert.equal((await waiting.answer()).status, 200)
  })

  test('close() does not wait for those who wait', async (t) => {
    const { server, waiting } = await oneWaits(t)
    await server.close()
    assert.equal((await waiting.rest()).length, 0)
    assert.equal(server.stats().connections.total, 1)
  })

  test('close({ grace }) lets them in while the others leave', async (t) => {
    const { server, first, waiting } = await oneWaits(t)
    const closed = server.close({ grace: 20_000 })
    assert.equal((await first.ask(request('GET /'))).get('connection'), 'close')
    assert.equal((await waiting.answer()).get('connection'), 'close')
    await server.close()
    await closed
  })
})

const CROWDED = `
  const { HttpServer } = await import(${JSON.stringify(indexUrl)})
  const { readdirSync } = await import('node:fs')
  const server = new HttpServer()
  let most = 0
  server.listen(async () => {
    // It is also what reading the folder takes: descriptors are left for the application.
    most = Math.max(most, readdirSync('/proc/self/fd').length)
    await new Promise((resolve) => setTimeout(resolve, 20))
    return new Response(String(most))
  })
  console.log(server.port)
`
const DESCRIPTORS = 128

/** A server in a process that may have so many descriptors; its port. */
async function startCrowded(t) {
  const shell = `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`
  const program = [process.execPath, ...endsWithParent, '--input-type=module', '--eval', CROWDED]
  const stdio = ['pipe', 'pipe', 'inherit', 'ipc']
  const child = spawn('/bin/sh', ['-c', shell, ...program], { stdio })
  t.after(() => child.kill(END_SIGNAL))
  const [port] = await once(createInterface({ input: child.stdout }), 'line')
  return Number(port)
}

describe('without descriptors', {
  skip: process.platform !== 'linux' && 'only Linux tells',
}, () => {
  test('clients wait, and all are served in the end', async (t) => {
    const port = await startCrowded(t)
    const ask = async () => {
      const client = await RawClient.connect(port)
      t.after(() => client.destroy())
      return client.ask(LAST)
    }
    const answers = await Promise.all(Array.from({ length: 4 * DESCRIPTORS }, ask))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    const most = Math.max(...answers.map(({ text }) => Number(text)))
    t.diagnostic(`at most ${most} of ${DESCRIPTORS} descriptors were in use`)
    assert.ok(most < DESCRIPTORS, String(most))
    assert.ok(most > DESCRIPTORS / 2, String(most))
  })
})
