// A server in a process of its own: started by support/mutation-run.js, which sees how it ends
// and how much memory it takes. Each method takes another way through the server.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { HttpServer } from 'milouv'

const { timeouts } = JSON.parse(process.argv[2])

// What the client caused is no failure of a handler.
const CAUSED = new Set(['ERR_BODY_DISCARDED', 'ECONNRESET'])
const failures = []

const server = new HttpServer({
  timeouts,
  onError: (error) => {
    if (!isCaused(error)) failures.push(`${error.stack}`)
  },
})

const isCaused = (error) => CAUSED.has(error.code) || error.name === 'AbortError'

const answer = (method, body) => new Response(body, { headers: { 'x-method': method } })

function twice(text) {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode(text))
      await nextTurn()
      controller.enqueue(encoder.encode(text))
      controller.close()
    },
  })
}

async function serveSlowly(request) {
  const { method, url } = request
  if (method === 'POST') return answer(method, `${(await request.arrayBuffer()).byteLength}`)
  if (method === 'PATCH') return answer(method, request.body ?? 'no body')
  if (method === 'OPTIONS') return answer(method, twice(url))
  await nextTurn()
  return answer(method, [...request.headers].join())
}

server.listen((request) => {
  const { method } = request
  // Neither reads its body.
  if (method === 'GET' || method === 'PUT') return answer(method, request.url)
  return serveSlowly(request)
})

process.on('message', () => {
  globalThis.gc()
  process.send({ stats: server.stats(), failures, memory: process.memoryUsage() })
})
process.send({ port: server.port })
