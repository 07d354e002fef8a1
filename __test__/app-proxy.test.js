import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { assertBytes } from './support/answers.js'
import { testApp } from './support/apps.js'
import { chunked, request } from './support/raw-client.js'
import { eventually } from './support/serve.js'

const WAYS = ['request', 'members', 'response', 'buffered', 'init']
const STREAMING = WAYS.filter((way) => way !== 'buffered')
const text = 'compressed '.repeat(5000)
const bytes = new Uint8Array(500_000).map((_, at) => at % 251)
const left = []

const routes = {
  '/show': ({ method, url, headers }, response) =>
    response.end(JSON.stringify([method, url, headers['x-a'], headers['content-type']])),
  '/echo': (incoming, response) => incoming.pipe(response),
  '/gzip': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip', etag: '"a"' }).end(gzipSync(text)),
  '/br': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync(text)),
  '/plain': (_, response) => response.writeHead(200, { 'content-length': text.length }).end(text),
  '/cookies': (_, response) =>
    response
      .writeHead(201, 'Made', { 'set-cookie': ['a=1', 'b=2'], connection: 'x-hop', 'x-hop': '1' })
      .end(),
  '/redirect': (_, response) => response.writeHead(302, { location: '/show' }).end(),
  '/304': (_, response) => response.writeHead(304, { etag: '"a"' }).end(),
  '/204': (_, response) => response.writeHead(204).end(),
  '/500': (_, response) => response.writeHead(500).end('theirs'),
  '/endless': (_, response) => {
    response.write('first')
    const timer = setInterval(() => response.write('more'), 5)
    response.on('close', () => {
      clearInterval(timer)
      left.push('upstream')
    })
  },
}

const upstream = createServer((incoming, response) =>
  routes[incoming.url.split('?')[0]](incoming, response),
)
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => {
  upstream.close()
  upstream.closeAllConnections()
})

const tests = {
  async 'method, path and headers'(client) {
    for (const way of WAYS) {
      const headers = { 'x-a': 'b', 'content-type': 'text/x' }
      const [, get] = await client.json(`/${way}/show?q=%C3%BC`, { headers: { ...headers } })
      assert.deepEqual(get, ['GET', '/show?q=%C3%BC', 'b', 'text/x'])
      const options = { method: 'PUT', body: 'x', headers }
      const put = await (await client.ask(`/${way}/show`, options)).json()
      assert.deepEqual(put, ['PUT', '/show', 'b', 'text/x'])
    }
  },

  async 'bodies both ways'(client) {
    for (const way of WAYS) {
      const sent = await client.ask(`/${way}/echo`, { method: 'POST', body: bytes })
      assertBytes(await sent.arrayBuffer(), bytes)
      const body = new Blob([bytes]).stream()
      const streamed = await client.ask(`/${way}/echo`, { method: 'POST', body, duplex: 'half' })
      assertBytes(await streamed.arrayBuffer(), bytes)
      assert.deepEqual(await client.text(`/${way}/echo`, { method: 'POST', body: '' }), [200, ''])
      const raw = await client.raw()
      const fields = ['transfer-encoding: chunked']
      const line = request(`POST /${way}/echo`, fields, chunked(['one', 'two']))
      assert.equal((await raw.ask(line)).text, 'onetwo')
    }
  },

  async 'a piece goes through before the next is sent'(client) {
    for (const way of STREAMING) {
      const raw = await client.raw()
      raw.send(request(`POST /${way}/echo`, ['transfer-encoding: chunked'], '3\r\none\r\n'))
      await raw.arrived(/one/)
      raw.send('3\r\ntwo\r\n0\r\n\r\n')
      assert.equal((await raw.answer()).text, 'onetwo')
    }
  },

  async 'what was compressed'(client) {
    for (const way of WAYS) {
      for (const path of ['gzip', 'br', 'plain']) {
        const answer = await client.ask(`/${way}/${path}`)
        assert.equal(answer.headers.get('content-encoding'), null)
        assert.equal(await answer.text(), text)
        const head = await client.ask(`/${way}/${path}`, { method: 'HEAD' })
        assert.deepEqual([head.status, await head.text()], [200, ''])
      }
      assert.equal((await client.ask(`/${way}/gzip`)).headers.get('etag'), '"a"')
    }
  },

  async 'status, reason, cookies, and fields of that connection'(client) {
    for (const way of WAYS) {
      const answer = await client.ask(`/${way}/cookies`)
      assert.deepEqual([answer.status, answer.statusText], [201, 'Made'])
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(answer.headers.get('x-hop'), way === 'buffered' ? '1' : null)
      assert.equal(answer.headers.get('x-mine'), way === 'response' ? 'yes' : null)
    }
  },

  async 'answers without a body, and errors'(client) {
    for (const way of WAYS.filter((each) => each !== 'buffered')) {
      const raw = await client.raw()
      for (const status of [204, 304]) {
        const answer = await raw.ask(request(`GET /${way}/${status}`))
        assert.deepEqual([answer.status, answer.text], [status, ''])
      }
      assert.deepEqual(await client.text(`/${way}/500`), [500, 'theirs'])
    }
  },

  async redirections(client) {
    for (const way of ['request', 'members', 'response', 'buffered']) {
      const answer = await client.ask(`/${way}/redirect`)
      assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/show'])
    }
    assert.equal((await client.json('/init/redirect'))[1][1], '/show')
  },

  async 'the upstream hears when the client leaves'(client) {
    for (const way of STREAMING) {
      left.length = 0
      const raw = await client.raw()
      raw.send(request(`GET /${way}/endless`))
      await raw.arrived(/more/)
      await raw.reset()
      await eventually(() => assert.deepEqual(left, ['upstream']))
    }
  },
}

testApp('proxy', tests, () => `http://127.0.0.1:${upstream.address().port}`)
