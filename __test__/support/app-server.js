// A program: an app of `__test__/apps` served by milouv, as its users would start it: the app is
// there before the server listens. With an upstream, the app is made for that.

import { HttpServer } from 'milouv'

const [name, globals, upstream] = process.argv.slice(2)
const faults = []
process.on('unhandledRejection', (error) => faults.push(String(error)))
process.on('uncaughtException', (error) => faults.push(String(error)))

const { default: app } = await import(`../apps/${name}.js`)
const server = new HttpServer({ globals })
server.listen(typeof app === 'function' ? app(upstream) : app)
process.send({ port: server.port })
process.on('message', () => process.send({ faults }))
