// The socket under the server: raw bytes in, raw bytes out. What a client sends is printed as it
// came, so this shows what an HTTP request looks like.

import { InboundTcpSocket } from 'milouv'

const port = Number(process.env.PORT ?? 3000)
const socket = new InboundTcpSocket({ hostname: '127.0.0.1', port })

socket.listen((request, response, error) => {
  if (error) return console.error(error.code)
  console.log(request.data.toString())
  response.end('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nHello World')
})

console.log(`listening on http://${socket.hostname}:${socket.port}/`)
console.log(`try: curl -i -d 'some text' http://${socket.hostname}:${socket.port}/`)
