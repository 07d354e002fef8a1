// A reverse proxy: what fetch gives is a Response, and a Response is an answer. Bodies stream both
// ways, and when the client leaves, so does the request to the upstream.

import { HttpServer } from 'milouv'

const upstream = process.env.UPSTREAM ?? 'http://127.0.0.1:8080'
const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })

server.listen((request) => {
  const { method, headers, signal } = request
  const { pathname, search } = new URL(request.url)
  // Not new URL(pathname, upstream): a path that begins with // would name another host.
  const url = Object.assign(new URL(upstream), { pathname, search })
  // fetch sends no body with GET and HEAD.
  const body = method === 'GET' || method === 'HEAD' ? null : request.body
  return fetch(url, { method, headers: endToEnd(headers), body, signal, ...RELAY })
})

/** The client sees redirects itself; a streamed request body has to say that it is half duplex. */
const RELAY = /** @type {const} */ ({ redirect: 'manual', duplex: 'half' })

const OWN = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Fields that concern one connection only stay on it (RFC 9110, 7.6.1). */
function endToEnd(headers) {
  const copy = new Headers(headers)
  const named = (copy.get('connection') ?? '').split(',').map((name) => name.trim())
  const proxy = [...copy.keys()].filter((name) => name.startsWith('proxy-'))
  for (const name of [...OWN, ...named, ...proxy]) if (name !== '') copy.delete(name)
  return copy
}

console.log(`listening on ${server.url}`)
console.log(`try: curl -i ${server.url}`)
