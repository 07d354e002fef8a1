// Servers in a process of their own, so that what they hold can be measured: milouv's, whose
// handlers stream, sleep and count what becomes of them, and node:http's doing the same work.

import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { HttpServer, Response } from 'milouv'
import { LongCheck, longBytes, longStream } from './long-bytes.js'

/** It hangs half written: the kernel's buffers do not hold it. */
const HALF = new Response(Buffer.alloc(8 * 1024 * 1024, 'x'))

const counts = {}
const count = (name, by = 1) => {
  counts[name] = (counts[name] ?? 0) + by
}
const troubles = []
process.on('warning', (warning) => troubles.push(`${warning}`))
process.on('unhandledRejection', (error) => troubles.push(`unhandled: ${error}`))
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${error.stack}`))

/** One for each: what waits for a promise is kept as long as the promise. */
const never = () => new Promise(() => {})
const byteCount = (request) => Number(new URL(request.url).searchParams.get('bytes'))

/** Counts how the exchange ends, as whoever made it is told. */
function watch(name, request, info) {
  count(`${name}.started`)
  request.signal.addEventListener('abort', () =>
    count(`${name}.signal.${request.signal.reason.code}`),
  )
  info.completed.then(
    () => count(`${name}.completed`),
    ({ code }) => count(`${name}.failed.${code}`),
  )
}

function endless(name) {
  const onPull = (length) => count(`${name}.pulled`, length)
  const onCancel = () => count(`${name}.cancelled`)
  return longStream(Number.MAX_SAFE_INTEGER, { onPull, onCancel })
}

const handlers = {
  async '/count'(request) {
    const check = new LongCheck()
    for await (const piece of request.body) check.take(piece)
    return Response.json({ length: check.length, wrong: check.wrong })
  },
  '/download': (request) =>
    new Response(longStream(byteCount(request), { onPull: (length) => count('pulled', length) })),
  '/sleep'(request, info) {
    watch('sleep', request, info)
    info.sendInformational(103)
    return never()
  },
  // The six places where a client may leave; that of the head reaches no handler.
  async '/body'(request, info) {
    watch('body', request, info)
    try {
      await request.arrayBuffer()
    } catch ({ code }) {
      count(`body.rejected.${code}`)
    }
    return new Response('nobody gets this')
  },
  '/waiting'(request, info) {
    watch('waiting', request, info)
    info.sendInformational(103)
    return never()
  },
  '/half'(request, info) {
    watch('half', request, info)
    return HALF
  },
  '/stream'(request, info) {
    watch('stream', request, info)
    return new Response(endless('stream'))
  },
  '/after'(request, info) {
    watch('after', request, info)
    return new Response('all of it')
  },
}

function report() {
  globalThis.gc?.()
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  const fds = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { rss, heapUsed, external, arrayBuffers, fds, counts, troubles, stats: server.stats() }
}

let server
if (process.argv[2] === 'node:http') {
  server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      const { searchParams } = new URL(request.url, 'http://a')
      return pipeline(longPieces(Number(searchParams.get('bytes'))), response)
    }
    const check = new LongCheck()
    for await (const piece of request) check.take(piece)
    response.end(JSON.stringify({ length: check.length, wrong: check.wrong }))
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
} else {
  const limits = { maxRequestBodySize: Number.POSITIVE_INFINITY }
  server = new HttpServer({ limits })
  server.listen((request, info) => {
    const { pathname } = new URL(request.url)
    return pathname === '/report' ? Response.json(report()) : handlers[pathname](request, info)
  })
  process.send(server.port)
}

function* longPieces(total) {
  for (let at = 0; at < total; at += 65_536) yield longBytes(at, Math.min(65_536, total - at))
}
