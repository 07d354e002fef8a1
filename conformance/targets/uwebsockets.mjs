import { STATUS_CODES } from 'node:http'
import { peer } from '../lib/peers.mjs'
import { isUnread, locate, pause, planFor } from './echo.mjs'

const uws = peer('uwebsockets')

function seenOf(request) {
  const headers = {}
  request.forEach((name, value) => {
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  })
  const query = request.getQuery()
  const target = request.getUrl() + (query ? `?${query}` : '')
  return { method: request.getCaseSensitiveMethod(), ...locate(target, headers.host), headers }
}

function sendPieces(response, [piece, ...rest]) {
  if (response.gone) return
  if (piece === undefined) return response.cork(() => response.end())
  if (piece === null) return response.close()
  response.cork(() => response.write(Buffer.from(piece, 'latin1')))
  setImmediate(sendPieces, response, rest)
}

function send(response, plan) {
  if (plan.fails) return response.writeStatus('500 Internal Server Error').end()
  response.writeStatus(`${plan.status} ${STATUS_CODES[plan.status] ?? 'Other'}`)
  for (const [name, value] of plan.headers) response.writeHeader(name, value)
  if (plan.pieces && !plan.isHead) return sendPieces(response, plan.pieces)
  if (plan.text === null) return response.endWithoutBody()
  // HEAD is left to the app here; with a length, nothing behind it would be served.
  if (plan.isHead) return response.endWithoutBody()
  response.end(
    plan.text,
    plan.headers.some(([, value]) => value === 'close'),
  )
}

function answer(response, seen) {
  if (response.gone) return
  const plan = { ...planFor(seen), isHead: seen.method === 'HEAD' }
  response.cork(() => send(response, plan))
}

function serve(response, request) {
  const seen = seenOf(request)
  response.onAborted(() => {
    response.gone = true
  })
  if (isUnread(seen.pathname)) return answer(response, seen)
  let body = ''
  response.onData(async (bytes, isLast) => {
    body += Buffer.from(bytes).toString('latin1')
    if (!isLast) return
    const paused = pause(seen.pathname)
    if (paused !== null) await paused
    answer(response, { ...seen, body })
  })
}

uws
  .App()
  .any('/*', serve)
  .listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('uWebSockets.js could not listen')
    console.log(uws.us_socket_local_port(socket))
  })
