/// <reference types="node" />

import type { HttpServer } from './http-server.js'
import type { InboundTcpSocket, TcpConnection } from './inbound-tcp-socket.js'
import type { Request } from './response.js'
import type { ClientError, ConnectionInfo } from './server-options.js'

/**
 * What subscribers of the diagnostics channels `milouv.server.request.start`,
 * `milouv.server.response.created`, `milouv.server.response.finish` and of the TracingChannel
 * `milouv.server.handler` get: for one request the same object in all of them. See
 * docs/observability.md.
 */
export interface RequestMessage {
  /** What the handler gets. Its body is the handler's to read. */
  readonly request: Request
  /** The answer, once there is one; none where milouv answers itself, with an empty 500. */
  readonly response: globalThis.Response | undefined
  /** The handler's second argument. */
  readonly info: ConnectionInfo
  /** The server whose request it is. */
  readonly server: HttpServer
  /** The answer's, once there is one. */
  readonly status: number | undefined
  /**
   * What the handler threw, or the answer's body failed with; else, of an aborted request, an
   * AbortError, whose `code` says why.
   */
  readonly error: unknown
  /**
   * How it ended, in `milouv.server.response.finish`. `'finished'`: the socket has taken all of the
   * answer. `'aborted'`: the connection ended before. `'error'`: the answer's body failed behind
   * its head, and the connection was broken off.
   */
  readonly reason: 'finished' | 'aborted' | 'error' | undefined
}

/** What subscribers of the diagnostics channel `milouv.server.request.refused` get. */
export interface RefusalMessage extends ClientError {
  /** The server that refused. */
  readonly server: HttpServer
}

/** What subscribers of the diagnostics channel `milouv.server.socket` get. */
export interface SocketMessage {
  /** The connection that was accepted. */
  readonly socket: TcpConnection
  /** The listening socket. */
  readonly server: InboundTcpSocket
}
