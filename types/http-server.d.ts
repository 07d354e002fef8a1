/// <reference types="node" />

import type { InboundTcpSocket, SocketAddress } from './inbound-tcp-socket.js'
import type { ClientError, FetchApp, Handler, ServerOptions } from './server-options.js'

/** Plain numbers about a server since it began to listen. */
export interface ServerStats {
  /** Connections: open now, and accepted in all. */
  connections: {
    /** Open now. */
    open: number
    /** Accepted in all. */
    total: number
  }
  /** Requests whose handler was called. */
  requests: number
  /** Bytes received, heads and framing included. */
  bytesIn: number
  /** Bytes sent, heads and framing included: what the kernel has taken. */
  bytesOut: number
  /**
   * Answers by the class of their status (RFC 9110, 15), refusals too; informational ones are not
   * counted.
   */
  answers: {
    /** Successful. */
    '2xx': number
    /** Redirections. */
    '3xx': number
    /** Errors of clients. */
    '4xx': number
    /** Errors of the server. */
    '5xx': number
  }
  /**
   * Requests and connections refused, by the reason's code: those of {@link ClientError}, those of
   * {@link InboundTcpSocket.refusals}, and `HTTP_OVERLOADED`.
   */
  refusals: Record<string, number>
}

/** What {@link HttpServer.close} takes. */
export interface CloseOptions {
  /**
   * Milliseconds, from 0 to 2 147 483 647, after which every connection that is left is destroyed,
   * and nothing is waited for any more. Default: none.
   */
  timeout?: number
  /**
   * Milliseconds, from 0 to 2 147 483 647, for which all are served on, each connection once more.
   * Default: 0.
   */
  grace?: number
}

/** An HTTP/1.1 server (RFC 9112): gives handlers a web-standard Request, takes a Response. */
export declare class HttpServer {
  /**
   * Makes a server, which takes nobody yet.
   * @param options where to listen, and how
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
   * `ERR_UNKNOWN_OPTION`, `ERR_INCOMPATIBLE_OPTION_PAIR` or (`httpVersion`) `ERR_NOT_SUPPORTED`, or
   * a RangeError with `ERR_OUT_OF_RANGE`; the message names the option and what it takes.
   */
  constructor(options?: ServerOptions)
  /** The host name as given; empty with a path. */
  readonly hostname: string
  /** The port: the real one once listening, also where 0 was asked for; 0 with a path. */
  readonly port: number
  /**
   * What a client on this machine would type, such as `http://127.0.0.1:3000/`. With a path it
   * only says where the server is, `http+unix://%2Frun%2Fapp.sock/`: clients take the path besides
   * a URL.
   */
  readonly url: string
  /** Whether the server accepts connections. */
  readonly listening: boolean
  /**
   * Listens at once and gives every request to the handler. After {@link close} has settled it may
   * be called again.
   * @param handler the function, or an app that has it as its `fetch`
   * @throws what {@link InboundTcpSocket.listen} throws, and the reason of a
   * {@link ServerOptions.signal} that is aborted already.
   */
  listen(handler: Handler | FetchApp): this
  /** Where the server listens, the path as a string; null when it does not. */
  address(): SocketAddress | string | null
  /**
   * Stops accepting, closes idle connections and lets running requests finish; destroys what is
   * left after `timeout` milliseconds, if given. Settles when all is closed.
   *
   * With `grace` it begins so many milliseconds later. Until then all are served, each connection
   * once more, with `connection: close` on the answer, so that no client is cut off while it asks;
   * and with `reusePort` on Linux, new clients go to the others at the port in the last 100 ms. For
   * a restart without a failed request. Another `close()` ends the grace.
   * @param options how long it may take
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE` or `ERR_UNKNOWN_OPTION`, or a
   * RangeError with `ERR_OUT_OF_RANGE`: at once, not as a rejection.
   */
  close(options?: CloseOptions): Promise<void>
  /** Closes the connections that serve no request now. */
  closeIdleConnections(): void
  /** Closes every connection at once. */
  closeAllConnections(): void
  /** Plain numbers about the server since it began to listen, the last time. */
  stats(): ServerStats
  /** The server keeps the process alive (as it does to begin with). */
  ref(): this
  /** The server does not keep the process alive. */
  unref(): this
  /** `await using`: the same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void>
}
