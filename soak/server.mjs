// The server of the soak, in a process of its own. It says its port, and answers each message
// with what it holds once garbage has been collected.
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { HttpServer, Response } from 'milouv'
import { bytesAt } from './lib/bytes.mjs'
import { TIMEOUTS } from './lib/limits.mjs'
import { SumOfBody } from './lib/sum.mjs'

const troubles = []
process.on('warning', (warning) => troubles.push(`${warning}`))
process.on('unhandledRejection', (error) => troubles.push(`unhandled: ${error?.stack}`))

/** The bytes in pieces of all sizes, some of them late. */
function streamOf(seed, length) {
  const bytes = bytesAt(seed, length)
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      if (at === length) return controller.close()
      const size = Math.min(length - at, 1 + ((seed + at) % 50_000))
      if ((seed + at) % 4 === 0) await sleep(1)
      controller.enqueue(bytes.subarray(at, at + size))
      at += size
    },
  })
}

const kept = new Response('kept')

/** What a client that left makes of its body is no matter here; all else must be seen. */
function failed(error) {
  if (error.name !== 'AbortError') troubles.push(`${error.stack}`)
  return new Response('it failed', { status: 500 })
}

const app = new Hono()
app.onError(failed)
app.get('/hono/users/:id', (c) => c.json({ id: c.req.param('id'), page: c.req.query('page') }))
app.post('/hono/echo', async (c) => c.body(await c.req.arrayBuffer()))

const numbers = (url) => ['seed', 'length'].map((name) => Number(url.searchParams.get(name)))

const handlers = {
  '/kept': () => kept,
  '/json': (_, url) => Response.json({ asked: url.search, list: numbers(url) }),
  '/native': (_, url) => new globalThis.Response(url.search),
  async '/later'(_, url) {
    await sleep(numbers(url)[1] % 20)
    return new Response(url.search)
  },
  '/bytes': (_, url) => new Response(bytesAt(...numbers(url))),
  '/stream': (_, url) => new Response(streamOf(...numbers(url))),
  '/echo': async (request) => new Response(await request.arrayBuffer()),
  '/echo-stream': ({ body }) => new Response(body),
  async '/sum'(request) {
    const sum = new SumOfBody()
    for await (const piece of request.body) sum.take(piece)
    return Response.json(sum.report())
  },
}

const server = new HttpServer({ timeouts: TIMEOUTS, onError: failed })
server.listen((request) => {
  const url = new URL(request.url)
  const handler = handlers[url.pathname]
  return handler === undefined ? app.fetch(request) : handler(request, url)
})

process.on('message', async () => {
  // Finalizers let go of what they stood for in a turn of their own.
  for (let round = 0; round < 3; round++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  const { connections, requests } = server.stats()
  process.send({ heapUsed, external, arrayBuffers, connections, requests, troubles })
})
process.send({ port: server.port })
