import uws from 'uwebsockets'
import {
  ANSWERS,
  announce,
  bytes,
  PIECE_BYTES,
  PIECES,
  touched,
  turn,
  user,
} from './plain-handlers.mjs'

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

/** The request is gone once the handler has returned: what is wanted of it is read before. */
function touch(response, request) {
  const target = `${request.getUrl()}?${request.getQuery()}`
  const names = ['content-type', 'x-request-id', 'accept-language']
  const headers = Object.fromEntries(names.map((name) => [name, request.getHeader(name)]))
  let text = ''
  response.onAborted(() => undefined)
  response.onData((bytes, isLast) => {
    text += Buffer.from(bytes).toString()
    if (!isLast) return
    const seen = touched(target, headers, JSON.parse(text))
    response.cork(() => send(response, 'application/json', JSON.stringify(seen)))
  })
}

function upload(response) {
  let count = 0
  response.onAborted(() => undefined)
  response.onData((bytes, isLast) => {
    count += bytes.byteLength
    if (isLast) response.cork(() => send(response, 'text/plain', String(count)))
  })
}

async function later(response) {
  let gone = false
  response.onAborted(() => {
    gone = true
  })
  await turn()
  if (!gone) response.cork(() => send(response, 'text/plain', 'Hello World'))
}

/** More than the socket takes at once: the rest when it can be written, from where it stopped. */
function large(response, body) {
  response.onAborted(() => undefined)
  response.onWritable((offset) => response.tryEnd(body.subarray(offset), body.byteLength)[0])
  response.writeHeader('content-type', 'text/plain').tryEnd(body, body.byteLength)
}

async function stream(response, piece) {
  let gone = false
  let wake = () => undefined
  response.onAborted(() => {
    gone = true
    wake()
  })
  response.onWritable(() => {
    wake()
    return true
  })
  for (let left = PIECES; left > 0; left--) {
    await turn()
    if (gone) return
    let taken = true
    response.cork(() => {
      if (left === PIECES) response.writeHeader('content-type', 'text/plain')
      if (left === 1) response.end(piece)
      else taken = response.write(piece)
    })
    if (taken) continue
    await new Promise((resolve) => {
      wake = resolve
    })
  }
}

const hello = (response) => send(response, 'text/plain', 'Hello World')
const handlers = {
  hello: () => hello,
  'hello-idle': () => hello,
  // uWebSockets.js closes when asked, but does not announce it, and wrk counts that as an error.
  'hello-close': () => (response) =>
    send(response.writeHeader('connection', 'close'), 'text/plain', 'Hello World'),
  async: () => later,
  header: () => (response, request) =>
    send(response, 'text/plain', request.getHeader('accept-language')),
  json: () => (response) => send(response, 'application/json', JSON.stringify(user())),
  'touch-json': () => touch,
  echo: () => echo,
  'echo-64k': () => echo,
  'answer-64k': (kind) => {
    const body = bytes(ANSWERS[kind])
    return (response) => send(response, 'text/plain', body)
  },
  'answer-10m': (kind) => {
    const body = bytes(ANSWERS[kind])
    return (response) => large(response, body)
  },
  streamed: () => {
    const piece = bytes(PIECE_BYTES)
    return (response) => stream(response, piece)
  },
  upload: () => upload,
}

const kind = process.argv[2]
uws
  .App()
  .any('/*', handlers[kind](kind))
  .listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('uWebSockets.js could not listen')
    announce(uws.us_socket_local_port(socket))
  })
