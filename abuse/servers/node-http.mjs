// The server that is attacked: node:http, with the same answers by its own means.
// usage: node node-http.mjs '{"timeout": ms, "maxBody": bytes}'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { block, HELLO, held, LARGE, made, PIECES } from './behaviour.mjs'
import { callInState, openSpare } from './node-http-calls.mjs'

const { timeout = 60_000, maxBody = 1024 ** 3 } = JSON.parse(process.argv[2] ?? '{}')

async function* pieces(fails) {
  for (let at = 0; at < PIECES; at++) {
    if (fails && at > 0) throw new Error('as it was asked to')
    yield LARGE.subarray(0, 65_536)
  }
}

/** It has no limit for bodies: each program counts for itself. */
async function lengthOf(request, response, pause) {
  let length = 0
  for await (const piece of request) {
    length += piece.length
    if (length > maxBody) {
      response.writeHead(413, { connection: 'close' }).end()
      return undefined
    }
    if (pause > 0) await sleep(pause)
  }
  return length
}

async function count(request, response, pause) {
  const length = await lengthOf(request, response, pause).catch(() => undefined)
  if (length !== undefined) response.end(`${length}`)
}

const handlers = {
  '/': (_, response) => response.setHeader('content-type', 'text/plain').end(HELLO),
  '/held': async (_, response) => response.end(`${await held()}`),
  '/echo': (request, response) => count(request, response, 0),
  '/unread': (_, response) => response.end('unread'),
  '/later': (_, response) => setTimeout(() => response.end('later'), 20),
  '/slow-app': (request, response) => count(request, response, 5),
  '/large': (_, response) => response.end(LARGE),
  '/made': (_, response) => response.end(made()),
  '/stream': (_, response) => Readable.from(pieces()).pipe(response),
  '/body-fails'(_, response) {
    const source = Readable.from(pieces(true))
    source.on('error', (error) => response.destroy(error)).pipe(response)
  },
  '/throw'() {
    throw new Error('as it was asked to')
  },
  '/reject': () => Promise.reject(new Error('as it was asked to')),
  '/hang': () => {},
  '/twice'(_, response) {
    response.end('once')
    response.end('twice')
  },
  '/late': (_, response) => response.on('close', () => response.end('late')),
  '/close'(_, response) {
    server.close()
    response.end('closing')
  },
  '/calls': (request, response) => callInState(server, request, response),
  '/spare': async (_, response) => response.end(`${await openSpare()}`),
  '/block'(_, response) {
    block()
    response.end('blocked')
  },
}

const server = createServer(
  {
    headersTimeout: timeout,
    requestTimeout: timeout,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 500,
  },
  (request, response) => {
    const handler = handlers[request.url.split('?')[0]]
    if (handler === undefined) response.writeHead(404).end('none')
    else handler(request, response)
  },
)
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
