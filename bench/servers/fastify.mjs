import fastify from 'fastify'
import { announce, user } from './plain-handlers.mjs'

const app = fastify()
const hello = (_, reply) => reply.type('text/plain').send('Hello World')
const handlers = {
  hello,
  'hello-close': hello,
  header: (request, reply) => reply.type('text/plain').send(request.headers['accept-language']),
  json: (_, reply) => reply.send(user()),
  echo: (request, reply) => reply.type('text/plain').send(request.body),
}

app.all('/', handlers[process.argv[2]])
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address().port)
