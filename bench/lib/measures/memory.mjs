// Resident memory per connection: the server's before and after some thousand of them are open.
import { setTimeout as sleep } from 'node:timers/promises'
import { startConnections } from '../connections.mjs'
import { withOpenFiles } from '../open-files.mjs'
import { serverConnections } from '../proc-net.mjs'
import { rssBytes, startServer, stopServer } from '../server-process.mjs'
import { verify } from '../verify.mjs'
import { clientFor } from '../wrk.mjs'

// Long enough for a garbage collector that waits for an idle moment, and with what comes before
// well under the 10 s after which uWebSockets.js closes an idle connection.
const REST_MS = 2_000
const LIMIT_MS = 15_000
const WARM_CONNECTIONS = 64
// Besides the connections: the program's own files.
const OTHER_FILES = 500

export function prepare(workload, options) {
  return clientFor(workload, options.clientCore)
}

/** Waits until the server has so many connections and has read all they sent. */
async function untilOpen(port, wanted) {
  const deadline = performance.now() + LIMIT_MS
  for (;;) {
    const { open, unread } = serverConnections(port)
    if (open === wanted && unread === 0) return
    if (performance.now() > deadline) {
      throw new Error(`${open} of ${wanted} connections are open, ${unread} bytes are not read`)
    }
    await sleep(50)
  }
}

/** `around`: what somebody wants to see of the server besides, before and behind it all. */
export async function sample({ peer, workload, client, options, connections, around = {} }) {
  const files = connections + OTHER_FILES
  const command = withOpenFiles(peer.command(workload.kind), files)
  const server = await startServer(command, options.serverCore)
  let crowd
  try {
    await verify(workload, server.port)
    // So that code and heap have grown to what requests take: that is not the connections'.
    if (options.warmup > 0) await client.load(server.port, options.warmup, WARM_CONNECTIONS)
    await untilOpen(server.port, 0)
    await sleep(REST_MS)
    await around.before?.(server)
    const before = rssBytes(server.pid)
    crowd = startConnections(workload, server.port, connections, files, options.clientCore)
    await crowd.opened()
    await untilOpen(server.port, connections)
    await sleep(REST_MS)
    const rss = rssBytes(server.pid)
    await untilOpen(server.port, connections)
    // Each has kept its place: what it sends now is answered.
    await crowd.finish()
    crowd.end()
    await around.behind?.(server)
    return { perConnection: (rss - before) / connections, before, rss }
  } finally {
    crowd?.end()
    await stopServer(server)
  }
}

export const said = (one) => `${(one.perConnection / 1024).toFixed(2)} KiB per connection`

export const roundsOf = (options) => options.rounds

export const secondsOf = (options) => options.warmup + (2 * REST_MS) / 1000 + 4
