/// <reference types="node" />

/** One end of a connection. */
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
  /** An IPv4 or IPv6 address, or a host name to look up. Default: `'127.0.0.1'`. */
  hostname?: string
  /** 0 takes a free port, which {@link InboundTcpSocket.port} then tells. Default: 0. */
  port?: number
  /** How many connections the kernel may hold that were not accepted yet. Default: 511. */
  backlog?: number
  /** Lets several processes or threads listen on one port (SO_REUSEPORT). Default: false. */
  reusePort?: boolean
  /** On an IPv6 address, refuses IPv4 clients. Default: false. */
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
   * Lets every user write to the file at `path`, which it takes to connect. Default: false, as the
   * umask says.
   */
  writableAll?: boolean
  /** Sends small writes at once (TCP_NODELAY on every TCP connection). Default: true. */
  noDelay?: boolean
  /**
   * Probes idle connections, the first time after so many seconds (`true`: 60); false or 0: not
   * at all. Default: false.
   */
  keepAlive?: boolean | number
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
  /** Our own end. */
  readonly localAddress: SocketAddress
  /** Bytes received so far. */
  readonly bytesRead: number
  /** Bytes handed to the connection so far, sent or waiting; once it is gone, those sent. */
  readonly bytesWritten: number
  /** Bytes waiting to be sent. */
  readonly writableLength: number
  /** What can still be done: both ways, receive only, send only, nothing. */
  readonly readyState: 'open' | 'readOnly' | 'writeOnly' | 'closed'
  /**
   * Sends text (as UTF-8) or bytes. A large array is sent from its own memory: leave it alone
   * until all is out.
   * @returns false when much is waiting to be sent: hold back until `drain`. Also when the
   * connection is gone and nothing is sent; then `close` is what follows.
   * @throws an Error with the code `ERR_STREAM_WRITE_AFTER_END` after {@link end}.
   */
  write(data: string | Uint8Array): boolean
  /** Sends what is given, then closes our side once everything is out. */
  end(data?: string | Uint8Array): void
  /** Closes at once; what is waiting is not sent. */
  destroy(): void
  /** Stops reading, so that the client feels it. */
  pause(): void
  /** Reads on. */
  resume(): void
  /** Turns TCP_NODELAY on or off. Default: on. */
  setNoDelay(enable?: boolean): this
  /** Turns probes of an idle connection on or off, the first after `seconds`. */
  setKeepAlive(enable?: boolean, seconds?: number): this
  /** Closes with code `ETIMEDOUT` when nothing moves either way for `ms`; 0 turns it off. */
  setTimeout(ms: number): this
  /** The connection keeps the process alive (as it does to begin with). */
  ref(): this
  /** The connection does not keep the process alive. */
  unref(): this
}

/** A listening TCP socket on Node's own libuv: raw bytes in, raw bytes out. */
export declare class InboundTcpSocket {
  /**
   * @param options where to listen, and how. An unknown name, a wrong type or a value out of
   * range throws a TypeError or RangeError with a `code`.
   */
  constructor(options?: SocketOptions)
  /** The host name as given, empty with a path; the address bound to is in {@link address}. */
  readonly hostname: string
  /** The port: the real one once listening, also where 0 was asked for; 0 with a path. */
  readonly port: number
  /** How many connections are open. */
  readonly connections: number
  /**
   * Binds and listens at once, or throws an Error with libuv's `code` (`EADDRINUSE`, `EACCES`,
   * `ENOTFOUND` ...), `syscall`, `address` and `port`.
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
  /** `GET`, `POST` ...: any token, as sent. */
  method: string
  /** The request target, as sent: a path, an absolute URL, an authority or `*`. */
  target: string
  /** The HTTP version. */
  version: '1.1' | '1.0'
  /** Header fields in the order sent, names in lower case. */
  headers: [name: string, value: string][]
  /** Whether the client wants to use the connection again. */
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
  /** Fields that were sent behind a chunked body. */
  trailers: [name: string, value: string][]
}

/** The bytes are not HTTP: nothing behind them can be trusted, so the parser stops. */
export interface ParsedError {
  /** Tells this event from the others. */
  type: 'error'
  /** What is wrong, for programs. */
  code: string
  /** The HTTP status to answer with. */
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
  /** Bytes of request line and header fields. Default: 16 384. */
  maxHeaderSize?: number
  /** Header fields. Default: 200. */
  maxHeadersCount?: number
  /** Bytes of a request's body; Infinity: no limit. Default: 134 217 728 (128 MiB). */
  maxRequestBodySize?: number
}

/** The HTTP/1.1 request parser of milouv, to use with {@link InboundTcpSocket} or alone. */
export declare class HttpParser {
  /** Makes a parser for one connection's bytes. */
  constructor(options?: ParserOptions)
  /**
   * Takes the next bytes, wherever they were cut, and gives what they complete. After an error
   * event it gives nothing more.
   */
  execute(bytes: Uint8Array): ParserEvent[]
  /** Tells that no more bytes will come: an error event if that cuts a message short. */
  finish(): ParserEvent[]
}

/** How long a connection may stand still, in milliseconds. 0 turns a limit off. */
export interface Timeouts {
  /**
   * From the first byte of a head (at first: from the connect) to its end: the whole of it, so
   * that one byte a second does not get around it. Default: 15 000.
   */
  headers?: number
  /** Between the bytes of a request's body. Default: 60 000. */
  receive?: number
  /** Between the bytes that a client takes of an answer. Default: 60 000. */
  send?: number
  /** Between two requests. Default: 65 000, longer than the usual load balancers' 60 s. */
  idle?: number
}

/** How much a client may ask for. */
export interface Limits {
  /** Bytes of request line and header fields. Default: 16 384. */
  maxHeaderSize?: number
  /** Header fields. Default: 200. */
  maxHeadersCount?: number
  /** Bytes of a request's body; Infinity: no limit. Default: 134 217 728 (128 MiB). */
  maxRequestBodySize?: number
  /** Open connections; 0: no limit. Default: 0. */
  maxConnections?: number
  /** Requests on one connection; 0: no limit. Default: 0. */
  maxRequestsPerConnection?: number
}

/** What {@link ServerOptions.onError} may give: an answer, or nothing to let milouv give one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only logs must be accepted
export type ErrorAnswer = globalThis.Response | undefined | void

/** What {@link HttpServer} takes: the socket's options, and its own. */
export interface ServerOptions extends SocketOptions {
  /** Closes the server when aborted. */
  signal?: AbortSignal
  /** How long a connection may stand still. */
  timeouts?: Timeouts
  /** How much a client may ask for. */
  limits?: Limits
  /**
   * Bytes (1,024 to 1 GiB, by default 65,536) that are held for one connection. From so many of a
   * request body that the handler does not read, the server reads no more from the client (what
   * one read brings, up to 64 KiB, comes on top); above so many that a client does not take, the
   * source of a streamed answer is not pulled.
   */
  highWaterMark?: number
  /** The HTTP version to speak. Only `'1.1'` (which serves 1.0 clients too) is there. */
  httpVersion?: '1.1'
  /**
   * Answers in place of a handler that threw, or gave what cannot be sent. When it gives nothing,
   * the client gets an empty 500; so it does without it, or when it throws too or gives what
   * cannot be sent, and then the errors go to stderr. Also told, once, of a body that failed
   * behind a head that was out: then what it gives is not sent, and the connection is broken off.
   * Not told of an error that only says again that the client left.
   */
  onError?: (error: unknown, request: Request) => ErrorAnswer | Promise<ErrorAnswer>
  /**
   * Told of each request that was refused: before any handler saw it, or while its body came (too
   * large, not HTTP, too slow). Also of a connection above `limits.maxConnections`. Not of a
   * client that leaves.
   */
  onClientError?: (refusal: ClientError) => void
  /**
   * What milouv may do to the global fetch classes while a server listens. `'compat'` (default):
   * the global `Request` and `fetch` accept milouv's Request. `'fast'`: besides, the global
   * `Response` is milouv's. `'none'`: nothing.
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
  /** What is wrong, for programs. */
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
  /** Where the client is, or was; no address and port 0 if asked for the first time too late. */
  readonly remoteAddress: SocketAddress
  /** Our own end; no address and port 0 if asked for the first time when the client is gone. */
  readonly localAddress: SocketAddress
  /** The version that the client spoke. */
  readonly httpVersion: '1.1' | '1.0'
  /**
   * Settles when the socket has taken all of the answer; rejects with an AbortError, whose `code`
   * says why, when the connection ended before.
   */
  readonly completed: Promise<void>
  /**
   * The fields behind a chunked request body, once the body is read; else none. Rejects when the
   * client leaves or the answer is complete before.
   */
  readonly trailers: Promise<globalThis.Headers>
  /** Holds back the end of {@link HttpServer.close} until the promise settles. */
  waitUntil(promise: Promise<unknown>): void
  /**
   * Sends an informational answer (103 Early Hints ...) ahead of the real one. Throws an Error with
   * the code `HTTP_ANSWER_STARTED` or `HTTP_NO_REQUEST` behind it; does nothing for a client of
   * HTTP/1.0, or one that has left.
   */
  sendInformational(status: number, headers?: HeadersInit): void
}

/** What the platform's Headers can be made from. */
export type HeadersInit = ConstructorParameters<typeof globalThis.Headers>[0]

/** Answers a request. */
export type Handler = (
  request: Request,
  info: ConnectionInfo,
) => globalThis.Response | Promise<globalThis.Response>

/** An app with a `fetch` method, as Hono, h3, itty-router and others make. */
export interface FetchApp {
  /** Answers a request. */
  fetch: Handler
}

/** Plain numbers about a server since it began to listen. */
export interface ServerStats {
  /** Connections: open now, and accepted in all. */
  connections: { open: number; total: number }
  /** Requests that reached a handler. */
  requests: number
  /** Bytes received. */
  bytesIn: number
  /** Bytes sent. */
  bytesOut: number
  /** Answers by the class of their status. */
  answers: { '2xx': number; '3xx': number; '4xx': number; '5xx': number }
  /** Requests and connections refused, by the reason's code. */
  refusals: Record<string, number>
}

/** An HTTP/1.1 server that gives handlers a web-standard Request and takes a Response. */
export declare class HttpServer {
  /**
   * @param options where to listen, and how. An unknown name, a wrong type or a value out of
   * range throws a TypeError or RangeError with a `code`.
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
   * Listens at once and gives every request to the handler. Throws an Error with libuv's `code`
   * when that fails, as {@link InboundTcpSocket.listen} does.
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
   * a restart without a failed request. Another `close()` ends the grace. Default: 0.
   */
  close(options?: { timeout?: number; grace?: number }): Promise<void>
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

/** The platform's Request, cheap until touched. */
export declare class Request extends globalThis.Request {}

/** The platform's Response, cheap to make and to send, any number of times where it holds text. */
export declare class Response extends globalThis.Response {
  /**
   * @param body text, bytes, a Blob, FormData, URLSearchParams, a ReadableStream of bytes, an
   * async iterable of bytes or text, or null
   * @param init status, headers and the like
   */
  constructor(body?: ResponseBody, init?: ResponseInit)
  /** A Response with the data as JSON. */
  static json(data: unknown, init?: ResponseInit): Response
  /** A network error. */
  static error(): Response
  /** An answer that sends the client elsewhere. */
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
