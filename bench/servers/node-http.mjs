import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  ANSWERS,
  announce,
  bytes,
  PIECE_BYTES,
  PIECES,
  touched,
  turn,
  user,
} from './plain-handlers.mjs'

function send(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function echo(request, response) {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (piece) => {
    text += piece
  })
  request.on('end', () => send(response, 'text/plain', text))
}

function touch(request, response) {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (piece) => {
    text += piece
  })
  request.on('end', () => {
    const seen = touched(request.url, request.headers, JSON.parse(text))
    send(response, 'application/json', JSON.stringify(seen))
  })
}

function upload(request, response) {
  let count = 0
  request.on('data', (piece) => {
    count += piece.length
  })
  request.on('end', () => send(response, 'text/plain', String(count)))
}

async function stream(response, piece) {
  response.writeHead(200, { 'content-type': 'text/plain' })
  for (let left = PIECES; left > 0; left--) {
    await turn()
    if (response.destroyed) return
    if (left === 1) response.end(piece)
    else if (!response.write(piece)) await once(response, 'drain')
  }
}

function answerOf(kind) {
  const body = bytes(ANSWERS[kind])
  return (_, response) => send(response, 'text/plain', body)
}

const hello = (_, response) => send(response, 'text/plain', 'Hello World')
const handlers = {
  hello: () => hello,
  'hello-close': () => hello,
  'hello-idle': () => hello,
  async: () => async (_, response) => {
    await turn()
    send(response, 'text/plain', 'Hello World')
  },
  header: () => (request, response) =>
    send(response, 'text/plain', request.headers['accept-language']),
  json: () => (_, response) => send(response, 'application/json', JSON.stringify(user())),
  'touch-json': () => touch,
  echo: () => echo,
  'echo-64k': () => echo,
  'answer-64k': answerOf,
  'answer-10m': answerOf,
  streamed: () => {
    const piece = bytes(PIECE_BYTES)
    return (_, response) => stream(response, piece)
  },
  upload: () => upload,
}

const kind = process.argv[2]
const server = createServer(handlers[kind](kind))
// Its default of 5 s is shorter than it takes to look at ten thousand idle connections.
if (kind === 'hello-idle') server.keepAliveTimeout = 65_000
server.listen(0, '127.0.0.1', () => announce(server.address().port))
