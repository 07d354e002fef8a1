// globals: 'fast': the handler is made after the server, so that it meets milouv's Response.
import { HttpServer } from '../../dist/milouv.js'
import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

const server = new HttpServer({ hostname: '127.0.0.1', port: 0, globals: 'fast' })
let handler = () => undefined
server.listen((request, info) => handler(request, info))
handler = await fetchHandler(process.argv[2], globalThis.Response)
announce(server.port)
