// All that node:http gives a handler to call, in every state.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CALLED, Calls } from './calls.mjs'

const methods = (of, names, ...args) =>
  Object.fromEntries(names.map((name) => [`${of}.${name}()`, (given) => given[of][name](...args)]))

const all = {
  ...methods('server', ['address', 'closeAllConnections', 'closeIdleConnections', 'ref', 'listen']),
  'server.getConnections()': ({ server }) => server.getConnections(() => undefined),
  'server.unref()': ({ server }) => server.unref().ref(),
  'server.setTimeout()': ({ server }) => server.setTimeout(0),
  ...methods('request', ['pause', 'resume', 'read', 'isPaused', 'setEncoding', 'unpipe']),
  'request.setTimeout()': ({ request }) => request.setTimeout(60_000),
  'request.headers': ({ request }) => [request.headers, request.rawHeaders, request.trailers],
  'request.socket': ({ request }) => [request.socket.remoteAddress, request.socket.bytesRead],
  ...methods('response', ['flushHeaders', 'cork', 'uncork', 'getHeaders', 'writeContinue']),
  'response.writeProcessing()': ({ response }) => response.writeProcessing(),
  'response.writeEarlyHints()': ({ response }) => response.writeEarlyHints({ link: '</a>' }),
  'response.setHeader()': ({ response }) => response.setHeader('x-a', 'b'),
  'response.removeHeader()': ({ response }) => response.removeHeader('x-a'),
  'response.addTrailers()': ({ response }) => response.addTrailers({ 'x-a': 'b' }),
  'response.setTimeout()': ({ response }) => response.setTimeout(60_000),
}
const calls = new Calls(all, ({ server }) => server.close())

/** Another server that makes calls; gives its port. */
export async function openSpare() {
  const spare = createServer((request, response) => callInState(spare, request, response))
  spare.listen(0, '127.0.0.1')
  await once(spare, 'listening')
  calls.watchSpare(once(spare, 'close'))
  return spare.address().port
}

const end = ({ response }) => response.end(CALLED)

const handlers = {
  'before the answer'(given) {
    given.call()
    end(given)
  },
  async 'a turn later'(given) {
    await nextTurn()
    given.call()
    end(given)
  },
  async 'in the body'(given) {
    await once(given.request, 'readable')
    given.call()
    end(given)
  },
  async 'behind the body'(given) {
    for await (const _ of given.request);
    given.call()
    end(given)
  },
  async 'in the answer'(given) {
    given.response.write(CALLED.slice(0, 2))
    await nextTurn()
    given.call()
    given.response.end(CALLED.slice(2))
  },
  'behind the answer'(given) {
    given.response.on('close', given.call)
    end(given)
  },
  'when the client has left'(given) {
    given.response.on('close', () => {
      given.call()
      end(given)
    })
  },
}

/** Answers one request, and makes the call that it names in the state that it names. */
export function callInState(server, request, response) {
  const { searchParams } = new URL(request.url, 'http://a')
  const name = searchParams.get('call')
  if (name === null) return response.end(calls.report())
  const given = { server, request, response }
  given.call = () => calls.make(name, given)
  return handlers[searchParams.get('state')](given)
}
