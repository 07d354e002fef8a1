// Server-sent events: one answer that goes on for as long as the client listens. No clock of the
// server cuts it, for it is not idle. A client that goes away says so at best by a FIN, which
// could also mean that it only listens from now on; what it does with the next bytes tells. So
// a comment is sent often enough, and the source below is cancelled when they are refused.

import { setTimeout as sleep } from 'node:timers/promises'
import { HttpServer, Response } from 'milouv'

const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
const HEARTBEAT = 200
const EVERY = 5

let listeners = 0

async function* events() {
  listeners++
  try {
    for (let beat = 0; ; beat++) {
      if (beat % EVERY === 0) yield `id: ${beat / EVERY}\ndata: ${new Date().toISOString()}\n\n`
      else yield ': still here\n\n'
      await sleep(HEARTBEAT)
    }
  } finally {
    listeners--
  }
}

server.listen((request) => {
  if (new URL(request.url).pathname === '/listeners') return Response.json({ listeners })
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
  return new Response(events(), { headers })
})

console.log(`listening on ${server.url}`)
console.log(`try: curl -N ${server.url}`)
