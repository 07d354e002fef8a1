// The clocks of connections while the event loop has other things to do.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { listen } from './support/raw-socket.js'
import { connectTo, serve, serveRaw } from './support/serve.js'

const hello = () => new Response('hello')

/** Milliseconds during which nothing else happens on this thread. */
function block(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Turns of 25 ms each until `promise` settles; many times more than any limit here takes. */
async function busyUntil(promise) {
  let settled = false
  const stop = () => {
    settled = true
  }
  promise.then(stop, stop)
  for (let turn = 0; turn < 160 && !settled; turn += 1) {
    block(25)
    await nextTurn()
  }
  assert.ok(settled, 'nothing happened in 4 s')
  return promise
}

describe('turns of 25 ms', () => {
  test('do not stop a limit for heads', async (t) => {
    const { client } = await serveRaw(t, hello, { timeouts: { headers: 60 } })
    client.send('GET / HT')
    assert.equal((await busyUntil(client.answer())).status, 408)
  })

  test('do not stop a limit for bodies', async (t) => {
    const handler = async (req) => new Response(await req.text())
    const { client } = await serveRaw(t, handler, { timeouts: { receive: 60 }, onError: hello })
    client.send(request('POST /', ['content-length: 9'], 'only'))
    assert.equal((await busyUntil(client.answer())).status, 408)
  })

  test('do not stop a limit for idle connections', async (t) => {
    const { client } = await serveRaw(t, hello, { timeouts: { idle: 60 } })
    await client.ask(request('GET /'))
    assert.equal(await busyUntil(client.closed), null)
  })

  test('do not stop it beside a raw connection with a short limit of its own', async (t) => {
    const { client } = await serveRaw(t, hello, { timeouts: { headers: 200 } })
    const socket = listen(t, { open: (connection) => connection.setTimeout(20) })
    const raw = await connectTo(t, socket)
    client.send('GET / HT')
    await busyUntil(raw.closed)
    assert.equal((await busyUntil(client.answer())).status, 408)
  })

  test('do not stop it while the raw connection goes on', async (t) => {
    const { client } = await serveRaw(t, hello, { timeouts: { headers: 200 } })
    const socket = listen(t, {
      open: (connection) => connection.setTimeout(20),
      data: (connection, bytes) => connection.write(bytes),
    })
    const raw = await connectTo(t, socket)
    const answer = client.send('GET / HT').answer()
    let over = false
    const talk = async () => {
      while (!over) await raw.send('.').bytes(1)
    }
    const talking = talk().catch(() => {})
    assert.equal((await busyUntil(answer)).status, 408)
    over = true
    await raw.destroy()
    await talking
  })
})

describe('a turn of 300 ms', () => {
  test('cuts no client whose request is there already', async (t) => {
    const server = serve(t, hello, { timeouts: { headers: 60 } })
    const other = await connectTo(t, server)
    for (let round = 0; round < 5; round += 1) {
      const client = await connectTo(t, server)
      await client.sendPieces(['GET / HT'])
      // So that the server has read the first part.
      await other.ask(request('GET /'))
      client.send('TP/1.1\r\nhost: test\r\n\r\n')
      block(300)
      assert.equal((await client.answer()).text, 'hello')
      await client.destroy()
    }
  })

  test('cuts no client whose body is there already', async (t) => {
    const handler = async (req) => new Response(await req.text())
    const { client } = await serveRaw(t, handler, { timeouts: { receive: 60 } })
    await client.sendPieces([request('POST /', ['content-length: 4', 'expect: 100-continue'])])
    assert.equal((await client.answer()).status, 100)
    client.send('body')
    block(300)
    assert.equal((await client.answer()).text, 'body')
  })
})
