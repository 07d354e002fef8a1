// The soak's server behind a line that changes a byte now and then, far inside of what is sent.

import { connect, createServer } from 'node:net'

/** Of the pieces that are long enough to be the inside of a body. */
const EVERY = 20
const LONG = 20_000

let pieces = 0
function corrupt(bytes) {
  if (bytes.length < LONG || pieces++ % EVERY > 0) return bytes
  bytes[LONG - 1] ^= 1
  return bytes
}

function lineTo(port) {
  return createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    client.pipe(server)
    server.on('data', (bytes) => {
      if (!client.write(corrupt(bytes))) server.pause()
    })
    client.on('drain', () => server.resume())
    server.on('end', () => client.end())
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      // Whoever goes takes the other along; how it went is no matter here.
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
    }
  })
}

const send = process.send.bind(process)
process.send = (message) => {
  if (message.port === undefined) return send(message)
  const line = lineTo(message.port).listen(0, '127.0.0.1', () => {
    send({ port: line.address().port })
  })
  return true
}

await import('../../soak/server.mjs')
