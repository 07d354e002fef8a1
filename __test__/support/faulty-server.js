// A process of its own with the build of the addon whose calls fail at the wish of the test that
// started it: servers on both protocols, and what they were told.
// usage: node faulty-server.js INDEX      INDEX: the index.js of that build's package

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { LARGE, PIECE } from './faulty-scenes.js'

const index = process.argv[2]
const { HttpServer, InboundTcpSocket, Response } = await import(pathToFileURL(index).href)
const { default: binding } = await import(
  pathToFileURL(index.replace(/index\.js$/, 'lib/binding.js'))
)

const large = new Uint8Array(LARGE).fill(97)
const text = 'a'.repeat(LARGE)

/** What the application was told since it was last asked. */
const nothing = () => ({ http: [], raw: [], uncaught: [] })
let told = nothing()
/** Exchanges and raw connections whose end it was not told yet. */
const waiting = { http: new Set(), raw: new Set() }
const codeOf = (error) => error?.code ?? error?.message ?? String(error)

process.on('uncaughtException', (error) => told.uncaught.push(codeOf(error)))
process.on('unhandledRejection', (error) => told.uncaught.push(codeOf(error)))

async function* pieces() {
  for (let left = 20; left > 0; left--) {
    yield PIECE
    if (left % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const answers = {
  '/hello': () => new Response('hello'),
  '/later': async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    return new Response('later')
  },
  '/large': () => new Response(large),
  '/text': () => new Response(text),
  '/stream': () => new Response(pieces()),
  '/echo': async (request) => new Response(await request.text()),
  '/upload': async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return new Response(createHash('sha256').update(bytes).digest('hex'))
  },
}

function handler(request, info) {
  const settled = (code) => {
    waiting.http.delete(info)
    told.http.push(code)
  }
  waiting.http.add(info)
  info.completed.then(
    () => settled('none'),
    (error) => settled(codeOf(error)),
  )
  return answers[new URL(request.url).pathname](request)
}

/** Errors of bodies and handlers, which a server may be told besides. */
const onError = () => new Response('failed', { status: 500 })

const http = new HttpServer({ port: 0, onError, timeouts: { headers: 60_000 } }).listen(handler)
const brief = new HttpServer({ port: 0, timeouts: { headers: 40, idle: 40, receive: 40 } })
brief.listen(handler)
const narrow = new HttpServer({ port: 0, limits: { maxConnections: 1 } }).listen(handler)

const echo = {
  open: (connection) => waiting.raw.add(connection),
  data: (connection, bytes) => connection.write(bytes),
  end: (connection) => connection.end(),
  close(connection, error) {
    waiting.raw.delete(connection)
    told.raw.push(error === undefined ? 'none' : codeOf(error))
  },
}
const raw = new InboundTcpSocket({ port: 0 }).listen(echo)
const proxied = new InboundTcpSocket({ port: 0, proxyProtocol: { trust: 'loopback' } }).listen({
  ...echo,
  open(connection) {
    waiting.raw.add(connection)
    connection.pause()
    setImmediate(() => connection.resume())
  },
})
const servers = { http, brief, narrow, raw, proxied }

const openOf = (server) => server.connections ?? server.stats().connections.open

const state = () => ({
  pid: process.pid,
  handles: binding.openHandles(),
  descriptors: readdirSync('/proc/self/fd').length,
  open: Object.values(servers).reduce((sum, server) => sum + openOf(server), 0),
})

/** Listens once with the fault, which must be told, and once without. */
async function listen({ options, call, value }) {
  const Class = options.raw ? InboundTcpSocket : HttpServer
  binding.armFault(call, value, 0, 1)
  let code = null
  const place = options.options.path === undefined ? { port: 0 } : {}
  const server = new Class({ ...place, ...options.options })
  try {
    server.listen(options.raw ? () => {} : handler)
  } catch (error) {
    code = error.code
  }
  binding.disarmFaults()
  if (code !== null) server.listen(options.raw ? () => {} : handler)
  await server.close()
  return code
}

const commands = {
  ports: () => Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port])),
  arm({ call, value, skip, times, also = [] }) {
    binding.disarmFaults()
    for (const fault of also) binding.armFault(fault.call, fault.value, 0, 1_000)
    binding.armFault(call, value, skip, times)
  },
  disarm: () => binding.disarmFaults(),
  state,
  async told() {
    for (let left = 300; left > 0 && waiting.http.size + waiting.raw.size > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const all = { ...told, waiting: { http: waiting.http.size, raw: waiting.raw.size } }
    told = nothing()
    return all
  },
  memory() {
    globalThis.gc()
    return process.memoryUsage().rss
  },
  listen,
  async close() {
    await Promise.all(Object.values(servers).map((server) => server.close()))
    setImmediate(() => process.disconnect())
  },
}

process.on('message', async ({ name, given }) => {
  try {
    process.send({ result: (await commands[name](given)) ?? null })
  } catch (error) {
    process.send({ error: codeOf(error) })
  }
})
process.send({ result: 'ready' })
