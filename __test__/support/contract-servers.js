// The servers that the contract runs against: milouv as it is and with `globals: 'fast'`, Node's
// own with a fetch face just thick enough for it, and the two adapters most in use.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { HttpServer } from 'milouv'

/** A handler's second argument where the server has less to tell than milouv. */
const PLAIN = {}

function requestOf(incoming) {
  const { method, url, headers } = incoming
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), {
    method,
    headers: Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
      values.map((value) => [name, value]),
    ),
    ...(hasBody ? { body: Readable.toWeb(incoming), duplex: 'half' } : {}),
  })
}

async function send(outgoing, response) {
  outgoing.statusCode = response.status
  if (response.statusText !== '') outgoing.statusMessage = response.statusText
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value)
  for await (const piece of response.body ?? []) {
    if (!outgoing.write(piece)) await once(outgoing, 'drain')
  }
  outgoing.end()
}

async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

async function startNode(handler) {
  const server = createServer(async (incoming, outgoing) => {
    try {
      await send(outgoing, await handler(requestOf(incoming), PLAIN))
    } catch {
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(500).end()
    }
  })
  return listening(server)
}

async function startMilouv(handler, onError, globals) {
  return new HttpServer({ onError, globals }).listen(handler).port
}

async function startHono(handler, onError) {
  const { getRequestListener } = await import('@hono/node-server')
  const fetch = (request) => handler(request, PLAIN)
  const errorHandler = (error) => onError(error) ?? new Response(null, { status: 500 })
  return listening(createServer(getRequestListener(fetch, { errorHandler })))
}

async function startSrvx(handler, onError) {
  const { serve } = await import('srvx')
  const fetch = (request) => handler(request, request)
  const error = async (failure) => (await onError(failure)) ?? new Response(null, { status: 500 })
  const server = serve({ hostname: '127.0.0.1', port: 0, silent: true, fetch, error })
  await server.ready()
  return Number(new URL(server.url).port)
}

/**
 * By name: what of the contract a server has, and how it starts. `start` takes the handler, which
 * is called with a request and with what has `waitUntil`, and what makes answers of errors.
 */
export const servers = {
  milouv: {
    has: ['signal', 'onError', 'waitUntil'],
    start: (handler, onError) => startMilouv(handler, onError, 'compat'),
  },
  'milouv, fast': {
    has: ['signal', 'onError', 'waitUntil'],
    start: (handler, onError) => startMilouv(handler, onError, 'fast'),
  },
  'node:http': { has: [], start: startNode },
  '@hono/node-server': { has: ['signal', 'onError'], start: startHono },
  srvx: { has: ['signal', 'onError', 'waitUntil'], start: startSrvx },
}
