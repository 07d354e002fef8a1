import { createServer } from 'node:http'
import { isUnread, locate, pause, planFor } from './echo.mjs'

async function readAll(request) {
  let text = ''
  request.setEncoding('latin1')
  for await (const piece of request) text += piece
  return text
}

function sendPieces(response, [piece, ...rest]) {
  if (piece === undefined) return response.end()
  if (piece === null) return response.destroy()
  response.write(piece, 'latin1')
  setImmediate(sendPieces, response, rest)
}

function fail(response) {
  if (!response.headersSent) response.writeHead(500)
  response.end()
}

async function answer(request, response) {
  const { method, url, headers } = request
  const seen = { method, ...locate(url, headers.host), headers }
  if (!isUnread(seen.pathname)) {
    await pause(seen.pathname)
    seen.body = await readAll(request)
    seen.trailers = request.trailers
  }
  const plan = planFor(seen)
  if (plan.fails) return fail(response)
  if (plan.hints) response.writeEarlyHints({ link: plan.hints[0][1] })
  response.statusCode = plan.status
  for (const [name, value] of plan.headers) response.appendHeader(name, value)
  if (plan.pieces) return sendPieces(response, plan.pieces)
  response.end(plan.text ?? undefined)
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => fail(response))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
