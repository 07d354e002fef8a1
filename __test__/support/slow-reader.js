// A client that reads slowly, but steadily.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Sends `text`, then takes about `step` bytes at a time with a pause behind each, until the server
 * ends the connection.
 * @returns everything that came, how long that took in ms, and the error if there was one
 */
export async function readSlowly(t, port, text, { step, pause }) {
  const socket = connect({ port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  let failure = null
  socket.on('error', (error) => {
    failure = error
  })
  const closed = once(socket, 'close').catch(() => {})
  await once(socket, 'connect')
  const pieces = []
  let taken = 0
  socket.on('data', async (bytes) => {
    pieces.push(bytes)
    taken += bytes.length
    if (taken < step) return
    taken = 0
    socket.pause()
    await sleep(pause)
    socket.resume()
  })
  const began = performance.now()
  socket.write(text)
  await closed
  return { bytes: Buffer.concat(pieces), ms: performance.now() - began, failure }
}
