import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

const { Deno } = globalThis
const fetch = await fetchHandler(Deno.args[0], globalThis.Response)
Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => announce(port) }, fetch)
