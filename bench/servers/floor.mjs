// Loads floor.c into this process: no JavaScript runs after that, but the loop and the libuv are
// the very ones every other server in Node has. Compiled here when the source is newer.
import { buildFloor } from '../lib/floor-build.mjs'
import { bodyOf } from '../lib/workloads.mjs'

const kind = process.argv[2]
const body = bodyOf(kind)
const type = kind.endsWith('json') ? 'application/json' : 'text/plain'
const close = kind === 'hello-close'

process.env.FLOOR_ANSWER = [
  'HTTP/1.1 200 OK',
  `content-type: ${type}`,
  `date: ${new Date().toUTCString()}`,
  ...(close ? ['connection: close'] : []),
  `content-length: ${Buffer.byteLength(body)}`,
  '',
  body,
].join('\r\n')
process.env.FLOOR_CLOSE = close ? '1' : ''
process.dlopen({ exports: {} }, buildFloor())
