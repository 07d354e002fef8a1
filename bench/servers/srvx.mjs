import { FastResponse, serve } from 'srvx'
import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

// Its own Response where it has one, as milouv is measured with milouv's.
const fetch = await fetchHandler(process.argv[2], FastResponse ?? globalThis.Response)
const server = serve({ hostname: '127.0.0.1', port: 0, silent: true, fetch })
await server.ready()
announce(Number(new URL(server.url).port))
