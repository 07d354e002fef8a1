import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

const kind = process.argv[2]
// Bun closes when asked, but does not announce it, and wrk counts that as an error.
const headers = { 'content-type': 'text/plain', connection: 'close' }
const fetch =
  kind === 'hello-close'
    ? () => new Response('Hello World', { headers: { ...headers } })
    : await fetchHandler(kind, globalThis.Response)
// Its default of 10 s is shorter than it takes to look at ten thousand idle connections.
const patience = kind === 'hello-idle' ? { idleTimeout: 65 } : {}
const server = globalThis.Bun.serve({ hostname: '127.0.0.1', port: 0, fetch, ...patience })
announce(server.port)
