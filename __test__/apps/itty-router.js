import {
  AutoRouter,
  cors,
  error,
  html,
  json,
  Router,
  StatusError,
  status,
  text,
  withContent,
  withCookies,
  withParams,
} from 'itty-router'

const { preflight, corsify } = cors({ origin: ['http://allowed.test'], credentials: true })
const nested = Router({ base: '/nested' })
nested.get('/:a/:b?', ({ params, query }) => json({ params, query }))
nested.all('*', ({ url }) => text(`none at ${new URL(url).pathname}`, { status: 404 }))

const router = AutoRouter({
  before: [
    preflight,
    (request) => {
      // An app's own members on the request, as this router's users have them.
      request.started = 'before'
    },
  ],
  finally: [corsify],
})

router
  .get('/', () => 'grüße')
  .get('/before', ({ started }) => ({ started }))
  .get('/hello/:name', ({ name, query }) => ({ name, query }))
  .get('/params/:a+', withParams, ({ a, method }) => ({ a, method }))
  .post('/content', withContent, ({ content }) => ({
    content: content instanceof FormData ? [...content] : content,
  }))
  .post('/text', async (request) => text(await request.text()))
  .get('/cookies', withCookies, ({ cookies }) => cookies)
  .get('/html', () => html('<p>html</p>'))
  .get('/status', () => status(204))
  .get('/missing', () => error(404, 'not here'))
  .get('/teapot', () => {
    throw new StatusError(418, { tea: true })
  })
  .get('/break', () => {
    throw new Error('on purpose')
  })
  .get('/made', () => new Response('made', { status: 201, headers: { 'x-made': 'yes' } }))
  .all('/nested/*', nested.fetch)

export default router
