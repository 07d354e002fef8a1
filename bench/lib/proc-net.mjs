// The connections of a server as the kernel sees them.
import { readFileSync } from 'node:fs'

const ESTABLISHED = '01'

/** Open connections of the server at a port, and the bytes that it has not read from them. */
export function serverConnections(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let open = 0
  let unread = 0
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const [, ...lines] = readFileSync(file, 'latin1').trim().split('\n')
    for (const line of lines) {
      const [, from, , state, queues] = line.trim().split(/\s+/)
      if (state !== ESTABLISHED || !from.endsWith(local)) continue
      open += 1
      unread += Number.parseInt(queues.split(':')[1], 16)
    }
  }
  return { open, unread }
}
