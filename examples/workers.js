// One server on each core, in worker threads: every worker listens at the same port (reusePort) and
// the kernel spreads the clients. SIGHUP replaces the workers one by one, and no client notices.

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads'
import { HttpServer, Response } from 'milouv'

/** How long an old worker goes on to serve, in ms: clients learn meanwhile that it will close. */
const GRACE = 500
const TIMEOUT = 20_000

if (isMainThread) await supervise()
else serve(workerData)

/** What each worker does. */
function serve({ port }) {
  const server = new HttpServer({ hostname: '127.0.0.1', port, reusePort: true })
  server.listen(() => new Response(`worker ${threadId}\n`))
  parentPort?.postMessage({ port: server.port })
  parentPort?.once('message', async () => {
    await server.close({ grace: GRACE, timeout: TIMEOUT })
    // Without its port nothing keeps the thread alive.
    parentPort?.close()
  })
}

async function supervise() {
  let port = Number(process.env.PORT ?? 3000)
  const count = Number(process.env.WORKERS ?? availableParallelism())
  const workers = new Set()
  let stopping = false

  async function start() {
    const worker = new Worker(new URL(import.meta.url), { workerData: { port } })
    worker.on('error', (error) => console.error(error))
    const [listening] = await once(worker, 'message')
    // The first may have taken a free port; all others listen there, too.
    port = listening.port
    workers.add(worker)
    worker.once('exit', () => {
      // One that was not told to: its place is filled again.
      if (workers.delete(worker) && !stopping) start().catch(console.error)
    })
  }

  async function stop(worker) {
    workers.delete(worker)
    worker.postMessage('close')
    await once(worker, 'exit')
  }

  async function restart() {
    for (const old of [...workers]) {
      // First the new one, so that there is always somebody at the port.
      await start()
      await stop(old)
    }
    console.log('restarted')
  }

  for (let started = 0; started < count; started++) await start()

  // One restart after the other, however fast the signals come.
  let last = Promise.resolve()
  process.on('SIGHUP', () => {
    last = last.then(restart).catch(console.error)
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stopAll)
  async function stopAll() {
    await last
    stopping = true
    await Promise.all([...workers].map(stop))
    process.exit()
  }

  console.log(`listening on http://127.0.0.1:${port}/`)
  console.log(`try: curl http://127.0.0.1:${port}/; kill -HUP ${process.pid}`)
}
