// Compiled by tsc, never run: what must type-check, and what must not.

import { channel, tracingChannel } from 'node:diagnostics_channel'
import { Hono } from 'hono'
import {
  type ConnectionInfo,
  type Handler,
  HttpParser,
  HttpServer,
  InboundTcpSocket,
  type ParserEvent,
  type RefusalMessage,
  Request,
  type RequestMessage,
  Response,
  type SocketMessage,
  type TcpConnection,
} from 'milouv'

const server = new HttpServer({
  hostname: '::1',
  port: 0,
  backlog: 10,
  reusePort: true,
  ipv6Only: true,
  noDelay: false,
  keepAlive: 30,
  signal: new AbortController().signal,
  timeouts: { headers: 1, receive: 2, send: 3, idle: 0 },
  limits: { maxHeaderSize: 1, maxHeadersCount: 2, maxRequestBodySize: 3, maxConnections: 4 },
  proxyProtocol: { trust: ['10.0.0.0/8', 'loopback'], timeout: 1000 },
  trustProxy: (address, hop) => hop < 2 && address.startsWith('10.'),
  forwardedBy: 'forwarded',
  overload: { maxConcurrentRequests: 100, retryAfter: 2 },
  httpVersion: '1.1',
  globals: 'fast',
  onError: (error) => console.error(error),
  onClientError: ({ code, remoteAddress }) => console.error(code, remoteAddress.address),
})

const sync: Handler = () => new Response('text')
const native: Handler = async () => new globalThis.Response('text')
const full = async (request: Request, info: ConnectionInfo) => {
  const body: unknown = await request.json()
  info.waitUntil(info.completed)
  const thenable: PromiseLike<number> = Promise.resolve(1)
  info.waitUntil(thenable)
  return Response.json({ body, from: info.remoteAddress.address }, { status: 201 })
}
server.listen(sync).listen(native).listen(full)
server.listen(new Hono()).listen(new Hono().fetch)
server.listen({ fetch: full })
await server.close({ timeout: 1000 })

const platform: globalThis.Request = new Request('http://localhost/')
const ours: Response = Response.redirect('/there', 302)
console.log(platform.url, ours.status, server.stats().connections.open)

const open = new Map<TcpConnection, HttpParser>()
new InboundTcpSocket({ port: 0 }).listen((request, response, error) => {
  if (error) console.error(error.code)
  const more: boolean = response.write(request.data)
  if (!more) response.pause()
})
new InboundTcpSocket().listen({
  open: (connection) => open.set(connection, new HttpParser({ maxHeadersCount: 9 })),
  data(connection, bytes) {
    const events: ParserEvent[] = open.get(connection)?.execute(bytes) ?? []
    for (const event of events) {
      if (event.type === 'request') console.log(event.method, event.headers[0]?.[0])
      else if (event.type === 'error') connection.end(`HTTP/1.1 ${event.status} \r\n\r\n`)
      // @ts-expect-error: a piece of body has no method
      else console.log(event.method)
    }
  },
})

// @ts-expect-error: there is no such option
new HttpServer({ prot: 1 })
// @ts-expect-error: a port is a number
new InboundTcpSocket({ port: '80' })
// @ts-expect-error: HTTP/2 is not served
new HttpServer({ httpVersion: '2' })
// @ts-expect-error: a handler gives a Response
server.listen(() => 'text')
// @ts-expect-error: connections are made by the socket
;new (null as unknown as typeof TcpConnection)()

// Channels give `unknown`; these say what it is.
channel('milouv.server.response.finish').subscribe((told) => {
  const { request, response, info, server, status, error, reason } = told as RequestMessage
  const ended: 'finished' | 'aborted' | 'error' | undefined = reason
  console.log(request.url, response?.status, info.httpVersion, server.url, status, error, ended)
})
channel('milouv.server.request.refused').subscribe((told) => {
  const { code, status, server } = told as RefusalMessage
  console.log(code, status, server.port)
})
channel('milouv.server.socket').subscribe((told) => {
  const { socket, server } = told as SocketMessage
  console.log(socket.remoteAddress.address, server.port)
})
tracingChannel('milouv.server.handler').start.subscribe((told) => {
  console.log((told as RequestMessage).request.url)
})
