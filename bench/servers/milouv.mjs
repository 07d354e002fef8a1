// The second argument is another milouv's module: how the guard measures an earlier commit with
// today's handlers.
import { fetchHandler } from './fetch-handlers.mjs'
import { announce } from './plain-handlers.mjs'

const [kind, index = '../../dist/milouv.js'] = process.argv.slice(2)
const { HttpServer, Response } = await import(index)
const server = new HttpServer({ hostname: '127.0.0.1', port: 0 })
server.listen(await fetchHandler(kind, Response))
announce(server.port)
