/// <reference types="node" />

import type { HeadersInit } from './server-options.js'

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
