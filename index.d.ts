/// <reference types="node" />

/** One end of a connection, in the words of `node:net`'s `address()`. */
export interface SocketAddress {
  /**
   * The IP address, as text. Of a Unix domain socket the path, or the name behind a NUL; empty for
   * an end that has none, as those of most clients.
   */
  address: string
  /** The TCP port; 0 for a Unix domain socket. */
  port: number
  /** The address family. */
  family: 'IPv4' | 'IPv6' | 'Unix'
}

/** What {@link InboundTcpSocket} takes. */
export interface SocketOptions {
  /**
   * An IPv4 or IPv6 address (also in brackets, as in a URL), or a host name to look up
   * (`getaddrinfo`). Default: `'127.0.0.1'`.
   */
  hostname?: string
  /**
   * The TCP port, from 0 to 65 535; 0 takes a free one, which {@link InboundTcpSocket.port} then
   * tells. Default: 0.
   */
  port?: number
  /**
   * How many connections the kernel may hold that were not accepted yet, from 1 to 2 147 483 647
   * (`listen(2)`). Linux cuts it to the sysctl `net.core.somaxconn`. Default: 511.
   */
  backlog?: number
  /** Lets several processes or threads listen on one port (SO_REUSEPORT). Default: false. */
  reusePort?: boolean
  /** On an IPv6 address, refuses IPv4 clients (IPV6_V6ONLY, RFC 3493, 5.3). Default: false. */
  ipv6Only?: boolean
  /**
   * Listens on a Unix domain socket instead of a port: the path of its file or, on Linux, a name in
   * the abstract namespace, behind one NUL. A file that nobody listens on any more is replaced, and
   * `close` removes it. Together with hostname, port, reusePort or ipv6Only it throws a TypeError
   * with the code `ERR_INCOMPATIBLE_OPTION_PAIR`. Default: none.
   */
  path?: string
  /** Lets every user read the file at `path`. Default: false, as the umask says. */
  readableAll?: boolean
  /**
   * Lets every user write to the file at `path`, which it takes to connect; as in `node:net`.
   * Default: false, as the umask says.
   */
  writableAll?: boolean
  /** Sends small writes at once (TCP_NODELAY on every TCP connection). Default: true. */
  noDelay?: boolean
  /**
   * Probes idle connections (SO_KEEPALIVE, RFC 9293, 3.8.4), the first time after so many seconds,
   * from 0 to 32 767 (`true`: 60); false or 0: not at all. This is TCP's: HTTP's keep-alive is
   * always on, see {@link Timeouts.idle}. Default: false.
   */
  keepAlive?: boolean | number
  /**
   * Each connection comes through a proxy that says first, in the PROXY protocol (version 1 or 2),
   * whose it is; then `remoteAddress` and `localAddress` are what it said, and `peerAddress` is the
   * proxy. Who does not say so, or is not trusted, is closed and counted. Default: none.
   */
  proxyProtocol?: false | ProxyProtocol
}

/** Whose word on where a connection comes from is taken. */
export interface ProxyProtocol {
  /**
   * Addresses and networks, in an array or with commas between them: `'10.0.0.0/8'`, `'::1'`, or
   * `'loopback'`, `'linklocal'`, `'uniquelocal'`. `true`: everybody's. It has to be given, except
   * with the `path` of a file, whose rights say who may connect: there, and at an abstract name, it
   * can only be `true`. Anything else throws a TypeError with the code `ERR_INVALID_ARG_VALUE`.
   */
  trust?: true | string | string[]
  /**
   * Milliseconds from the connect to the end of the header; 0: no limit. Default: of HttpServer
   * `timeouts.headers` or, where that is 0, `timeouts.idle`, else 15 000.
   */
  timeout?: number
}

/** What a {@link DataListener} is told of one read. */
export interface SocketRequest {
  /** The bytes that one read brought. The memory is yours to keep. */
  readonly data: Buffer
}

/**
 * Called for every read of every connection of a socket, until `response.end()` was called on it.
 * `response` is the connection: the same object for its whole life, so it can key a Map. `error`
 * is null unless the connection failed. When the client ends its side, so do we; whoever wants to
 * go on sending uses {@link SocketHandlers} with an `end`.
 */
export type DataListener = (
  request: SocketRequest,
  response: TcpConnection,
  error: NodeJS.ErrnoException | null,
) => void

/** Handlers that all connections of a socket share. Each may be left out. */
export interface SocketHandlers {
  /** A client has connected. */
  open?(connection: TcpConnection): void
  /** One read brought bytes. The memory is yours to keep. */
  data?(connection: TcpConnection, bytes: Buffer): void
  /** All that was waiting to be sent is sent: write on. */
  drain?(connection: TcpConnection): void
  /**
   * The client has finished sending; it can still receive until `connection.end()` is called.
   * Without this handler that happens by itself.
   */
  end?(connection: TcpConnection): void
  /** The connection is gone; `error` tells when that was a failure. Always the last call. */
  close?(connection: TcpConnection, error?: NodeJS.ErrnoException): void
}

/** One client's connection. Made by {@link InboundTcpSocket}, never by `new`. */
export declare class TcpConnection {
  private constructor()
  /**
   * Where the client is. If it left before it was accepted, only Linux knows; elsewhere `0.0.0.0`
   * or `::` and port 0.
   */
  readonly remoteAddress: SocketAddress
  /** Our own end of the connection. */
  readonly localAddress: SocketAddress
  /**
   * The other end of the connection itself: with {@link SocketOptions.proxyProtocol} the proxy,
   * else the client.
   */
  readonly peerAddress: SocketAddress
  /** Bytes received so far. */
  readonly bytesRead: number
  /** Bytes handed to the connection so far, sent or waiting; once it is gone, those sent. */
  readonly bytesWritten: number
  /** Bytes waiting to be sent: what was written and the socket has not taken yet. */
  readonly writableLength: number
  /** What can still be done: both ways, receive only, send only, nothing. As in `node:net`. */
  readonly readyState: 'open' | 'readOnly' | 'writeOnly' | 'closed'
  /**
   * Sends text (as UTF-8) or bytes. A large array is sent from its own memory: leave it alone
   * until all is out.
   * @param data what to send
   * @returns false when more than 65 536 bytes are waiting to be sent: hold back until `drain`.
   * Also when the connection is gone and nothing is sent; then `close` is what follows.
   * @throws an Error with the code `ERR_STREAM_WRITE_AFTER_END` after {@link end}; a TypeError
   * with the code `ERR_INVALID_ARG_TYPE` for anything but a string or a Uint8Array.
   */
  write(data: string | Uint8Array): boolean
  /**
   * Sends what is given, then closes our side once everything is out (a FIN, RFC 9293, 3.6).
   * Without data it may be called again, and does nothing.
   * @param data what to send before
   * @throws as {@link write} does, when data is given.
   */
  end(data?: string | Uint8Array): void
  /** Closes at once; what is waiting is not sent. On one that is closed it does nothing. */
  destroy(): void
  /** Stops reading, so that the client feels it (TCP's window closes). */
  pause(): void
  /** Reads on. */
  resume(): void
  /**
   * Turns TCP_NODELAY on or off; does nothing on a Unix domain socket.
   * @param enable whether small writes go out at once. Default: true.
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE`.
   */
  setNoDelay(enable?: boolean): this
  /**
   * Turns probes of an idle connection on or off (SO_KEEPALIVE).
   * @param enable whether to probe. Default: false.
   * @param seconds until the first probe, from 0 to 32 767. Default: 60.
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE`, or a RangeError with
   * `ERR_OUT_OF_RANGE`.
   */
  setKeepAlive(enable?: boolean, seconds?: number): this
  /**
   * Closes with code `ETIMEDOUT` when nothing moves either way for so long. Off to begin with.
   * @param ms milliseconds, from 0 to 2 147 483 647; 0 turns it off
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE`, or a RangeError with
   * `ERR_OUT_OF_RANGE`.
   */
  setTimeout(ms: number): this
  /** The connection keeps the process alive (as it does to begin with). */
  ref(): this
  /** The connection does not keep the process alive. */
  unref(): this
}

/** A listening TCP socket on Node's own libuv: raw bytes in, raw bytes out. */
export declare class InboundTcpSocket {
  /**
   * Makes a socket, which takes nobody yet.
   * @param options where to listen, and how
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
   * `ERR_UNKNOWN_OPTION` or `ERR_INCOMPATIBLE_OPTION_PAIR`, or a RangeError with
   * `ERR_OUT_OF_RANGE`; the message names the option and what it takes.
   */
  constructor(options?: SocketOptions)
  /** The host name as given, empty with a path; the address bound to is in {@link address}. */
  readonly hostname: string
  /** The port: the real one once listening, also where 0 was asked for; 0 with a path. */
  readonly port: number
  /** How many connections are open. */
  readonly connections: number
  /**
   * How many connections {@link SocketOptions.proxyProtocol} has turned away since the socket began
   * to listen, by the reason's code: `PROXY_UNTRUSTED`, `PROXY_HEADER_MISSING`,
   * `PROXY_HEADER_MALFORMED`, `PROXY_HEADER_TOO_LONG`, `PROXY_TIMEOUT`.
   */
  readonly refusals: Record<string, number>
  /**
   * Binds and listens at once. A host name is looked up meanwhile, which blocks. After
   * {@link close} it may be called again.
   * @param listener a function for every read, or handlers that all connections share
   * @throws an Error with libuv's `code` (`EADDRINUSE`, `EACCES`, `ENOTFOUND` ...), `syscall`,
   * `address` (or the path) and `port`; one with the code `ERR_SERVER_ALREADY_LISTEN` while it
   * listens; a TypeError with `ERR_INVALID_ARG_TYPE` for a listener of another kind.
   */
  listen(listener: DataListener | SocketHandlers): this
  /** Where the socket listens, the path as a string; null when it does not. */
  address(): SocketAddress | string | null
  /** Stops accepting and closes every connection; settles when all is closed. */
  close(): Promise<void>
  /** The socket keeps the process alive (as it does to begin with). */
  ref(): this
  /** The socket does not keep the process alive. */
  unref(): this
  /** `await using`: the same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The head of a request has arrived. */
export interface ParsedRequest {
  /** Tells this event from the others. */
  type: 'request'
  /** `GET`, `POST` ...: any token, as sent (RFC 9110, 9.1). */
  method: string
  /**
   * The request target, as sent: a path with its query, an absolute URL, an authority or `*`
   * (RFC 9112, 3.2).
   */
  target: string
  /** The HTTP version that the client spoke (RFC 9112, 2.3). */
  version: '1.1' | '1.0'
  /** Header fields in the order sent, names in lower case, each line an entry of its own. */
  headers: [name: string, value: string][]
  /** Whether the client wants to use the connection again (RFC 9112, 9.3). */
  keepAlive: boolean
  /** Where the message began, in bytes since the parser was made. */
  offset: number
}

/** A piece of the body has arrived. */
export interface ParsedData {
  /** Tells this event from the others. */
  type: 'data'
  /**
   * The bytes, without any framing: a view into what `execute` was given, or into a copy where that
   * was shared memory.
   */
  bytes: Uint8Array
}

/** The request is complete. */
export interface ParsedEnd {
  /** Tells this event from the others. */
  type: 'end'
  /**
   * Fields that were sent behind a chunked body (RFC 9112, 7.1.2), without those that concern
   * framing, routing and the like (RFC 9110, 6.5.1).
   */
  trailers: [name: string, value: string][]
}

/** The bytes are not HTTP: nothing behind them can be trusted, so the parser stops. */
export interface ParsedError {
  /** Tells this event from the others. */
  type: 'error'
  /** What is wrong, for programs: begins with `HTTP_`, such as `HTTP_MISSING_HOST`. */
  code: string
  /** The HTTP status to answer with (RFC 9110, 15.5 and 15.6), such as 400, 413, 414 or 431. */
  status: number
  /** What is wrong, for people. */
  message: string
  /** The byte that is wrong, counted since the parser was made. */
  offset: number
}

/** What {@link HttpParser.execute} finds. */
export type ParserEvent = ParsedRequest | ParsedData | ParsedEnd | ParsedError

/** What {@link HttpParser} takes. */
export interface ParserOptions {
  /**
   * Bytes of a request line and its header fields, and of a trailer section, from 1 to
   * 2 147 483 647. More is an error event with the status 414 or 431. Default: 16 384.
   */
  maxHeaderSize?: number
  /** Header fields of a request, from 1 to 4 294 967 295. More: 431. Default: 200. */
  maxHeadersCount?: number
  /**
   * Bytes of a request's body once its transfer coding is taken off, from 0 to
   * 9 007 199 254 740 991, or Infinity: no limit. More: 413. Default: 134 217 728 (128 MiB).
   */
  maxRequestBodySize?: number
}

/** The HTTP/1.1 request parser of milouv, to use with {@link InboundTcpSocket} or alone. */
export declare class HttpParser {
  /**
   * Makes a parser for one connection's bytes.
   * @param options how much it takes
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE` or `ERR_UNKNOWN_OPTION`, or a
   * RangeError with `ERR_OUT_OF_RANGE`.
   */
  constructor(options?: ParserOptions)
  /**
   * Takes the next bytes, wherever they were cut, and gives what they complete. After an error
   * event it gives nothing more.
   * @param bytes any number of bytes, from the middle of a line as well
   * @throws a TypeError with the code `ERR_INVALID_ARG_TYPE` for anything but a Uint8Array. What is
   * wrong with the bytes is an event, not thrown.
   */
  execute(bytes: Uint8Array): ParserEvent[]
  /** Tells that no more bytes will come: an error event if that cuts a message short. */
  finish(): ParserEvent[]
}

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
   * hop's address and its distance, 0 for the one that has connected. Default: none.
   */
  trustProxy?: boolean | number | string | string[] | ((address: string, hop: number) => boolean)
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
  waitUntil(promise: Promise<unknown>): void
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

/**
 * The platform's Request (Fetch, 5.3), cheap until touched: `instanceof` the global class, and it
 * has every member of it.
 */
export declare class Request extends globalThis.Request {}

/** The platform's Response, cheap to make and to send, any number of times where it holds text. */
export declare class Response extends globalThis.Response {
  /**
   * Makes an answer.
   * @param body text, bytes, a Blob, FormData, URLSearchParams, a ReadableStream of bytes, an
   * async iterable of bytes or text, or null
   * @param init status, headers and the like
   * @throws what the platform's throws: a RangeError for a status outside 200 to 599, a TypeError
   * for fields, `statusText` or a body that cannot be.
   */
  constructor(body?: ResponseBody, init?: ResponseInit)
  /**
   * A Response with the data as JSON, and `content-type: application/json`.
   * @param data what `JSON.stringify` takes
   * @param init status, headers and the like
   * @throws a TypeError for what has no JSON, such as undefined.
   */
  static json(data: unknown, init?: ResponseInit): Response
  /** A network error (Fetch, 2.2.6). It cannot be sent: `ERR_INVALID_RESPONSE`. */
  static error(): Response
  /**
   * An answer that sends the client elsewhere.
   * @param url where to: an absolute URL
   * @param status 301, 302, 303, 307 or 308. Default: 302.
   * @throws a RangeError for another status, a TypeError for what is no URL.
   */
  static redirect(url: string | URL, status?: number): Response
}

/** What {@link Response} takes beside the body: what the platform's does, and trailers. */
export type ResponseInit = ConstructorParameters<typeof globalThis.Response>[1] & {
  /**
   * Fields to send behind the body (RFC 9110, 6.5), as in the Fetch Server API proposal. The body
   * is then sent chunked; a HTTP/1.0 client does not get them. Those that concern framing or
   * routing are left out. When the promise rejects, the connection is broken off.
   */
  trailers?: HeadersInit | Promise<HeadersInit>
}

/** What the body of a {@link Response} can be made from. */
export type ResponseBody =
  | ConstructorParameters<typeof globalThis.Response>[0]
  | AsyncIterable<Uint8Array | string>
