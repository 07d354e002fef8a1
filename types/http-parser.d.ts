/// <reference types="node" />

import type { InboundTcpSocket } from './inbound-tcp-socket.js'

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
