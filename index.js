// The public face of milouv. See index.d.ts for what each of these is.

export { HttpParser } from './lib/http-parser.js'
export { HttpServer } from './lib/http-server.js'
export { InboundTcpSocket, TcpConnection } from './lib/inbound-tcp-socket.js'
export { Request } from './lib/request.js'
export { Response } from './lib/response.js'
