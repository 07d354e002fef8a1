// One handler per kind of work, the same source for every server with a fetch face: they differ
// in whose Response they are given and in nothing else.
import { ANSWERS, bytes, PIECE_BYTES, PIECES, turn, user } from './plain-handlers.mjs'

/** @param {typeof globalThis.Response} Response */
export async function fetchHandler(kind, Response) {
  // A new object for each answer, as a handler that is written without thinking of it has.
  const answer = (body) => new Response(body, { headers: { 'content-type': 'text/plain' } })
  switch (kind) {
    case 'hello':
    case 'hello-close':
    case 'hello-idle':
      return () => new Response('Hello World', { headers: { 'content-type': 'text/plain' } })
    case 'async':
      return async () => {
        await turn()
        return answer('Hello World')
      }
    case 'header':
      return (request) =>
        new Response(request.headers.get('accept-language'), {
          headers: { 'content-type': 'text/plain' },
        })
    case 'json':
      return () => Response.json(user())
    case 'touch-json':
      return async (request) => {
        const { pathname, searchParams } = new URL(request.url)
        const { name } = await request.json()
        return Response.json({
          path: pathname,
          page: searchParams.get('page'),
          type: request.headers.get('content-type'),
          id: request.headers.get('x-request-id'),
          language: request.headers.get('accept-language'),
          name,
        })
      }
    case 'echo':
    case 'echo-64k':
      return async (request) =>
        new Response(await request.text(), { headers: { 'content-type': 'text/plain' } })
    case 'answer-64k':
    case 'answer-10m': {
      const body = bytes(ANSWERS[kind])
      return () => answer(body)
    }
    case 'streamed': {
      const piece = bytes(PIECE_BYTES)
      return () => answer(streamOf(piece))
    }
    case 'upload':
      return async (request) => {
        let count = 0
        for await (const piece of request.body) count += piece.byteLength
        return answer(String(count))
      }
    case 'hono':
    case 'hono-json':
      return (await honoApp()).fetch
    default:
      throw new Error(`no handler for ${kind}`)
  }
}

/** Pieces that come one after another, each a turn of the loop after it was asked for. */
function streamOf(piece) {
  let left = PIECES
  return new ReadableStream({
    async pull(controller) {
      await turn()
      controller.enqueue(piece)
      left -= 1
      if (left === 0) controller.close()
    },
  })
}

async function honoApp() {
  const { Hono } = await import('hono')
  const app = new Hono()
  app.get('/', (c) => c.text('Hello World'))
  app.get('/users/:id', (c) => c.json({ id: c.req.param('id'), page: c.req.query('page') }))
  return app
}
