/// <reference types="node" />

import type { HttpServer, ServerStats } from './http-server.js'
import type { ProxyProtocol, SocketAddress, SocketOptions } from './inbound-tcp-socket.js'
import type { Request } from './response.js'

/**
 * How long a connection may stand still, in milliseconds, each from 0 to 2 147 483 647; 0 turns one
 * off. The names are those of the Fetch Server API proposal. One coarse timer watches over all, so
 * that each may come late: by a quarter of the shortest one, and by a second at most.
 */
export interface Timeouts {
  /**
   * From the first byte of a head (at first: from the connect) to its end: the whole of it, so
   * that one byte a second does not get around it. Then: 408 if some of a head has come, and the
   * connection closes. From 0 to 2 147 483 647 ms. Default: 15 000.
   */
  headers?: number
  /**
   * Between the bytes of a request's body, while somebody reads it. Then: 408 where no answer has
   * begun, and the connection closes. From 0 to 2 147 483 647 ms. Default: 60 000.
   */
  receive?: number
  /**
   * Between the bytes that a client takes of an answer. Then the connection is destroyed. From 0 to
   * 2 147 483 647 ms. Default: 60 000.
   */
  send?: number
  /**
   * Between two requests; then the connection closes. From 0 to 2 147 483 647 ms. Default: 65 000,
   * longer than the usual load balancers' 60 s.
   */
  idle?: number
}

/** How much a client may ask for. */
export interface Limits {
  /**
   * Bytes of a request line and its header fields, and of a trailer section, from 1 to
   * 2 147 483 647. More is answered with 414 or 431 (RFC 6585, 5). Default: 16 384.
   */
  maxHeaderSize?: number
  /** Header fields of a request, from 1 to 4 294 967 295. More: 431. Default: 200. */
  maxHeadersCount?: number
  /**
   * Bytes of a request's body once its transfer coding is taken off, from 0 to
   * 9 007 199 254 740 991, or Infinity: no limit. More: 413. Default: 134 217 728 (128 MiB).
   */
  maxRequestBodySize?: number
  /**
   * Open connections, from 0 to 4 294 967 295: while there are so many, others are not accepted,
   * and wait with the kernel (see {@link SocketOptions.backlog}) until one has left; 0: no limit.
   * Default: 0.
   */
  maxConnections?: number
  /**
   * Requests on one connection, from 0 to 4 294 967 295; 0: no limit. The answer to the last says
   * `connection: close`. Default: 0.
   */
  maxRequestsPerConnection?: number
}

/** What is too much to do at a time. */
export interface Overload {
  /**
   * Requests in flight: their answers are not complete, also while they wait for their handler. One
   * more is answered with a 503 and `retry-after` at once; its handler is not called, nor is
   * {@link ServerOptions.onClientError}; {@link ServerStats.refusals} counts it as
   * `HTTP_OVERLOADED`. A handler that never answers counts until its connection ends. From 0 to
   * 4 294 967 295; 0: no limit. Default: 0.
   */
  maxConcurrentRequests?: number
  /** Seconds that `retry-after` says, from 0 to 2 147 483 647. Default: 1. */
  retryAfter?: number
}

/** What {@link ServerOptions.onError} may give: an answer, or nothing to let milouv give one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only logs must be accepted
export type ErrorAnswer = globalThis.Response | undefined | void

/** What {@link HttpServer} takes: the socket's options, and its own. */
export interface ServerOptions extends SocketOptions {
  /**
   * Closes the server when aborted, as {@link HttpServer.close} without options does. One that is
   * aborted already makes `listen` throw its reason. Default: none.
   */
  signal?: AbortSignal
  /** How long a connection may stand still: see {@link Timeouts}. */
  timeouts?: Timeouts
  /** How much a client may ask for: see {@link Limits}. */
  limits?: Limits
  /**
   * Which proxies' word on the client is taken, in header fields of the request: then
   * `info.remoteAddress` is the client's, and `request.url` has the scheme and host that the client
   * asked for. `true`: all; a number: so many hops; addresses and networks as in
   * {@link ProxyProtocol.trust}, and `'unix'` for whoever connects to `path`; or a function of a
   * hop's address and its distance, 0 for the one that has connected. What it throws is thrown by
   * `info.remoteAddress` and `request.url`; so is, where it gives a promise, a TypeError with the
   * code `ERR_INVALID_ARG_TYPE`. Default: none.
   */
  trustProxy?:
    | boolean
    | number
    | string
    | readonly string[]
    | ((address: string, hop: number) => boolean)
  /**
   * The fields that these proxies write: `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded`
   * (RFC 7239). The others are not looked at: proxies pass on what they do not know, and it may be
   * a client's. Default: `'x-forwarded'`.
   */
  forwardedBy?: 'x-forwarded' | 'forwarded'
  /** When to turn requests down. */
  overload?: Overload
  /**
   * Bytes that are held for one connection, from 1 024 to 1 073 741 824 (1 GiB). From so many of a
   * request body that the handler does not read, the server reads no more from the client (what
   * one read brings, up to 64 KiB, comes on top); above so many that a client does not take, the
   * source of a streamed answer is not pulled. Default: 65 536.
   */
  highWaterMark?: number
  /**
   * The HTTP version to speak. Only `'1.1'` (which serves 1.0 clients too) is there; `'2'` and
   * `'3'` throw a TypeError with the code `ERR_NOT_SUPPORTED`. Default: `'1.1'`.
   */
  httpVersion?: '1.1'
  /**
   * Answers in place of a handler that threw, or gave what cannot be sent. When it gives nothing,
   * the client gets an empty 500; so it does without it, or when it throws too or gives what
   * cannot be sent, and then the errors go to stderr. Also told, once, of a body that failed
   * behind a head that was out: then what it gives is not sent, and the connection is broken off.
   * Not told of an error that only says again that the client left. Default: none.
   */
  onError?: (error: unknown, request: Request) => ErrorAnswer | Promise<ErrorAnswer>
  /**
   * Told of each request that was refused: before any handler saw it, or while its body came (too
   * large, not HTTP, too slow). Not of a client that leaves, nor of what {@link Overload} or
   * {@link SocketOptions.proxyProtocol} turns down. What it throws is an uncaught exception.
   * Default: none.
   */
  onClientError?: (refusal: ClientError) => void
  /**
   * What milouv may do to the global fetch classes while a server listens. `'compat'`: the global
   * `Request` and `fetch` accept milouv's Request. `'fast'`: besides, the global `Response` is
   * milouv's. `'none'`: nothing. Default: `'compat'`.
   */
  globals?: 'compat' | 'fast' | 'none'
}

/** Why a request was refused, and what the client was answered. */
export interface ClientError {
  /**
   * The status of the answer; 0: none was sent, the connection just closed. Also when the handler's
   * own answer had begun: it is cut.
   */
  status: number
  /** What is wrong, for programs: begins with `HTTP_`, such as `HTTP_HEADERS_TIMEOUT`. */
  code: string
  /** What is wrong, for people. */
  reason: string
  /** The byte that is wrong, counted since the connection opened. */
  offset: number
  /** Where the client is. */
  remoteAddress: SocketAddress
}

/** What a handler is told beside the request. */
export interface ConnectionInfo {
  /**
   * Where the client is, or was; no address and port 0 if asked for the first time too late. What a
   * proxy said, where {@link SocketOptions.proxyProtocol} or {@link ServerOptions.trustProxy} says
   * that it is believed; port 0 if it named none.
   */
  readonly remoteAddress: SocketAddress
  /**
   * The other end of the connection itself, whatever a proxy there says of its client; no address
   * and port 0 if asked for the first time when it is gone.
   */
  readonly peerAddress: SocketAddress
  /** Our own end; no address and port 0 if asked for the first time when the client is gone. */
  readonly localAddress: SocketAddress
  /** The version that the client spoke (RFC 9112, 2.3). */
  readonly httpVersion: '1.1' | '1.0'
  /**
   * Settles when the socket has taken all of the answer; rejects with an AbortError, whose `code`
   * says why (`ECONNRESET`, `ERR_RESPONSE_ABORTED` ...), when the connection ended before. Nobody
   * has to handle the rejection.
   */
  readonly completed: Promise<void>
  /**
   * The fields behind a chunked request body (RFC 9110, 6.5), once the body is read; else none.
   * Rejects with an AbortError when the client leaves before, with an Error with the code
   * `ERR_BODY_DISCARDED` when the answer is complete before. Nobody has to handle the rejection.
   */
  readonly trailers: Promise<globalThis.Headers>
  /**
   * Holds back the end of {@link HttpServer.close} until the promise settles (or its `timeout` is
   * over). A rejection goes to stderr.
   * @param promise work that goes on behind the answer
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE` for what has no `then`.
   */
  waitUntil(promise: PromiseLike<unknown>): void
  /**
   * Sends an informational answer (RFC 9110, 15.2; 103 Early Hints: RFC 8297) ahead of the real
   * one. Does nothing for a client of HTTP/1.0, or one that has left.
   * @param status from 100 to 199, and not 101
   * @param headers fields of this answer alone
   * @throws an Error with the code `HTTP_ANSWER_STARTED` or `HTTP_NO_REQUEST` behind the real
   * answer's head or its end; a RangeError with `ERR_OUT_OF_RANGE` or a TypeError with
   * `ERR_INVALID_ARG_TYPE` for another status; a TypeError for fields that Headers do not take.
   */
  sendInformational(status: number, headers?: HeadersInit): void
}

/** What the platform's Headers can be made from. */
export type HeadersInit = ConstructorParameters<typeof globalThis.Headers>[0]

/**
 * Answers a request. One that throws, rejects or gives anything but a Response (milouv's, the
 * platform's, or one that has its shape) is a case for {@link ServerOptions.onError}. Written as an
 * arrow function without parameters, it has no Request made for it.
 */
export type Handler = (
  request: Request,
  info: ConnectionInfo,
) => globalThis.Response | Promise<globalThis.Response>

/** An app with a `fetch` method, as Hono, h3, itty-router and others make. */
export interface FetchApp {
  /** Answers a request; called with the app as `this`. */
  fetch: Handler
}
