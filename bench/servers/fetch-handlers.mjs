// One handler per kind of work, the same source for every server with a fetch face: they differ
// in whose Response they are given and in nothing else.
import { user } from './plain-handlers.mjs'

/** @param {typeof globalThis.Response} Response */
export async function fetchHandler(kind, Response) {
  switch (kind) {
    case 'hello':
    case 'hello-close':
      return () => new Response('Hello World', { headers: { 'content-type': 'text/plain' } })
    case 'header':
      return (request) =>
        new Response(request.headers.get('accept-language'), {
          headers: { 'content-type': 'text/plain' },
        })
    case 'json':
      return () => Response.json(user())
    case 'echo':
      return async (request) =>
        new Response(await request.text(), { headers: { 'content-type': 'text/plain' } })
    case 'hono':
    case 'hono-json':
      return (await honoApp()).fetch
    default:
      throw new Error(`no handler for ${kind}`)
  }
}

async function honoApp() {
  const { Hono } = await import('hono')
  const app = new Hono()
  app.get('/', (c) => c.text('Hello World'))
  app.get('/users/:id', (c) => c.json({ id: c.req.param('id'), page: c.req.query('page') }))
  return app
}
