import assert from 'node:assert/strict'
import { assertBytes } from './support/answers.js'
import { testApp } from './support/apps.js'

const post = (body, headers = {}) => ({ method: 'POST', body, headers })

testApp('h3', {
  async 'what a handler may return'(client) {
    assert.deepEqual(await client.text('/'), [200, 'grüße'])
    assert.deepEqual(await client.json('/json/a?b=%C3%BC'), [200, { name: 'a', b: 'ü' }])
    assertBytes(await (await client.ask('/bytes')).arrayBuffer(), [1, 2, 3])
    const blob = await client.ask('/blob')
    assert.deepEqual([blob.headers.get('content-type'), await blob.text()], ['text/x', 'blob'])
    assert.deepEqual(await client.text('/stream'), [200, 'stream'])
    assert.deepEqual(await client.text('/pieces'), [200, 'one,two'])
    const html = await client.ask('/html')
    assert.match(html.headers.get('content-type'), /^text\/html/)
    assert.equal(await html.text(), '<p>&lt;html&gt;</p>')
    assert.deepEqual(await client.text('/nothing'), [204, ''])
    const made = await client.ask('/response')
    assert.deepEqual([made.status, made.headers.get('x-made')], [203, 'yes'])
    assert.equal(await made.text(), 'made')
    const redirected = await client.ask('/redirect')
    assert.deepEqual([redirected.status, redirected.headers.get('location')], [307, '/to'])
    const head = await client.ask('/', { method: 'HEAD' })
    assert.equal(await head.text(), '')
  },

  async bodies(client) {
    const [, echo] = await client.json('/echo', { method: 'POST', body: { a: [1, 'ü'] } })
    assert.deepEqual(echo, { body: { a: [1, 'ü'] }, length: '14' })
    const form = new URLSearchParams({ a: 'b c' })
    assert.deepEqual((await (await client.ask('/echo', post(form))).json()).body, { a: 'b c' })
    const bytes = new Uint8Array(300_000).map((_, at) => at % 251)
    assertBytes(await (await client.ask('/raw', post(bytes))).arrayBuffer(), bytes)
    const multipart = new FormData()
    multipart.append('text', 'ü')
    multipart.append('file', new File(['content'], 'name'))
    const read = await client.ask('/form', post(multipart))
    assert.deepEqual(await read.json(), { text: 'ü', content: 'content' })
  },

  async 'cookies, headers and status'(client) {
    const answer = await client.ask('/cookies', { headers: { cookie: 'a=b' } })
    assert.equal(answer.status, 202)
    assert.deepEqual(await answer.json(), { theirs: 'b' })
    assert.equal(answer.headers.get('x-added'), 'yes')
    const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
    assert.deepEqual(cookies, ['one=1', 'two=2'])
  },

  async 'a session'(client) {
    let cookie = ''
    for (const count of [1, 2, 3]) {
      const answer = await client.ask('/visits', { headers: { cookie } })
      assert.deepEqual(await answer.json(), { count })
      cookie = answer.headers.getSetCookie().at(-1).split(';')[0]
    }
  },

  async 'server-sent events'(client) {
    const answer = await client.ask('/events')
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    assert.equal(await answer.text(), 'event: tick\ndata: one\n\ndata: two\n\n')
  },

  async cors(client) {
    const headers = { origin: 'http://allowed.test', 'access-control-request-method': 'PUT' }
    const asked = await client.ask('/cors', { method: 'OPTIONS', headers })
    assert.equal(asked.status, 204)
    assert.equal(asked.headers.get('access-control-allow-origin'), 'http://allowed.test')
    const answer = await client.ask('/cors', { headers })
    assert.equal(answer.headers.get('access-control-allow-origin'), 'http://allowed.test')
    assert.equal(await answer.text(), 'data')
  },

  async 'the proxy'(client) {
    assert.deepEqual(await client.json('/proxy/json/x?b=1'), [200, { name: 'x', b: '1' }])
    const [status, echo] = await client.json('/proxy/echo', { method: 'POST', body: { a: 1 } })
    assert.deepEqual([status, echo.body], [200, { a: 1 }])
    const cookies = await client.ask('/proxy/cookies')
    assert.equal(cookies.headers.getSetCookie().length, 2)
    assert.deepEqual(await client.text('/proxy/pieces'), [200, 'one,two'])
  },

  async errors(client) {
    const [status, told] = await client.json('/fail')
    assert.deepEqual([status, told.data], [418, { reason: 'tea' }])
    const [broken, text] = await client.text('/break')
    assert.equal(broken, 500)
    assert.doesNotMatch(text, /on purpose/)
    assert.equal((await client.text('/none'))[0], 404)
  },

  async 'middleware and what is mounted'(client) {
    const headers = { 'x-a': 'b' }
    assert.deepEqual(await client.text('/wrapped', { headers }), [200, '[seen b]'])
    assert.deepEqual(await client.text('/mounted/x/y', post('c')), [200, '/mounted/x/y c'])
    const other = await client.ask('/fetch/a', post('d'))
    assert.deepEqual(await other.json(), ['POST', '/a'])
  },
})
