import assert from 'node:assert/strict'
import { assertBytes } from './support/answers.js'
import { testApp } from './support/apps.js'

const post = (body, headers = {}) => ({ method: 'POST', body, headers })
const formOf = (name) => new URLSearchParams({ name })

testApp('react-router', {
  async 'a document with what its loader gave'(client) {
    const answer = await client.ask('/')
    assert.deepEqual([answer.status, answer.headers.get('x-loaded')], [200, 'yes'])
    assert.equal(answer.headers.get('content-type'), 'text/html')
    const text = await answer.text()
    assert.match(text, /^<!DOCTYPE html><html>/)
    assert.match(text, /<p id="name">Hello, nobody<\/p>/)
    const head = await client.ask('/', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
  },

  async 'an action, its session, and where it leads'(client) {
    const origin = { origin: client.origin }
    const answer = await client.ask('/?index', post(formOf('Zoë & co'), origin))
    assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/'])
    const [cookie] = answer.headers.getSetCookie()[0].split(';')
    const [, text] = await client.text('/', { headers: { cookie } })
    assert.match(text, /Hello, Zoë &amp; co/)
    const form = new FormData()
    form.append('name', '')
    const [status, problem] = await client.text('/?index', post(form, origin))
    assert.equal(status, 422)
    assert.match(problem, /<p id="name">no name<\/p>/)
  },

  async 'what arrives late is streamed'(client) {
    const answer = await client.ask('/late')
    const pieces = []
    for await (const piece of answer.body) pieces.push(Buffer.from(piece).toString())
    assert.match(pieces[0], /<i>waiting<\/i>/)
    assert.doesNotMatch(pieces[0], /arrived late/)
    assert.match(pieces.join(''), /<b>arrived late<\/b>/)
  },

  async 'the data of a route'(client) {
    const answer = await client.ask('/_root.data')
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type'), /^text\/x-script/)
    assert.match(await answer.text(), /"name","nobody"/)
    const late = await client.ask('/late.data')
    assert.match(await late.text(), /arrived late/)
    const headers = { origin: client.origin }
    const acted = await client.ask('/_root.data?index', post(formOf('a'), headers))
    assert.equal(acted.status, 202)
    assert.equal(acted.headers.getSetCookie().length, 1)
    assert.match(await acted.text(), /"redirect","\/"/)
  },

  async 'a resource, with bodies both ways'(client) {
    const [, resource] = await client.json('/resource/a%20b?c=d')
    assert.deepEqual(resource, { id: 'a b', search: '?c=d', method: 'GET' })
    const bytes = new Uint8Array(300_000).map((_, at) => at % 251)
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const options = { ...post(bytes, { origin: client.origin }), method }
      const echo = await client.ask('/resource/x', options)
      assert.equal(echo.headers.get('x-echo'), 'yes')
      assertBytes(await echo.arrayBuffer(), bytes)
    }
  },

  async 'what is thrown'(client) {
    const [gone, text] = await client.text('/failing/response')
    assert.equal(gone, 410)
    assert.match(text, /error 410/)
    const [broken, told] = await client.text('/failing/error')
    assert.equal(broken, 500)
    assert.doesNotMatch(told, /on purpose/)
    assert.equal((await client.text('/none'))[0], 404)
    assert.equal(
      (
        await client.ask('/', {
          method: 'POST',
          body: 'x',
          headers: { origin: 'http://evil.test' },
        })
      ).status,
      400,
    )
  },
})
