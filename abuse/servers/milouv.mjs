// The server that is attacked: milouv.
// usage: node milouv.mjs '{"timeout": ms, "maxBody": bytes}'
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpServer, Response } from 'milouv'
import { block, HELLO, held, LARGE, made, PIECES } from './behaviour.mjs'
import { callInState, openSpare } from './milouv-calls.mjs'

const { timeout = 60_000, maxBody = 1024 ** 3 } = JSON.parse(process.argv[2] ?? '{}')

let spent
const kept = []
// One answer for everybody: a Response takes a copy of its bytes when it is made.
const large = new Response(LARGE)
const timeouts = { headers: timeout, receive: timeout, send: timeout, idle: 65_000 }
const server = new HttpServer({
  timeouts,
  limits: { maxRequestBodySize: maxBody },
  onError: () => new Response('it failed', { status: 500 }),
})

function pieces(fails) {
  let left = PIECES
  return new ReadableStream({
    pull(controller) {
      if (fails && left < PIECES) return controller.error(new Error('as it was asked to'))
      if (left-- === 0) return controller.close()
      controller.enqueue(LARGE.subarray(0, 65_536))
    },
  })
}

const handlers = {
  '/': () => new Response(HELLO),
  '/held': async () => new Response(`${await held()}`),
  '/echo': async (request) => new Response(`${(await request.arrayBuffer()).byteLength}`),
  '/unread': () => new Response('unread'),
  async '/later'() {
    await sleep(20)
    return new Response('later')
  },
  async '/slow-app'(request) {
    let length = 0
    for await (const piece of request.body) {
      length += piece.length
      await sleep(5)
    }
    return new Response(`${length}`)
  },
  '/large': () => large,
  // What an attack would be found out by, see abuse.test.js.
  '/keep': () => new Response(`${kept.push(made())}`),
  '/made': () => new Response(made()),
  '/stream': () => new Response(pieces()),
  '/body-fails': () => new Response(pieces(true)),
  '/throw'() {
    throw new Error('as it was asked to')
  },
  '/reject': () => Promise.reject(new Error('as it was asked to')),
  '/hang': () => new Promise(() => {}),
  // The body of one answer can be sent once.
  '/twice'() {
    spent ??= new Response(pieces())
    return spent
  },
  '/late': ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(new Response('late')))
    }),
  '/close'() {
    server.close()
    return new Response('closing')
  },
  '/calls': (request, info) => callInState(server, request, info),
  '/spare': () => new Response(`${openSpare()}`),
  '/block'() {
    block()
    return new Response('blocked')
  },
}

server.listen((request, info) => {
  const handler = handlers[new URL(request.url).pathname]
  return handler === undefined ? new Response('none', { status: 404 }) : handler(request, info)
})
console.log(JSON.stringify({ port: server.port }))
