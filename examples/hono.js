// A Hono app: any app with a fetch method can be given to listen(). Needs: npm install hono

import { Hono } from 'hono'
import { HttpServer } from 'milouv'

const app = new Hono()

app.get('/', (context) => context.text('Hello from Hono'))
app.get('/users/:name', (context) => context.json({ name: context.req.param('name') }))
app.post('/echo', async (context) => context.json(await context.req.json()))

const server = new HttpServer({ hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
server.listen(app)

console.log(`listening on ${server.url}`)
console.log(`try: curl -i ${server.url}users/ada`)
