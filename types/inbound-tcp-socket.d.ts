/// <reference types="node" />

import type { Timeouts } from './server-options.js'

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
  trust?: true | string | readonly string[]
  /**
   * Milliseconds from the connect to the end of the header, from 0 to 2 147 483 647; 0: no limit.
   * Default: of HttpServer `timeouts.headers` or, where that is 0, `timeouts.idle`; of
   * InboundTcpSocket 15 000.
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
