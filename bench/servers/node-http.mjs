import { createServer } from 'node:http'
import { announce, user } from './plain-handlers.mjs'

function send(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function echo(request, response) {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (piece) => {
    text += piece
  })
  request.on('end', () => send(response, 'text/plain', text))
}

const hello = (_, response) => send(response, 'text/plain', 'Hello World')
const handlers = {
  hello,
  'hello-close': hello,
  header: (request, response) => send(response, 'text/plain', request.headers['accept-language']),
  json: (_, response) => send(response, 'application/json', JSON.stringify(user())),
  echo,
}

const server = createServer(handlers[process.argv[2]])
server.listen(0, '127.0.0.1', () => announce(server.address().port))
