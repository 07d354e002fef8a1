import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { announce } from './plain-handlers.mjs'
import { counterOf, piecesOf, totalOf } from './transfer-pieces.mjs'

const server = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, 'http://127.0.0.1')
  if (request.method === 'GET') return pipeline(piecesOf(totalOf(search)), response)
  const counter = counterOf(pathname)
  for await (const piece of request) counter.take(piece)
  response.end(JSON.stringify(counter.result()))
})
server.listen(0, '127.0.0.1', () => announce(server.address().port))
