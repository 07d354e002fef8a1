import { serve } from '@hono/node-server'
import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

// serve() puts its own Response in the global's place: ask for the handler afterwards.
let handler = () => undefined
const options = { hostname: '127.0.0.1', port: 0, fetch: (request) => handler(request) }
const server = serve(options, async () => {
  handler = await fetchHandler(process.argv[2], globalThis.Response)
  announce(server.address().port)
})
