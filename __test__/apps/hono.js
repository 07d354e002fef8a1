import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { getCookie, setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { jwt, sign } from 'hono/jwt'
import { methodOverride } from 'hono/method-override'
import { proxy } from 'hono/proxy'
import { secureHeaders } from 'hono/secure-headers'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { timeout } from 'hono/timeout'

export const SECRET = 'a secret of the tests'
const root = fileURLToPath(new URL('./static', import.meta.url))
const app = new Hono()

app.get('/', (c) => c.text('grüße'))
app.get('/json/:name', (c) => c.json({ ...c.req.param(), query: c.req.queries('q') }))
app.get('/html', secureHeaders(), (c) => c.html('<p>html</p>'))
app.get('/redirect', (c) => c.redirect('/'))
app.get('/cookies', (c) => {
  setCookie(c, 'one', '1', { httpOnly: true })
  setCookie(c, 'two', 'zwei ü', { path: '/a' })
  c.header('x-added', 'yes')
  return c.json(getCookie(c))
})

app.post('/limited', bodyLimit({ maxSize: 1000 }), async (c) => c.text(await c.req.text()))
app.post('/limited/json', bodyLimit({ maxSize: 1000 }), async (c) => c.json(await c.req.json()))
app.post('/form', async (c) => {
  const { text, file } = await c.req.parseBody()
  return c.json({ text, name: file?.name, content: await file?.text() })
})
app.post('/twice', async (c) => c.json([await c.req.text(), await c.req.json()]))

app.use('/override/*', methodOverride({ app }))
app.delete('/override/thing', async (c) => c.json({ deleted: await c.req.parseBody() }))
app.post('/override/thing', (c) => c.text('posted'))
app.use('/override-header', methodOverride({ app, header: 'x-method' }))
app.put('/override-header', async (c) => c.text(`put ${await c.req.text()}`))

app.use('/etag/*', etag())
app.get('/etag/text', (c) => c.text('tagged'))
app.get('/etag/raw', () => new Response('tagged'))

app.use('/compress/*', compress())
app.get('/compress/text', (c) => c.text('compressed '.repeat(1000)))
app.get('/compress/small', (c) => {
  c.header('content-length', '5')
  return c.text('small')
})
app.get('/compress/stream', (c) =>
  streamText(c, async (text) => {
    for (let at = 0; at < 100; at++) await text.writeln(`line ${at}`)
  }),
)

app.use('/cors/*', cors({ origin: 'http://allowed.test', credentials: true, maxAge: 60 }))
app.get('/cors/data', (c) => c.json('data'))

app.get('/token', async (c) => c.text(await sign({ sub: 'somebody' }, SECRET, 'HS256')))
app.use('/private/*', jwt({ secret: SECRET, alg: 'HS256' }))
app.get('/private/who', (c) => c.json(c.get('jwtPayload')))

app.get('/stream', (c) =>
  stream(c, async (out) => {
    await out.write(new Uint8Array([1, 2, 3]))
    await out.sleep(10)
    await out.pipe(new Blob([new Uint8Array([4, 5])]).stream())
  }),
)
const left = []
app.get('/left', (c) => c.json(left))
app.get('/sse', (c) =>
  streamSSE(c, async (out) => {
    out.onAbort(() => left.push('sse'))
    for (let id = 0; id < Number(c.req.query('count')); id++) {
      await out.writeSSE({ data: `event ${id}\nsecond line`, event: 'tick', id: String(id) })
      await out.sleep(5)
    }
  }),
)

app.use('/static/*', serveStatic({ root, rewriteRequestPath: (path) => path.slice(7) }))

const mounted = new Hono().post('/echo', async (c) => c.text(`${c.req.path} ${await c.req.text()}`))
app.route('/routed', mounted)
app.mount('/mounted', mounted.fetch)
app.mount('/other', async (request) =>
  Response.json([request.method, new URL(request.url).pathname, await request.text()]),
)

app.get('/proxy/*', (c) => proxy(new URL(c.req.path.slice(6), c.req.url), c.req))

app.get('/slow', timeout(20), async (c) => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  return c.text('late')
})
app.get('/fail', () => {
  throw new HTTPException(403, { message: 'not you' })
})
app.get('/break', () => {
  throw new Error('on purpose')
})
app.use('/wrapped', async (c, next) => {
  await next()
  c.res = new Response(`[${await c.res.text()}]`, c.res)
  c.res.headers.set('x-wrapped', 'yes')
})
app.get('/wrapped', (c) => c.text('inner'))
app.onError((error, c) =>
  error instanceof HTTPException ? error.getResponse() : c.text(`failed: ${error.message}`, 500),
)
app.notFound((c) => c.text(`nothing at ${c.req.path}`, 404))

export default app
