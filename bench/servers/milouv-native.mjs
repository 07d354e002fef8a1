// The platform's own Response, as code that was not written for milouv returns it.
import { HttpServer } from '../../dist/milouv.js'
import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

const server = new HttpServer({ hostname: '127.0.0.1', port: 0 })
server.listen(await fetchHandler(process.argv[2], globalThis.Response))
announce(server.port)
