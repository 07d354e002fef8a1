// On SIGTERM: accept nobody new, answer what is running, close what is idle, and end by itself.

import { setTimeout as sleep } from 'node:timers/promises'
import { HttpServer, Response } from 'milouv'

const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })

server.listen(async (request) => {
  const ms = Number(new URL(request.url).searchParams.get('ms') ?? 0)
  await sleep(Math.min(ms, 10_000))
  return new Response(`answered after ${ms} ms\n`)
})

process.once('SIGTERM', async () => {
  console.log('closing')
  // Who is not done by then is cut off: an orchestrator would kill the process soon anyway.
  await server.close({ timeout: 20_000 })
  console.log('closed')
})

console.log(`listening on ${server.url}`)
console.log(`try: curl '${server.url}?ms=3000' & sleep 1; kill ${process.pid}`)
