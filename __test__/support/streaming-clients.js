// Clients that send and take long bodies as raw bytes, as fast or as slowly as the server lets
// them.

import { once } from 'node:events'
import { connect } from 'node:net'
import { LongCheck, longBytes } from './long-bytes.js'
import { startProgram } from './program.js'

const PIECE = 256 * 1024
/** The beginning goes out in so small pieces where the environment says so; see raw-client.js. */
const SMALL = Number(process.env.MILOUV_TEST_PIECE ?? 0)
const SMALL_BYTES = 4096

/** A server of streaming-server.js, with what it reports of itself. */
export async function startStreaming(t, { kind = 'milouv', flags = ['--expose-gc'] } = {}) {
  const program = startProgram(t, 'streaming-server.js', [kind], flags)
  const port = await program.message()
  const report = async () => (await fetch(`http://127.0.0.1:${port}/report`)).json()
  return { program, port, report }
}

/** A connected socket, whose errors are nobody's trouble; it is gone when the test ends. */
export async function open(t, port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** Sends a body of so many bytes; settles with how many were sent once all are, or it is cut. */
export async function sendLong(socket, path, total) {
  const fields = `host: a\r\ncontent-length: ${total}\r\nconnection: close`
  const head = Buffer.from(`POST ${path} HTTP/1.1\r\n${fields}\r\n\r\n`)
  const headSize = SMALL || head.length
  for (let at = 0; at < head.length; at += headSize) {
    await taken(socket, head.subarray(at, at + headSize))
  }
  return sendBytes(socket, total)
}

/** Sends so many bytes and nothing else; settles as `sendLong` does. */
export async function sendBytes(socket, total) {
  for (let at = 0; at < total; ) {
    if (socket.destroyed) return at
    const size = Math.min(total - at, at < SMALL_BYTES && SMALL > 0 ? SMALL : PIECE)
    const bytes = longBytes(at, size)
    at += size
    if (size === SMALL) await taken(socket, bytes)
    else if (!socket.write(bytes)) await drained(socket)
  }
  return total
}

/** Settles when the kernel has taken it, or never will: the next goes out by itself. */
function taken(socket, bytes) {
  if (socket.destroyed) return
  return new Promise((resolve) => socket.write(bytes, resolve))
}

/** Settles when the socket takes more, or never will. */
function drained(socket) {
  return new Promise((resolve) => {
    const settle = () => {
      socket.off('drain', settle).off('close', settle)
      resolve()
    }
    socket.on('drain', settle).on('close', settle)
  })
}

/** Uploads and gives what the server says it got, with the seconds it took. */
export async function upload(t, port, total) {
  const socket = await open(t, port)
  const began = performance.now()
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  const ended = once(socket, 'close')
  await sendLong(socket, '/count', total)
  await ended
  const seconds = (performance.now() - began) / 1000
  return { ...JSON.parse(/\{.*\}/.exec(answer)[0]), seconds }
}

/** Downloads and checks every byte, with the seconds it took. */
export async function download(t, port, total) {
  const socket = await open(t, port)
  const began = performance.now()
  // Of HTTP/1.0: the bytes come without chunks, and end with the connection.
  socket.write(`GET /download?bytes=${total} HTTP/1.0\r\nhost: a\r\n\r\n`)
  const check = new LongCheck()
  let head = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    if (head === null) return check.take(bytes)
    head = Buffer.concat([head, bytes])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    check.take(head.subarray(end + 4))
    head = null
  })
  await once(socket, 'close')
  return { length: check.length, wrong: check.wrong, seconds: (performance.now() - began) / 1000 }
}
