// What test-install.mjs runs in its root, where milouv was installed: it says where it is and
// serves until SIGTERM.

import { createRequire } from 'node:module'
import { HttpServer, Response } from 'milouv'

const same = createRequire(import.meta.url)('milouv').HttpServer === HttpServer
const server = new HttpServer({ port: 0 })
server.listen((request) => new Response(`from ${new URL(request.url).pathname}`))
process.once('SIGTERM', () => server.close())
const { glibcVersionRuntime } = process.report.getReport().header
console.log(JSON.stringify({ url: server.url, same, glibc: glibcVersionRuntime }))
