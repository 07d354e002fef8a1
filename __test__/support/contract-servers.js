// The servers that the contract runs against: milouv, and Node's own with a fetch face just thick
// enough for it.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { serve } from './serve.js'

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

async function startNode(t, handler) {
  const server = createServer(async (incoming, outgoing) => {
    try {
      await send(outgoing, await handler(requestOf(incoming)))
    } catch {
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(500).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return server.address().port
}

const startMilouv = async (t, handler) => serve(t, handler, { onError: () => undefined }).port

/** Name, and a function that starts the server for a test and gives its port. */
export const servers = [
  ['milouv', startMilouv],
  ['node:http', startNode],
]
