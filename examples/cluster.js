// One server on each core, in processes of node:cluster. What cluster shares among its workers are
// the sockets of node:net; milouv's are its own, so every worker listens at the port by itself
// (reusePort) and the kernel spreads the clients. SIGHUP replaces the workers one by one, and no
// client notices.

import cluster from 'node:cluster'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { HttpServer, Response } from 'milouv'

/** How long an old worker goes on to serve, in ms: clients learn meanwhile that it will close. */
const GRACE = 500
const TIMEOUT = 20_000

if (cluster.isPrimary) await supervise()
else serve(Number(process.env.PORT))

/** What each worker does. */
function serve(port) {
  const server = new HttpServer({ hostname: '127.0.0.1', port, reusePort: true })
  server.listen(() => new Response(`process ${process.pid}\n`))
  process.send?.({ port: server.port })
  process.once('message', async () => {
    await server.close({ grace: GRACE, timeout: TIMEOUT })
    // Without its channel nothing keeps the process alive.
    process.disconnect?.()
  })
  // A terminal sends its signals to the workers, too; what they mean is for the primary to say.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => {})
}

async function supervise() {
  let port = Number(process.env.PORT ?? 3000)
  const count = Number(process.env.WORKERS ?? availableParallelism())
  const workers = new Set()
  let stopping = false

  async function start() {
    const worker = cluster.fork({ PORT: port })
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
    worker.send('close')
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
