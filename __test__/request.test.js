import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { createRequest, platformRequest, Request } from '../lib/request.js'
import { fakeExchange } from './support/fake-exchange.js'

const POST = 'POST /path?q=1\nhost:example.com\ncontent-type:text/plain\n'
const request = (head, options) => createRequest(fakeExchange(head, options))
const pieces = (...texts) => texts.map((text) => new TextEncoder().encode(text))
const urlOf = (target, host = 'a', method = 'GET', authority = 'self:1') =>
  request(`${method} ${target}\n${host === null ? '' : `host:${host}\n`}`, { authority }).url

test('method: any token', () => {
  for (const method of ['GET', 'POST', 'PURGE', 'M-SEARCH', 'TRACE', 'CONNECT', 'get']) {
    assert.equal(request(`${method} /\nhost:a\n`).method, method)
  }
})

test('url: as the platform would write it', () => {
  const targets = [
    '/',
    '/a/b',
    '/a?b=c',
    '//b/c',
    '/a/../b',
    '/a/./b',
    '/.',
    '/%2e%2E/x',
    '/a"b<c>',
  ]
  targets.push(
    "/?a='b'",
    '/?a=/../b',
    '/a%zz',
    '/a|b^`{}',
    '/a\\b',
    '/...',
    '/a?b#c',
    '/:@!$&()*+,;=',
  )
  for (const target of targets) {
    assert.equal(urlOf(target), new globalThis.Request(`http://a${target}`).url, target)
  }
})

test('url: hosts are normalized, and stand-ins found for what is none', () => {
  assert.equal(urlOf('/', 'EXAMPLE.com:80'), 'http://example.com/')
  assert.equal(urlOf('/', 'a:8080'), 'http://a:8080/')
  assert.equal(urlOf('/', '[::1]:3000'), 'http://[::1]:3000/')
  for (const host of [
    null,
    '',
    'a b',
    'a/b',
    'u@h',
    'a?b',
    'a#b',
    'a\\b',
    ':80',
    'a:99999',
    '[::',
  ]) {
    assert.equal(urlOf('/x', host), 'http://self:1/x', String(host))
  }
  assert.equal(urlOf('/x', null, 'GET', '::bad::'), 'http://localhost/x')
})

test('url: absolute, authority and asterisk form', () => {
  assert.equal(urlOf('http://other:81/p?q'), 'http://other:81/p?q')
  assert.equal(urlOf('http://user:pass@other/'), 'http://other/')
  assert.equal(urlOf('*', 'a', 'OPTIONS'), 'http://a/')
  assert.equal(urlOf('other:443', 'a', 'CONNECT'), 'http://other:443/')
  for (const target of ['http://', 'http://[', 'nonsense', '?', 'http://a b', '%', 'x://']) {
    assert.ok(URL.canParse(urlOf(target)), target)
  }
})

test('url: an absolute form whose host no URL can have goes before Host too', () => {
  for (const host of ['a%00b', 'a%2fb', '256.256.256.256', '1.2.3.4.5', '[v1.a]']) {
    assert.equal(urlOf(`http://${host}/x?y=http://z/`), 'http://self:1/x?y=http://z/', host)
    assert.equal(urlOf(`https://${host}?y`), 'http://self:1/?y', host)
    assert.equal(urlOf(`http://${host}`), 'http://self:1/', host)
    assert.equal(urlOf(`http://${host}//z`, 'a', 'GET', 'bad::'), 'http://localhost//z', host)
  }
})

test('the body that is here: every way to read it', async () => {
  const of = (body, type = 'text/plain') =>
    request(`POST /\nhost:a\ncontent-type:${type}\n`, { body })
  assert.equal(await of('h\u00e9').text(), 'h\u00e9')
  assert.deepEqual(await of('{"a":1}').json(), { a: 1 })
  assert.deepEqual(await of('ab').bytes(), new Uint8Array([97, 98]))
  assert.equal((await of('abc').arrayBuffer()).byteLength, 3)
  const blob = await of('abc', 'Text/HTML').blob()
  assert.deepEqual([blob.size, blob.type], [3, 'text/html'])
  const form = await of('a=1&b=2', 'application/x-www-form-urlencoded').formData()
  assert.deepEqual(
    [...form],
    [
      ['a', '1'],
      ['b', '2'],
    ],
  )
  await assert.rejects(of('{').json(), SyntaxError)
  await assert.rejects(of('x').formData(), TypeError)
})

test('the body that comes in pieces', async () => {
  const of = (...texts) => request(POST, { pieces: pieces(...texts) })
  assert.equal(await of('a', 'b', 'c').text(), 'abc')
  assert.deepEqual(await of('[1', ',2]').json(), [1, 2])
  assert.equal(await of().text(), '')
  const chunks = []
  for await (const chunk of of('a', '', 'bc').body) chunks.push(Buffer.from(chunk).toString())
  assert.deepEqual(chunks, ['a', 'bc'])
})

test('a byte reader works on the body', async () => {
  const reader = request(POST, { pieces: pieces('abc') }).body.getReader({ mode: 'byob' })
  const first = await reader.read(new Uint8Array(2))
  assert.deepEqual([...first.value], [97, 98])
  assert.deepEqual([...(await reader.read(new Uint8Array(2))).value], [99])
  assert.equal((await reader.read(new Uint8Array(2))).done, true)
})

test('a body is read once', async () => {
  const one = request(POST, { body: 'x' })
  assert.equal(one.bodyUsed, false)
  const text = one.text()
  assert.equal(one.bodyUsed, true)
  assert.equal(await text, 'x')
  await assert.rejects(one.text(), { name: 'TypeError', message: /already been read/ })
  assert.equal(one.body.locked, true)
  assert.throws(() => one.clone(), TypeError)
  const two = request(POST, { body: 'x' })
  const reader = two.body.getReader()
  assert.equal(two.body, two.body)
  assert.equal(two.bodyUsed, false)
  await assert.rejects(two.text(), TypeError)
  await reader.read()
  assert.equal(two.bodyUsed, true)
})

test('no body', async () => {
  const none = request('GET /\nhost:a\n')
  assert.equal(none.body, null)
  assert.equal(none.bodyUsed, false)
  assert.equal(await none.text(), '')
  assert.equal(await none.text(), '')
  assert.equal(none.bodyUsed, false)
  await assert.rejects(none.json(), SyntaxError)
})

test('a GET may have a body; a platform copy goes without', async () => {
  const get = request('GET /\nhost:a\n', { body: 'q' })
  assert.notEqual(get.body, null)
  assert.equal(platformRequest(get).body, null)
  assert.equal(await get.text(), 'q')
})

test('clone: both have the body, here or on its way', async () => {
  for (const options of [{ body: 'abc' }, { pieces: pieces('a', 'bc') }]) {
    const one = request(POST, options)
    const two = one.clone()
    assert.equal(two.url, one.url)
    assert.notEqual(two.headers, one.headers)
    assert.equal(two.headers.get('host'), 'example.com')
    assert.deepEqual(await Promise.all([one.text(), two.text()]), ['abc', 'abc'])
    assert.equal(one.bodyUsed && two.bodyUsed, true)
  }
})

test('the error of a broken body reaches the reader; cancelling reaches the exchange', async () => {
  const broken = fakeExchange(POST, { pieces: [] })
  const error = new Error('gone')
  broken.abort(error)
  await assert.rejects(createRequest(broken).text(), error)
  const left = fakeExchange(POST, { pieces: pieces('a') })
  await createRequest(left).body.cancel('why')
  assert.deepEqual(left.cancelled, { reason: 'why' })
})

test('signal: made on touch, aborts when the client leaves', () => {
  const exchange = fakeExchange(POST)
  const one = createRequest(exchange)
  assert.equal(exchange.callbacks.length, 0)
  const { signal } = one
  assert.equal(one.signal, signal)
  const copy = one.clone()
  assert.equal(signal.aborted, false)
  const error = new Error('left')
  exchange.abort(error)
  assert.equal(signal.reason, error)
  assert.equal(copy.signal.reason, error)
  assert.equal(createRequest(exchange).signal.reason, error)
})

test('the other members answer as for new Request(url)', () => {
  const ours = request('GET /x\nhost:a\n')
  const platform = new globalThis.Request('http://a/x', { headers: { host: 'a' } })
  for (const name in platform) {
    if (['signal', 'headers', 'attribute'].includes(name)) continue
    if (typeof platform[name] === 'function') assert.equal(typeof ours[name], 'function', name)
    else assert.deepEqual(ours[name], platform[name], name)
  }
  assert.equal(inspect(ours), inspect(platform))
  assert.equal(String(ours), '[object Request]')
  assert.deepEqual(Object.keys(ours), [])
})

test('instanceof, both ways', () => {
  const ours = request(POST)
  assert.ok(ours instanceof Request)
  assert.ok(ours instanceof globalThis.Request)
  assert.ok(new globalThis.Request('http://a/') instanceof Request)
  assert.ok(!({} instanceof Request))
  assert.ok(!(new globalThis.Response() instanceof Request))
  class Mine extends Request {}
  assert.ok(!(new globalThis.Request('http://a/') instanceof Mine))
  assert.ok(new Mine('http://a/') instanceof Mine)
  assert.ok(new Mine('http://a/') instanceof globalThis.Request)
})

test('new Request(...) is the platform constructor in all it does', async () => {
  const one = new Request('http://a/b', { method: 'post', body: 'x', headers: { a: 'b' } })
  assert.deepEqual([one.method, one.url, one.headers.get('a')], ['POST', 'http://a/b', 'b'])
  assert.equal(await one.clone().text(), 'x')
  const two = new Request(one, { headers: { c: 'd' } })
  assert.deepEqual([...two.headers], [['c', 'd']])
  assert.equal(await two.text(), 'x')
  assert.equal(one.bodyUsed, true)
  assert.throws(() => new Request(), TypeError)
  assert.throws(() => new Request('/relative'), TypeError)
  assert.throws(() => new Request('http://a/', { body: 'x' }), TypeError)
  const served = request(POST, { body: 'hello' })
  assert.equal(await new Request(served).text(), 'hello')
  assert.equal(served.bodyUsed, true)
  assert.throws(() => new Request(served), TypeError)
})

test('platformRequest', async () => {
  for (const options of [{ body: 'abc' }, { pieces: pieces('a', 'bc') }]) {
    const ours = request(POST, options)
    const platform = platformRequest(ours)
    assert.equal(Object.getPrototypeOf(platform), globalThis.Request.prototype)
    assert.equal(platform.url, ours.url)
    assert.equal(platform.headers.get('content-type'), 'text/plain')
    assert.equal(await platform.text(), 'abc')
    assert.equal(ours.bodyUsed, true)
  }
})

test('what is no Request', async () => {
  const { get } = Object.getOwnPropertyDescriptor(Request.prototype, 'url')
  assert.throws(() => get.call({}), TypeError)
  await assert.rejects(Request.prototype.text.call({}), TypeError)
})
