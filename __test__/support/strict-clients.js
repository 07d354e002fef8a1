// Clients that retry nothing: each request has to get its answer, whole, on the connection that it
// was sent on. They keep a connection until the server says that it closes, as RFC 9112 has it.

import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, request } from './raw-client.js'

/**
 * Asks without end until `stop()`, which settles with what was asked and what failed. Some ask at
 * once again, some wait a little (an idle connection is what a closing server takes away), some
 * connect anew each time.
 */
export function strictClients(port, { count = 8, pause = 5 } = {}) {
  const result = { answers: 0, connections: 0, last: 0, bodies: new Set(), failures: [] }
  let stopped = false

  async function run(at) {
    const [eager, fresh] = [at % 3 === 0, at % 3 === 2]
    let client
    while (!stopped) {
      const fields = fresh ? ['connection: close'] : []
      try {
        if (client === undefined) {
          client = await RawClient.connect(port)
          result.connections++
        }
        const answer = await client.ask(request('GET /', fields))
        if (answer.status !== 200) throw new Error(`status ${answer.status}`)
        result.answers++
        result.bodies.add(answer.text)
        const isLast = answer.get('connection') === 'close'
        if (isLast && !fresh) result.last++
        if (isLast) client = void client.destroy()
      } catch (error) {
        result.failures.push(error.message)
        client = void client?.destroy()
      }
      if (!eager) await sleep(Math.random() * pause)
    }
    client?.destroy()
  }

  const all = Promise.all(Array.from({ length: count }, (_, at) => run(at)))
  return {
    result,
    async stop() {
      stopped = true
      await all
      return result
    },
  }
}
