// Clients that ask without pause until their process is killed, and tell how much came of it.
// usage: node load.mjs PORT CONNECTIONS
import { connect } from 'node:net'

const [port, connections] = process.argv.slice(2).map(Number)
const REQUESTS = [
  'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(8),
  'GET /stream HTTP/1.1\r\nhost: a\r\n\r\n',
  `POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n${'a'.repeat(100_000)}`,
]

let answers = 0
setInterval(() => process.send(answers), 300)

for (let at = 0; at < connections; at++) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const ask = () => socket.write(REQUESTS[at % REQUESTS.length])
  socket.on('connect', ask).on('data', () => {
    answers++
    ask()
  })
  // The server may close what it likes: this process is about to die itself.
  socket.on('error', () => undefined)
}
