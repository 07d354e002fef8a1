// Many clients at once.
import { RawClient } from '../../__test__/support/raw-client.js'

/** Does the work for 0 to `count` - 1, so many at once; counts what each gave by its name. */
export async function forEach(count, atOnce, work) {
  const outcomes = {}
  let next = 0
  const worker = async () => {
    while (next < count) {
      const outcome = await work(next++).catch(
        (error) => error.code ?? error.message.split(', with "')[0],
      )
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
  return outcomes
}

/** So many clients that are connected; fewer than a backlog at a time. */
export async function crowd(port, count) {
  const clients = []
  await forEach(count, 100, async () => {
    clients.push(await RawClient.connect(port))
    return 'open'
  })
  return clients
}

/** All of them leave. */
export function leave(clients) {
  return Promise.all(clients.map((client) => client.destroy()))
}

/** The outcomes as words: `990 x 200, 10 x ECONNRESET`. */
export function said(outcomes) {
  const parts = Object.entries(outcomes).map(([what, times]) => `${times} x ${what}`)
  return parts.join(', ') || 'nothing'
}
