// When the head of a streamed answer leaves: with the first piece where that comes at once or in
// the next turn, and otherwise without it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { deferred, serve } from './support/serve.js'

/** What the first read of an answer brings. */
async function firstRead(t, handler) {
  const server = serve(t, handler)
  const socket = connect({ port: server.port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  socket.write(request('GET /'))
  const [bytes] = await once(socket, 'data')
  return bytes.toString('latin1')
}

const piece = new TextEncoder().encode('the first piece')
const streamOf = (before) =>
  new ReadableStream({
    async pull(controller) {
      await before()
      controller.enqueue(piece)
      controller.close()
    },
  })

for (const [when, before] of Object.entries({
  'at once': () => undefined,
  'in the next turn': () => nextTurn(),
})) {
  test(`a head leaves with a piece that comes ${when}`, async (t) => {
    const got = await firstRead(t, () => new Response(streamOf(before)))
    assert.match(got, /^HTTP\/1.1 200 OK\r\n/)
    assert.match(got, /\r\n\r\nf\r\nthe first piece\r\n/)
  })

  test(`also of a handler that answers later, ${when}`, async (t) => {
    const got = await firstRead(t, async () => {
      await nextTurn()
      return new Response(streamOf(before))
    })
    assert.match(got, /\r\n\r\nf\r\nthe first piece\r\n/)
  })
}

test('a head does not wait for a piece that does not come', async (t) => {
  const { promise, resolve } = deferred()
  t.after(resolve)
  const got = await firstRead(t, () => new Response(streamOf(() => promise)))
  assert.match(got, /^HTTP\/1.1 200 OK\r\n/)
  assert.match(got, /\r\n\r\n$/)
})
