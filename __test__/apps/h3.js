import {
  createEventStream,
  defineHandler,
  getCookie,
  getQuery,
  H3,
  HTTPError,
  handleCors,
  html,
  iterable,
  noContent,
  proxyRequest,
  readBody,
  readFormData,
  redirect,
  setCookie,
  useSession,
} from 'h3'

const password = 'a password of the tests that is long enough'
const app = new H3()

app.get('/', () => 'grüße')
app.get('/json/:name', (event) => ({ ...event.context.params, ...getQuery(event) }))
app.get('/bytes', () => new Uint8Array([1, 2, 3]))
app.get('/blob', () => new Blob(['blob'], { type: 'text/x' }))
app.get('/stream', () => new Blob(['stream']).stream())
app.get('/html', () => html`<p>${'<html>'}</p>`)
app.get('/nothing', () => noContent())
app.get('/redirect', () => redirect('/to', 307))
app.get('/response', () => new Response('made', { status: 203, headers: { 'x-made': 'yes' } }))
app.get('/pieces', () =>
  iterable(
    (async function* () {
      yield 'one,'
      await new Promise((resolve) => setTimeout(resolve, 10))
      yield new TextEncoder().encode('two')
    })(),
  ),
)
app.post('/echo', async (event) => ({
  body: await readBody(event),
  length: event.req.headers.get('content-length'),
}))
app.post('/raw', (event) => event.req.body)
app.post('/form', async (event) => {
  const form = await readFormData(event)
  return { text: form.get('text'), content: await form.get('file').text() }
})
app.get('/cookies', (event) => {
  setCookie(event, 'one', '1', { path: '/' })
  setCookie(event, 'two', '2', { httpOnly: true })
  event.res.headers.set('x-added', 'yes')
  event.res.status = 202
  return { theirs: getCookie(event, 'a') }
})
app.get('/visits', async (event) => {
  const session = await useSession(event, { password })
  await session.update((data) => ({ count: (data.count ?? 0) + 1 }))
  return session.data
})
app.get('/events', (event) => {
  const stream = createEventStream(event)
  const run = async () => {
    await stream.push({ event: 'tick', data: 'one' })
    await stream.push('two')
    await stream.close()
  }
  run()
  return stream.send()
})
app.all('/cors', (event) => {
  const answer = handleCors(event, { origin: ['http://allowed.test'], methods: '*' })
  return answer || 'data'
})
app.all('/proxy/**', (event) =>
  proxyRequest(event, `${event.url.origin}${event.url.pathname.slice(6)}${event.url.search}`),
)
app.get('/fail', () => {
  throw new HTTPError({ status: 418, statusText: 'Teapot', data: { reason: 'tea' } })
})
app.get('/break', () => {
  throw new Error('on purpose')
})
app.use('/wrapped', async (event, next) => {
  event.context.seen = event.req.headers.get('x-a')
  const inner = await next()
  return `[${inner}]`
})
app.get(
  '/wrapped',
  defineHandler((event) => `seen ${event.context.seen}`),
)
app.mount(
  '/mounted',
  new H3().post('/**', async (event) => `${event.url.pathname} ${await event.req.text()}`),
)
app.mount('/fetch', (request) => Response.json([request.method, new URL(request.url).pathname]))

export default app
