// An HTTP server by hand, from three parts: a socket that brings bytes, a parser that finds
// requests in them, and a write that sends an answer. This is what HttpServer does for you.

import { HttpParser, InboundTcpSocket } from 'milouv'

const port = Number(process.env.PORT ?? 3000)
const socket = new InboundTcpSocket({ hostname: '127.0.0.1', port })

// TCP gives a stream of bytes without any marks in it. A request may come in several reads, and
// one read may bring several requests. So each connection has a parser that remembers where it
// is, and the request that is being put together.
const clients = new Map()

// An answer is text: a status line, header fields, an empty line, then the body. The client can
// only tell where the body ends from content-length, and that counts bytes, not characters.
function answer(status, body, keepAlive) {
  const fields = [
    'content-type: text/plain;charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `connection: ${keepAlive ? 'keep-alive' : 'close'}`,
  ]
  return `HTTP/1.1 ${status}\r\n${fields.join('\r\n')}\r\n\r\n${body}`
}

// Our app: says what it was asked. HEAD gets the same header fields, but no body.
function respond(connection, { method, target, keepAlive, body }) {
  const text = `${method} ${target} with ${body.length} bytes\n`
  const whole = answer('200 OK', text, keepAlive)
  const bytes = method === 'HEAD' ? whole.slice(0, -text.length) : whole
  // end() closes the connection once the bytes are out, which is what such a client expects.
  keepAlive ? connection.write(bytes) : connection.end(bytes)
}

socket.listen({
  // A client has connected: it gets a parser of its own.
  open: (connection) => clients.set(connection, { parser: new HttpParser(), request: null }),

  // Bytes have come. The parser tells what they complete: nothing, one thing, or many.
  data(connection, bytes) {
    const client = clients.get(connection)
    for (const event of client.parser.execute(bytes)) {
      // We have sent our last answer, and writing behind an end throws: the rest is for nobody.
      if (connection.readyState !== 'open') return
      // The head is complete: method, target, header fields. A body may follow.
      if (event.type === 'request') client.request = { ...event, body: Buffer.alloc(0) }
      // A piece of the body. Its size is what the parser allows; a real server has a limit.
      if (event.type === 'data') {
        client.request.body = Buffer.concat([client.request.body, event.bytes])
      }
      // The request is complete: answer it. Answers go out in the order of the requests.
      if (event.type === 'end') respond(connection, client.request)
      // Not HTTP. Nothing behind it can be trusted, so this is the last answer.
      if (event.type === 'error') {
        connection.end(answer(`${event.status} Error`, `${event.message}\n`, false))
      }
    }
  },

  // The client has finished sending, so there will be no further request: we are done as well.
  end: (connection) => connection.end(),

  // The connection is gone, and what we remember of it can go too.
  close: (connection) => clients.delete(connection),
})

console.log(`listening on http://${socket.hostname}:${socket.port}/`)
console.log(`try: curl -i -d 'some text' http://${socket.hostname}:${socket.port}/a/path`)
