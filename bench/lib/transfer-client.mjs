// One long body over a raw socket, up or down, as fast as the server lets it.
import { once } from 'node:events'
import { connect } from 'node:net'
import { LongCheck, longBytes } from '../../__test__/support/long-bytes.js'

const PIECE = 256 * 1024
const LIMIT_MS = 120_000

async function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('the server stands still')))
  await once(socket, 'connect')
  return socket
}

/** Uploads so many bytes to a path; gives what the server says it got. */
export async function upload(port, path, total) {
  const socket = await open(port)
  const lines = [`POST ${path} HTTP/1.1`, 'host: bench', `content-length: ${total}`]
  socket.write(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`)
  let text = ''
  socket.setEncoding('latin1').on('data', (piece) => {
    text += piece
  })
  const closed = once(socket, 'close')
  for (let at = 0; at < total; at += PIECE) {
    if (!socket.write(longBytes(at, Math.min(PIECE, total - at)))) await once(socket, 'drain')
  }
  await closed
  const found = /\{.*\}/.exec(text)
  if (!found) throw new Error(`no answer to an upload, but ${JSON.stringify(text.slice(0, 200))}`)
  return JSON.parse(found[0])
}

/** Downloads so many bytes in chunks and looks at every one. */
export async function download(port, total) {
  const socket = await open(port)
  const request = [`GET /?bytes=${total} HTTP/1.1`, 'host: bench', 'connection: close']
  socket.write(`${request.join('\r\n')}\r\n\r\n`)
  const decoder = new ChunkDecoder()
  for await (const bytes of socket) decoder.take(bytes)
  if (!decoder.ended) throw new Error(`a download ended after ${decoder.check.length} bytes`)
  return { length: decoder.check.length, wrong: decoder.check.wrong }
}

/** Takes the framing off, wherever the bytes were cut. */
class ChunkDecoder {
  check = new LongCheck()
  ended = false
  #line = ''
  /** Bytes of the chunk that are still to come. */
  #left = 0
  #inHead = true

  take(bytes) {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const piece = bytes.subarray(at, at + this.#left)
        this.check.take(piece)
        this.#left -= piece.length
        at += piece.length
        continue
      }
      const end = bytes.indexOf('\n', at)
      this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end)
      if (end < 0) return
      at = end + 1
      this.#takeLine(this.#line.trim())
      this.#line = ''
    }
  }

  #takeLine(line) {
    if (this.#inHead) {
      if (line === '') this.#inHead = false
    } else if (line !== '') {
      this.#left = Number.parseInt(line, 16)
      if (!(this.#left >= 0)) throw new Error(`a chunk without a size: ${line.slice(0, 50)}`)
      this.ended ||= this.#left === 0
    }
  }
}
