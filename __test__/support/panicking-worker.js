// A thread of its own with a server and some clients, whose addon panics while it is torn down.
// usage: node panicking-worker.js INDEX PLACE SKIP HOW
//   INDEX: the index.js of the package with faults; HOW: `terminate` or `exit`

import { once } from 'node:events'
import { connect } from 'node:net'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const CLIENTS = 5

async function work([index, place, skip, how]) {
  const { HttpServer, Response } = await import(pathToFileURL(index).href)
  const { default: binding } = await import(
    pathToFileURL(index.replace(/index\.js$/, 'lib/binding.js')).href
  )
  const server = new HttpServer({ port: 0 }).listen(() => new Response('hello'))
  parentPort.postMessage(server.port)
  await once(parentPort, 'message')
  binding.disarmFaults()
  binding.armFault(place, 1, Number(skip), 1)
  if (how === 'exit') process.exit(0)
  parentPort.postMessage('armed')
}

async function play(given) {
  const worker = new Worker(new URL(import.meta.url), { workerData: given })
  const [port] = await once(worker, 'message')
  for (let left = CLIENTS; left > 0; left--) {
    const client = connect(port, '127.0.0.1').on('error', () => {})
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(client, 'data')
  }
  worker.postMessage('go')
  worker.once('message', () => worker.terminate())
  await once(worker, 'exit')
}

if (isMainThread) await play(process.argv.slice(2))
else await work(workerData)
