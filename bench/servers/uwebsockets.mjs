import uws from 'uwebsockets'
import { announce, user } from './plain-handlers.mjs'

const send = (response, type, body) => response.writeHeader('content-type', type).end(body)

function echo(response) {
  let text = ''
  response.onAborted(() => undefined)
  response.onData((bytes, isLast) => {
    const piece = Buffer.from(bytes).toString()
    if (!isLast) {
      text += piece
      return
    }
    response.cork(() => send(response, 'text/plain', text + piece))
  })
}

const handlers = {
  hello: (response) => send(response, 'text/plain', 'Hello World'),
  // uWebSockets.js closes when asked, but does not announce it, and wrk counts that as an error.
  'hello-close': (response) =>
    send(response.writeHeader('connection', 'close'), 'text/plain', 'Hello World'),
  header: (response, request) => send(response, 'text/plain', request.getHeader('accept-language')),
  json: (response) => send(response, 'application/json', JSON.stringify(user())),
  echo,
}

uws
  .App()
  .any('/*', handlers[process.argv[2]])
  .listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('uWebSockets.js could not listen')
    announce(uws.us_socket_local_port(socket))
  })
