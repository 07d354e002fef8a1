import { Readable } from 'node:stream'
import fastify from 'fastify'
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

async function* piecesOf(piece) {
  for (let left = PIECES; left > 0; left--) {
    await turn()
    yield piece
  }
}

async function upload(request, reply) {
  let count = 0
  for await (const piece of request.body) count += piece.length
  return reply.type('text/plain').send(String(count))
}

function answerOf(kind) {
  const body = Buffer.from(bytes(ANSWERS[kind]))
  return (_, reply) => reply.type('text/plain').send(body)
}

const hello = (_, reply) => reply.type('text/plain').send('Hello World')
const echo = (request, reply) => reply.type('text/plain').send(request.body)
const handlers = {
  hello: () => hello,
  'hello-close': () => hello,
  async: () => async (_, reply) => {
    await turn()
    return reply.type('text/plain').send('Hello World')
  },
  header: () => (request, reply) =>
    reply.type('text/plain').send(request.headers['accept-language']),
  json: () => (_, reply) => reply.send(user()),
  'touch-json': () => (request, reply) =>
    reply.send(touched(request.url, request.headers, request.body)),
  echo: () => echo,
  'echo-64k': () => echo,
  'answer-64k': answerOf,
  'answer-10m': answerOf,
  streamed: () => {
    const piece = Buffer.from(bytes(PIECE_BYTES))
    return (_, reply) => reply.type('text/plain').send(Readable.from(piecesOf(piece)))
  },
  upload: () => upload,
}

const kind = process.argv[2]
const app = fastify()
// Without a parser of its own kind the body would be refused; this one hands over the stream.
app.addContentTypeParser('application/octet-stream', (_, payload, done) => done(null, payload))
app.all('/*', handlers[kind](kind))
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address().port)
