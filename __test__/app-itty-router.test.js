import assert from 'node:assert/strict'
import { testApp } from './support/apps.js'

const post = (body, headers = {}) => ({ method: 'POST', body, headers })

testApp('itty-router', {
  async 'answers of each kind'(client) {
    assert.deepEqual(await client.json('/'), [200, 'grüße'])
    const html = await client.ask('/html')
    assert.equal(html.headers.get('content-type'), 'text/html')
    assert.equal(await html.text(), '<p>html</p>')
    assert.deepEqual(await client.text('/status'), [204, ''])
    const made = await client.ask('/made')
    assert.deepEqual([made.status, made.headers.get('x-made')], [201, 'yes'])
    assert.equal(await made.text(), 'made')
  },

  async 'members that the router puts on the request'(client) {
    assert.deepEqual(await client.json('/before'), [200, { started: 'before' }])
    const [, hello] = await client.json('/hello/a%20b?q=1&q=2')
    assert.deepEqual(hello, { name: 'a%20b', query: { q: ['1', '2'] } })
    assert.deepEqual(await client.json('/params/x/y'), [200, { a: 'x/y', method: 'GET' }])
    const headers = { cookie: 'a=1; b=zwei' }
    assert.deepEqual(await client.json('/cookies', { headers }), [200, { a: '1', b: 'zwei' }])
  },

  async content(client) {
    const content = { a: [1, 'ü'] }
    const [, json] = await client.json('/content', { method: 'POST', body: content })
    assert.deepEqual(json, { content })
    const form = await client.ask('/content', post(new URLSearchParams({ a: 'b c' })))
    assert.deepEqual(await form.json(), { content: [['a', 'b c']] })
    const text = await client.ask('/content', post('text'))
    assert.deepEqual(await text.json(), { content: 'text' })
    assert.deepEqual(await client.text('/text', post('ü'.repeat(50_000))), [
      200,
      'ü'.repeat(50_000),
    ])
  },

  async cors(client) {
    const headers = { origin: 'http://allowed.test' }
    const answer = await client.ask('/hello/a', { headers })
    assert.equal(answer.headers.get('access-control-allow-origin'), 'http://allowed.test')
    assert.equal((await answer.json()).name, 'a')
    const asked = await client.ask('/hello/a', { method: 'OPTIONS', headers })
    assert.equal(asked.status, 204)
    assert.equal(asked.headers.get('access-control-allow-credentials'), 'true')
  },

  async errors(client) {
    assert.deepEqual(await client.json('/missing'), [404, { status: 404, error: 'not here' }])
    assert.deepEqual(await client.json('/teapot'), [
      418,
      { status: 418, error: 'Unknown Error', tea: true },
    ])
    const [status, broken] = await client.json('/break')
    assert.deepEqual([status, broken.status], [500, 500])
    assert.deepEqual(await client.json('/none'), [404, { status: 404, error: 'Not Found' }])
  },

  async 'a router in a router'(client) {
    const [, found] = await client.json('/nested/1/2?c=3')
    assert.deepEqual(found, { params: { a: '1', b: '2' }, query: { c: '3' } })
    assert.deepEqual(await client.text('/nested/1/2/3'), [404, 'none at /nested/1/2/3'])
  },
})
