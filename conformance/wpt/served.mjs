// Makes `new Request(url, init)` of a test a Request that the server made. A constructor cannot
// wait for a socket, so each file runs twice: first the requests it constructs are recorded, then
// each of them is sent over a socket to a milouv server, and the file gets what its handler got.

import { once } from 'node:events'
import { connect } from 'node:net'

const NO_BODY = 'none'

/** What tells one body from another, or null where it is not known without reading it. */
function bodyKey(body) {
  if (body === undefined || body === null) return NO_BODY
  if (typeof body === 'string') return `text ${body}`
  if (body instanceof URLSearchParams) return `query ${body}`
  if (body instanceof Blob) return `blob ${body.size} ${body.type}`
  if (body instanceof FormData) return `form ${[...body.keys()]}`
  if (ArrayBuffer.isView(body)) {
    return `bytes ${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('hex')}`
  }
  if (body instanceof ArrayBuffer) return `bytes ${Buffer.from(body).toString('hex')}`
  return null
}

/** Two constructions with the same key are interchangeable; null: it cannot be sent. */
function keyOf(request, [input, init]) {
  const body = bodyKey(init?.body)
  const isUrl = typeof input === 'string' || input instanceof URL
  if (!isUrl || body === null || init?.signal || !request.url.startsWith('http:')) return null
  // A form has another boundary each time.
  const isFixed = ([name]) => name !== 'content-type' || !body.startsWith('form')
  return JSON.stringify([request.method, request.url, [...request.headers].filter(isFixed), body])
}

/** Records what the platform's Request is constructed with. */
export function recordRequests(define) {
  const recorded = []
  const record = (request, args) => {
    const key = keyOf(request, args)
    if (key === null) return
    const { method, url } = request
    const bytes = request.body === null ? null : request.clone().arrayBuffer()
    recorded.push({ key, method, url, headers: [...request.headers], bytes })
  }
  define(new Proxy(globalThis.Request, {
    construct(Class, args) {
      const request = new Class(...args)
      record(request, args)
      return request
    },
  }))
  return () =>
    Promise.all(
      recorded.map(async ({ bytes, ...rest }) => {
        const body = bytes === null ? null : Buffer.from(await bytes).toString('base64')
        return { ...rest, body }
      }),
    )
}

function bytesOf({ method, url, headers, body }) {
  const { host, pathname, search } = new URL(url)
  const bytes = body === null ? null : Buffer.from(body, 'base64')
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `host: ${host}`]
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  if (bytes !== null) lines.push(`content-length: ${bytes.byteLength}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return bytes === null ? head : Buffer.concat([head, bytes])
}

/** Serves what was recorded. The handler keeps each request: no answer ends it. */
async function serveAll(recorded, HttpServer) {
  const pool = new Map()
  let arrived
  const server = new HttpServer({ timeouts: { receive: 0 } })
  server.listen((request) => {
    arrived(request)
    return new Promise(() => {})
  })
  server.unref()
  for (const one of recorded) {
    const came = new Promise((resolve) => {
      arrived = resolve
    })
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.unref()
    socket.write(bytesOf(one))
    // What the server refuses, with an answer of its own, no handler can see.
    const request = await Promise.race([came, once(socket, 'data').then(() => null)])
    if (request !== null) pool.set(one.key, [...(pool.get(one.key) ?? []), request])
  }
  return pool
}

/**
 * @param {object[]} recorded
 * @param {typeof import('milouv')} milouv
 * @param {(Request: Function) => void} define
 * @returns {Promise<() => number>} tells how many came from the server so far
 */
export async function servedRequests(recorded, { HttpServer, Request }, define) {
  const pool = await serveAll(recorded, HttpServer)
  let served = 0
  define(new Proxy(Request, {
    construct(Class, args) {
      const made = new Class(...args)
      const request = pool.get(keyOf(made, args))?.shift()
      if (request === undefined) return made
      served++
      return request
    },
  }))
  return () => served
}
