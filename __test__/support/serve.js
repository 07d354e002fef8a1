// Servers that a test starts and that are gone when it ends.

import { HttpServer } from 'milouv'
import { RawClient } from './raw-client.js'

/** Listens on a free port until the test is over. */
export function serve(t, handler, options = {}) {
  const server = new HttpServer(options)
  server.listen(handler)
  t.after(async () => {
    const closed = server.close()
    server.closeAllConnections()
    await closed
  })
  return server
}

/** The same, with a raw client that is connected to it. */
export async function serveRaw(t, handler, options = {}) {
  const server = serve(t, handler, options)
  return { server, client: await connectTo(t, server) }
}

export async function connectTo(t, server, options = {}) {
  const client = await RawClient.connect(server.port, options)
  t.after(() => client.destroy())
  return client
}

export { deferred } from '../../lib/deferred.js'

const ROUNDS = 400
const PAUSE = 10

/** Waits until `check` throws no more, for what no event tells; its last error after a while. */
export async function eventually(check, rounds = ROUNDS) {
  for (let round = 1; ; round++) {
    try {
      return await check()
    } catch (error) {
      if (round === rounds) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}
