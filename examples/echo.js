// Sends back what it gets: the body as it streams in, never held as a whole.

import { HttpServer, Response } from 'milouv'

const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })

server.listen((request) => {
  const type = request.headers.get('content-type') ?? 'application/octet-stream'
  return new Response(request.body, { headers: { 'content-type': type } })
})

console.log(`listening on ${server.url}`)
console.log(`try: curl -d 'hello there' ${server.url}`)
