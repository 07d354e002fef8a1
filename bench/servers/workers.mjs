// So many servers at one port, in threads or in processes, each of whose answers takes work.
// usage: node workers.mjs threads|processes COUNT
import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { HttpServer, Response } from '../../dist/milouv.js'
import { announce } from './plain-handlers.mjs'

/** Hashed for each answer, so that the client's own work does not matter beside it. */
const BYTES = Buffer.alloc(256 * 1024, 'milouv')
const [kind, count] = process.argv.slice(2)

function serve(port) {
  const server = new HttpServer({ hostname: '127.0.0.1', port, reusePort: true })
  server.listen(() => new Response(createHash('sha256').update(BYTES).digest('hex')))
  return server.port
}

async function startThread(port) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } })
  return (await once(worker, 'message'))[0]
}

async function startProcess(port) {
  const worker = cluster.fork({ BENCH_PORT: String(port) })
  return (await once(worker, 'message'))[0]
}

async function start() {
  const startOne = kind === 'threads' ? startThread : startProcess
  let port = 0
  for (let at = 0; at < Number(count); at++) port = await startOne(port)
  announce(port)
}

if (!isMainThread) parentPort.postMessage(serve(workerData.port))
else if (cluster.isWorker) process.send(serve(Number(process.env.BENCH_PORT)))
else await start()
