// Counts what is uploaded and streams what is downloaded; the other server of this does the same.

import { longStream } from '../../__test__/support/long-bytes.js'
import { HttpServer, Response } from '../../dist/milouv.js'
import { announce } from './plain-handlers.mjs'
import { counterOf, totalOf } from './transfer-pieces.mjs'

const limits = { maxRequestBodySize: Number.POSITIVE_INFINITY }
const server = new HttpServer({ hostname: '127.0.0.1', port: 0, limits })
server.listen(async (request) => {
  const { pathname, search } = new URL(request.url)
  if (request.method === 'GET') return new Response(longStream(totalOf(search)))
  const counter = counterOf(pathname)
  for await (const piece of request.body) counter.take(piece)
  return Response.json(counter.result())
})
announce(server.port)
