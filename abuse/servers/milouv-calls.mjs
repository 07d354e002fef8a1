// All that milouv gives a handler to call, in every state.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HttpServer, Request, Response } from 'milouv'
import { CALLED, Calls, CLOSE } from './calls.mjs'

/** All that a class has: none can be forgotten. What takes arguments is named again below. */
function allOf(of, { prototype }) {
  const found = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name]) => name !== 'constructor')
    .map(([name, { get }]) =>
      get ? [`${of}.${name}`, (given) => given[of][name]] : [`${of}.${name}()`, callOf(of, name)],
    )
  return Object.fromEntries(found)
}

const callOf = (of, name) => (given) => given[of][name]()

const all = {
  ...allOf('server', HttpServer),
  'server.listen()': ({ server }) => server.listen(() => undefined),
  'server.unref()': ({ server }) => server.unref().ref(),
  // Its class is not exported: abuse.test.js looks whether all are here.
  'info.completed': ({ info }) => info.completed,
  'info.httpVersion': ({ info }) => info.httpVersion,
  'info.localAddress': ({ info }) => info.localAddress,
  'info.peerAddress': ({ info }) => info.peerAddress,
  'info.remoteAddress': ({ info }) => info.remoteAddress,
  'info.sendInformational()': ({ info }) => info.sendInformational(103, { link: '</a>' }),
  'info.trailers': ({ info }) => info.trailers,
  'info.waitUntil()': ({ info }) => info.waitUntil(nextTurn()),
  ...allOf('request', Request),
  'request.body.cancel()': ({ request }) => request.body?.cancel(),
  'request.body.getReader()': ({ request }) => request.body?.getReader().read(),
  'new Request(request)': ({ request }) => new Request(request).text(),
  'new globalThis.Request(request)': ({ request }) => new globalThis.Request(request).text(),
  'new Response(request.body)': ({ request }) => new Response(request.body).text(),
  ...allOf('answer', Response),
}
// This one is made on servers of its own.
delete all[CLOSE]
export const CALLS = Object.keys(all)
const calls = new Calls(all, ({ server }) => spares.get(server)(server.close()))

/** What resolves the promise that a spare server is closed. */
const spares = new WeakMap()

/** Another server that makes calls; gives its port. */
export function openSpare() {
  const spare = new HttpServer()
  calls.watchSpare(new Promise((resolve) => spares.set(spare, resolve)))
  spare.listen((request, info) => callInState(spare, request, info))
  return spare.port
}

const bytes = (text) => new TextEncoder().encode(text)

/** An answer that calls `call` while it is sent. */
function streaming(call) {
  let pulls = 0
  return new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) return controller.enqueue(bytes(CALLED.slice(0, 2)))
      call()
      controller.enqueue(bytes(CALLED.slice(2)))
      controller.close()
    },
  })
}

const handlers = {
  'before the answer': ({ call }) => call(),
  async 'a turn later'({ call }) {
    await nextTurn()
    call()
  },
  async 'in the body'({ request, call }) {
    const reader = request.body.getReader()
    await reader.read()
    reader.releaseLock()
    call()
  },
  async 'behind the body'({ request, call }) {
    await request.text()
    call()
  },
  'in the answer': () => undefined,
  'behind the answer'({ info, call }) {
    info.waitUntil(info.completed.then(call, call))
  },
  'when the client has left': ({ request, call }) =>
    new Promise((resolve) => {
      request.signal.addEventListener('abort', () => resolve(call()))
    }),
}

/** Answers one request, and makes the call that it names in the state that it names. */
export async function callInState(server, request, info) {
  const { searchParams } = new URL(request.url)
  const name = searchParams.get('call')
  if (name === null) return new Response(calls.report())
  const state = searchParams.get('state')
  const given = { server, request, info }
  const call = () => calls.make(name, given)
  given.answer = new Response(state === 'in the answer' ? streaming(call) : CALLED)
  await handlers[state]({ request, info, call })
  // One that the call has read or taken apart cannot be sent.
  return given.answer.bodyUsed ? new Response(CALLED) : given.answer
}
