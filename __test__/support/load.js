// Clients that ask without pause, and do not mind how it ends.

import { connect } from 'node:net'

/**
 * Keeps `count` connections busy with `text` until they are cut or stopped.
 * @returns `answered(bytes)`, which settles once so many bytes have come back in all, and `stop()`
 */
export function load(port, { count = 8, text }) {
  const sockets = []
  const waiting = []
  let received = 0
  const tell = () => {
    for (const { bytes, resolve } of waiting) if (received >= bytes) resolve()
  }
  const closed = Array.from({ length: count }, () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    sockets.push(socket)
    const ask = () => socket.write(text)
    socket.on('connect', ask)
    socket.on('data', (bytes) => {
      received += bytes.length
      tell()
      ask()
    })
    socket.on('error', () => {})
    return new Promise((resolve) => socket.on('close', resolve))
  })
  return {
    answered: (bytes) =>
      new Promise((resolve) => {
        waiting.push({ bytes, resolve })
        tell()
      }),
    /** Settles when every connection is gone. */
    ended: Promise.all(closed),
    stop() {
      for (const socket of sockets) socket.destroy()
      return this.ended
    },
  }
}
