// The smallest server: a Request comes in, a Response goes out.

import { HttpServer } from 'milouv'

const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })

server.listen(async (request, info) => {
  const { pathname } = new URL(request.url)
  if (request.method === 'POST') return new Response(await request.text())
  return Response.json({ pathname, from: info.remoteAddress.address })
})

console.log(`listening on ${server.url}`)
console.log(`try: curl -i ${server.url}hello`)
