// All that milouv gives a handler to call, in every state.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Request, Response } from 'milouv'
import { CALLED, Calls } from './calls.mjs'

const members = (of, names) =>
  Object.fromEntries(names.map((name) => [`${of}.${name}`, (given) => given[of][name]]))

const methods = (of, names, ...args) =>
  Object.fromEntries(names.map((name) => [`${of}.${name}()`, (given) => given[of][name](...args)]))

const READERS = ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text']

const calls = new Calls({
  ...members('server', ['hostname', 'listening', 'port', 'url']),
  ...methods('server', ['address', 'closeAllConnections', 'closeIdleConnections', 'ref', 'stats']),
  'server.listen()': ({ server }) => server.listen(() => undefined),
  'server.unref()': ({ server }) => server.unref().ref(),
  ...members('info', ['completed', 'httpVersion', 'localAddress', 'remoteAddress', 'trailers']),
  'info.sendInformational()': ({ info }) => info.sendInformational(103, { link: '</a>' }),
  'info.waitUntil()': ({ info }) => info.waitUntil(nextTurn()),
  ...members('request', ['body', 'bodyUsed', 'headers', 'method', 'signal', 'url']),
  ...methods('request', READERS),
  'request.body.cancel()': ({ request }) => request.body?.cancel(),
  'request.body.getReader()': ({ request }) => request.body?.getReader().read(),
  'new Request(request)': ({ request }) => new Request(request).text(),
  'new globalThis.Request(request)': ({ request }) => new globalThis.Request(request).text(),
  'new Response(request.body)': ({ request }) => new Response(request.body).text(),
  ...methods('answer', READERS),
  ...members('answer', ['body', 'bodyUsed', 'headers', 'status']),
})

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
