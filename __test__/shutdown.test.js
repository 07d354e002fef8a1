// A server that ends while it works: what runs is answered whole, who is idle is let go at once,
// nobody new gets in, and the process ends by itself.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { longStream } from './support/long-bytes.js'
import { RawClient, request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve } from './support/serve.js'

const RUNNING = 50
const MiB = 1024 * 1024

/** How connecting ends: with 'connected' or the error's code. */
const knock = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', ({ code }) => resolve(code))
  })

const slowServer = `
  import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
  const server = new HttpServer()
  let running = 0
  let proceed
  const held = new Promise((resolve) => { proceed = resolve })
  server.listen(async ({ url, method }) => {
    if (!url.endsWith('/slow')) return new Response('idle from now on')
    if (++running === ${RUNNING}) console.log('all are running')
    await held
    return new Response(new Blob(['an answer that took its time']).stream())
  })
  console.log(server.port)
  process.stdin.once('end', async () => {
    const closed = server.close()
    console.log('closing')
    setTimeout(proceed, 200)
    await closed
    console.log('closed')
  }).resume()
`

describe('close() with requests in flight', () => {
  test(`answers ${RUNNING} slow ones whole, then the process ends`, async (t) => {
    const child = new Child(t, slowServer)
    const port = Number(await child.line())
    const open = async () => {
      const client = await RawClient.connect(port)
      t.after(() => client.destroy())
      return client
    }
    const idle = await open()
    assert.equal((await idle.ask(request('GET /'))).text, 'idle from now on')
    const unused = await open()
    const busy = await Promise.all(Array.from({ length: RUNNING }, open))
    for (const client of busy) client.send(request('GET /slow'))
    assert.equal(await child.line(), 'all are running')
    child.closeInput()
    assert.equal(await child.line(), 'closing')
    for (const client of [idle, unused]) {
      assert.equal((await client.rest()).length, 0)
      assert.equal(await client.closed, null)
    }
    assert.equal(await knock(port), 'ECONNREFUSED')
    for (const client of busy) {
      const answer = await client.answer()
      assert.equal(answer.text, 'an answer that took its time')
      assert.equal(answer.get('connection'), 'close')
      assert.equal((await client.rest()).length, 0)
    }
    const answered = performance.now()
    const { code, stderr } = await child.ended()
    const took = performance.now() - answered
    assert.deepEqual([code, stderr], [0, ''])
    t.diagnostic(`the process ended ${took.toFixed(0)} ms after the last answer`)
    assert.ok(took < 1000, `${took} ms`)
  })

  test('whose answers are large, and taken slowly: nothing is cut', async (t) => {
    const server = serve(t, () => new Response(longStream(8 * MiB)))
    const clients = []
    for (let at = 0; at < 5; at++) {
      clients.push((await connectTo(t, server)).pause().send(request('GET /')))
    }
    await eventually(() => assert.equal(server.stats().requests, 5))
    const closed = server.close()
    for (const client of clients) {
      client.resume()
      assert.equal((await client.answer()).body.length, 8 * MiB)
    }
    await closed
  })

  test('of which one uploads: its body is read to the end', async (t) => {
    const started = deferred()
    const server = serve(t, async (asked) => {
      started.resolve()
      return new Response(String((await asked.arrayBuffer()).byteLength))
    })
    const client = await connectTo(t, server)
    client.send(request('POST /', [`content-length: ${MiB}`], 'x'.repeat(1000)))
    await started.promise
    const closed = server.close()
    client.send('x'.repeat(MiB - 1000))
    const answer = await client.answer()
    assert.deepEqual([answer.text, answer.get('connection')], [String(MiB), 'close'])
    await closed
  })

  test('that never end: the time limit ends them', async (t) => {
    const cancelled = deferred()
    const body = () => longStream(Number.MAX_SAFE_INTEGER, { onCancel: cancelled.resolve })
    const server = serve(t, () => new Response(body()))
    const client = await connectTo(t, server)
    client.pause().send(request('GET /'))
    await eventually(() => assert.ok(server.stats().bytesOut > 0))
    await server.close({ timeout: 50 })
    assert.match((await cancelled.promise).code, /^ECONNRESET$/)
    assert.equal(server.stats().connections.open, 0)
  })
})
