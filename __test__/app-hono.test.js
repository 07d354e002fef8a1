import assert from 'node:assert/strict'
import { get } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { assertBytes } from './support/answers.js'
import { testApp } from './support/apps.js'
import { request } from './support/raw-client.js'
import { eventually } from './support/serve.js'

const post = (body, headers = {}) => ({ method: 'POST', body, headers })

/** The bytes of an answer as they come, with their head. */
const undecoded = (client, path) =>
  new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': 'gzip' }
    get(client.origin + path, { headers }, async (answer) => {
      const pieces = []
      for await (const piece of answer) pieces.push(piece)
      resolve({ headers: answer.headers, body: Buffer.concat(pieces) })
    }).on('error', reject)
  })

testApp('hono', {
  async 'text, JSON, HTML, and nothing'(client) {
    assert.deepEqual(await client.text('/'), [200, 'grüße'])
    const [, json] = await client.json('/json/a%20b?q=1&q=ü')
    assert.deepEqual(json, { name: 'a b', query: ['1', 'ü'] })
    const html = await client.ask('/html')
    assert.equal(html.headers.get('content-type'), 'text/html; charset=UTF-8')
    assert.equal(html.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(await html.text(), '<p>html</p>')
    assert.deepEqual(await client.text('/none'), [404, 'nothing at /none'])
    const head = await client.ask('/', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
    assert.equal((await client.ask('/redirect')).headers.get('location'), '/')
  },

  async cookies(client) {
    const answer = await client.ask('/cookies', { headers: { cookie: 'a=b; c=d%20e' } })
    assert.deepEqual(await answer.json(), { a: 'b', c: 'd e' })
    assert.equal(answer.headers.get('x-added'), 'yes')
    const all = ['one=1; Path=/; HttpOnly', 'two=zwei%20%C3%BC; Path=/a']
    assert.deepEqual(answer.headers.getSetCookie(), all)
  },

  async 'body-limit'(client) {
    assert.deepEqual(await client.text('/limited', post('x'.repeat(1000))), [200, 'x'.repeat(1000)])
    assert.deepEqual(await client.text('/limited', post('x'.repeat(1001))), [
      413,
      'Payload Too Large',
    ])
    const streamed = (size) => ({
      ...post(new Blob(['y'.repeat(size)]).stream()),
      duplex: 'half',
    })
    assert.deepEqual(await client.text('/limited', streamed(1000)), [200, 'y'.repeat(1000)])
    assert.equal((await client.text('/limited', streamed(5000)))[0], 413)
    const chunks = { ...post(new Blob(['{"a":[1,2]}']).stream()), duplex: 'half' }
    assert.deepEqual(await client.text('/limited/json', chunks), [200, '{"a":[1,2]}'])
  },

  async 'forms and files'(client) {
    const form = new FormData()
    form.append('text', 'ü')
    form.append('file', new File(['content'], 'name.txt'))
    const expected = { text: 'ü', name: 'name.txt', content: 'content' }
    assert.deepEqual(await (await client.ask('/form', post(form))).json(), expected)
    const answer = await client.ask('/form', post(new URLSearchParams({ text: 'a&b' })))
    assert.deepEqual(await answer.json(), { text: 'a&b' })
    assert.deepEqual(await (await client.ask('/twice', post('{"a":1}'))).json(), [
      '{"a":1}',
      { a: 1 },
    ])
  },

  async 'method-override'(client) {
    const form = new URLSearchParams({ _method: 'DELETE', name: 'a' })
    const answer = await client.ask('/override/thing', post(form))
    assert.deepEqual(await answer.json(), { deleted: { name: 'a' } })
    const multipart = new FormData()
    multipart.append('_method', 'DELETE')
    multipart.append('name', 'b')
    const other = await client.ask('/override/thing', post(multipart))
    assert.deepEqual(await other.json(), { deleted: { name: 'b' } })
    const plain = await client.text('/override/thing', post(new URLSearchParams({ name: 'a' })))
    assert.deepEqual(plain, [200, 'posted'])
    const byHeader = await client.text('/override-header', post('body', { 'x-method': 'PUT' }))
    assert.deepEqual(byHeader, [200, 'put body'])
  },

  async etag(client) {
    for (const path of ['/etag/text', '/etag/raw']) {
      const first = await client.ask(path)
      const tag = first.headers.get('etag')
      assert.match(tag, /^"[0-9a-f]{40}"$/)
      assert.equal(await first.text(), 'tagged')
      const second = await client.ask(path, { headers: { 'if-none-match': tag } })
      assert.deepEqual([second.status, second.headers.get('etag')], [304, tag])
      assert.equal(await second.text(), '')
    }
  },

  async compress(client) {
    const { headers, body } = await undecoded(client, '/compress/text')
    assert.equal(headers['content-encoding'], 'gzip')
    assertBytes(gunzipSync(body), 'compressed '.repeat(1000))
    assert.deepEqual(await client.text('/compress/text'), [200, 'compressed '.repeat(1000)])
    const small = await undecoded(client, '/compress/small')
    assert.equal(small.headers['content-encoding'], undefined)
    assertBytes(small.body, 'small')
    const lines = Array.from({ length: 100 }, (_, at) => `line ${at}\n`).join('')
    assert.deepEqual(await client.text('/compress/stream'), [200, lines])
  },

  async cors(client) {
    const origin = 'http://allowed.test'
    const answer = await client.ask('/cors/data', { headers: { origin } })
    assert.equal(answer.headers.get('access-control-allow-origin'), origin)
    assert.equal(await answer.text(), '"data"')
    const headers = { origin, 'access-control-request-method': 'GET' }
    const asked = await client.ask('/cors/data', { method: 'OPTIONS', headers })
    assert.equal(asked.status, 204)
    assert.equal(asked.headers.get('access-control-max-age'), '60')
    assert.match(asked.headers.get('access-control-allow-methods'), /GET/)
  },

  async jwt(client) {
    const [status, text] = await client.text('/private/who')
    assert.deepEqual([status, text], [401, 'Unauthorized'])
    const [, token] = await client.text('/token')
    const who = (bearer) => client.ask('/private/who', { headers: { authorization: bearer } })
    assert.deepEqual(await (await who(`Bearer ${token}`)).json(), { sub: 'somebody' })
    const bad = await who(`Bearer ${token}x`)
    assert.equal(bad.status, 401)
    assert.match(bad.headers.get('www-authenticate'), /invalid_token/)
  },

  async streaming(client) {
    const answer = await client.ask('/stream')
    assertBytes(await answer.arrayBuffer(), new Uint8Array([1, 2, 3, 4, 5]))
  },

  async 'server-sent events'(client) {
    const answer = await client.ask('/sse?count=3')
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    const event = (id) => `event: tick\ndata: event ${id}\ndata: second line\nid: ${id}\n\n`
    assert.equal(await answer.text(), [0, 1, 2].map(event).join(''))
    const raw = await client.raw()
    raw.send(request('GET /sse?count=100000'))
    await raw.arrived(/event 2/)
    await raw.reset()
    await eventually(async () => assert.deepEqual((await client.json('/left'))[1], ['sse']))
  },

  async 'static files'(client) {
    const plain = await client.ask('/static/plain.txt')
    assert.match(plain.headers.get('content-type'), /^text\/plain/)
    assert.equal(plain.headers.get('content-length'), '11')
    assert.equal(await plain.text(), 'plain text\n')
    assert.match((await client.text('/static/'))[1], /<title>index<\/title>/)
    const part = await client.ask('/static/plain.txt', { headers: { range: 'bytes=6-9' } })
    assert.deepEqual([part.status, await part.text()], [206, 'text'])
    assert.equal(part.headers.get('content-range'), 'bytes 6-9/11')
    const head = await client.ask('/static/plain.txt', { method: 'HEAD' })
    assert.deepEqual([head.headers.get('content-length'), await head.text()], ['11', ''])
    assert.equal((await client.ask('/static/none.txt')).status, 404)
    assert.equal((await client.ask('/static/%2e%2e/hono.js')).status, 404)
  },

  async 'app.route and app.mount'(client) {
    assert.deepEqual(await client.text('/routed/echo', post('a')), [200, '/routed/echo a'])
    assert.deepEqual(await client.text('/mounted/echo', post('b')), [200, '/echo b'])
    const other = await client.ask('/other/a/b', post('c'))
    assert.deepEqual(await other.json(), ['POST', '/a/b', 'c'])
    assert.deepEqual(await (await client.ask('/other')).json(), ['GET', '/', ''])
  },

  async 'the proxy helper'(client) {
    assert.deepEqual(await client.text('/proxy/'), [200, 'grüße'])
    assert.deepEqual(await client.text('/proxy/compress/text'), [200, 'compressed '.repeat(1000)])
    const answer = await client.ask('/proxy/cookies', { headers: { cookie: 'a=b' } })
    assert.deepEqual(await answer.json(), { a: 'b' })
    assert.equal(answer.headers.getSetCookie().length, 2)
  },

  async 'errors, time-outs, and what middleware makes of an answer'(client) {
    assert.deepEqual(await client.text('/fail'), [403, 'not you'])
    assert.deepEqual(await client.text('/break'), [500, 'failed: on purpose'])
    assert.deepEqual(await client.text('/slow'), [504, 'Gateway Timeout'])
    const answer = await client.ask('/wrapped')
    assert.equal(answer.headers.get('x-wrapped'), 'yes')
    assert.equal(await answer.text(), '[inner]')
  },
})
