// A server that works in every way at once, to be ended in the middle of it: as a program, or as
// a worker thread. The mode says what its handler does, and whether it ends the process itself.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { HttpServer, InboundTcpSocket, Response } from 'milouv'

const large = Buffer.alloc(256 * 1024, 'large ')

function forever() {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(large),
  })
}

const later = () => new Promise((resolve) => setImmediate(resolve))

const handlers = {
  sync: () => new Response('hello'),
  async: async () => {
    await later()
    return new Response('hello')
  },
  body: async (req) => new Response(await req.text()),
  large: () => new Response(large),
  stream: () => new Response(forever()),
  pending: (req, info) => {
    req.signal.addEventListener('abort', () => {})
    info.completed.catch(() => {})
    return new Promise(() => {})
  },
  'signal and timer': (req) => {
    setTimeout(() => req.signal.aborted, 1)
    return later().then(() => new Response('hello'))
  },
}

/** Tells that it begins, and never comes back. */
function loop() {
  parentPort.postMessage('begun')
  for (;;);
}

const endless = {
  'loop in a handler': loop,
  'loop in an async handler': async (req) => {
    await req.text()
    await later()
    loop()
  },
  'loop in a stream': () => new Response(new ReadableStream({ pull: loop })),
}

let count = 0
const exits = {
  'exit in a handler': () => {
    if (++count === 500) process.exit()
    return new Response('hello')
  },
  'exit in an async handler': async () => {
    await later()
    if (++count === 500) process.exit()
    return new Response('hello')
  },
  'exit in a stream': () => {
    let pulls = 0
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(large)
          if (++pulls === 20) process.exit()
        },
      }),
    )
  },
  'exit in a timer': () => {
    if (++count === 500) setTimeout(() => process.exit(), 1)
    return new Response('hello')
  },
  'exit while closing': (req) => {
    if (++count === 500) {
      server.close().then(() => process.exit())
      setImmediate(() => process.exit())
    }
    return handlers.body(req)
  },
  'exit in onError': () => {
    throw new Error('on the way out')
  },
  'exit in onClientError': () => new Response('hello'),
}

const uncaught = {
  'throw in onClientError': () => new Response('hello'),
  'throw in an abort listener': (req) => {
    req.signal.addEventListener('abort', () => {
      throw new Error('thrown in an abort listener')
    })
    return new Promise(() => {})
  },
  'reject beside the answer': () => {
    Promise.reject(new Error('rejected beside the answer'))
    return new Response('hello')
  },
  'throw in a timer': () => {
    setImmediate(() => {
      throw new Error('thrown in a timer')
    })
    return new Response('hello')
  },
}

function fail(mode) {
  if (mode === 'exit in onClientError') process.exit()
  if (mode === 'throw in onClientError') throw new Error('thrown in onClientError')
}

let server

function start({ mode, caught }, tell) {
  if (caught) process.on('uncaughtException', (error) => console.error('caught:', error.message))
  if (mode === 'raw') {
    server = new InboundTcpSocket().listen((_, connection) => connection.write(large))
    return tell(server.port)
  }
  const handler = handlers[mode] ?? endless[mode] ?? exits[mode] ?? uncaught[mode]
  server = new HttpServer({
    onClientError: () => fail(mode),
    onError: () => process.exit(),
  })
  server.listen((req, info) =>
    req.url.endsWith('/fine') ? new Response('fine') : handler(req, info),
  )
  tell(server.port)
}

if (!isMainThread) {
  start(workerData, (port) => parentPort.postMessage(port))
} else {
  const [where, mode, caught] = process.argv.slice(2)
  const data = { mode, caught: caught === 'caught' }
  const tell = (port) => process.send(port)
  if (where === 'main') {
    start(data, tell)
  } else {
    const worker = new Worker(new URL(import.meta.url), { workerData: data })
    worker.on('message', tell)
    // The channel would keep the process alive when the worker has ended.
    worker.on('exit', (code) => {
      console.error(`the worker ended with ${code}`)
      process.disconnect()
    })
  }
}
