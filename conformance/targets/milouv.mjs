import { HttpServer, Response } from 'milouv'
import { isUnread, locate, PlannedFailure, pause, planFor } from './echo.mjs'

async function* produce(pieces) {
  for (const piece of pieces) {
    if (piece === null) throw new PlannedFailure('planned')
    yield Buffer.from(piece, 'latin1')
    await new Promise(setImmediate)
  }
}

function seenOf(request) {
  const { method, url, headers } = request
  return { method, ...locate(url), headers: Object.fromEntries(headers) }
}

function answerTo(seen, info) {
  const plan = planFor(seen)
  if (plan.fails) throw new PlannedFailure('planned')
  if (plan.hints) info.sendInformational(103, plan.hints)
  const body = plan.pieces ? ReadableStream.from(produce(plan.pieces)) : plan.text
  return new Response(body, { status: plan.status, headers: plan.headers })
}

async function readAndAnswer(request, info, seen) {
  await pause(seen.pathname)
  const body = Buffer.from(await request.arrayBuffer()).toString('latin1')
  const trailers = Object.fromEntries(await info.trailers)
  return answerTo({ ...seen, body, trailers }, info)
}

function handler(request, info) {
  const seen = seenOf(request)
  return isUnread(seen.pathname) ? answerTo(seen, info) : readAndAnswer(request, info, seen)
}

const server = new HttpServer({ onError: () => undefined })
server.listen(handler)
console.log(server.port)
