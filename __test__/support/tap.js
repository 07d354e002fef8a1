// A wire between a client and a server that keeps what the server said, byte by byte.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Listens on a port of its own and passes on to `target`, until the test is over. `streams()`
 * gives, once every connection has ended, what the server sent on each.
 */
export async function tap(t, target) {
  const streams = []
  const open = new Set()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    const pieces = []
    streams.push(pieces)
    upstream.setNoDelay(true)
    upstream.on('data', (bytes) => pieces.push(bytes))
    // A client that is gone takes no more; what the server says is still kept.
    client.on('error', () => upstream.resume())
    upstream.on('error', () => client.destroy())
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('close', () => upstream.end())
    const ended = once(upstream, 'close')
    open.add(ended)
    ended.then(() => open.delete(ended))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return {
    port: server.address().port,
    async streams() {
      await Promise.all(open)
      return streams.map((pieces) => Buffer.concat(pieces))
    },
  }
}
