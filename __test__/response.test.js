import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { Response } from 'milouv'
import { toWire } from './support/to-wire.js'

const TEXT = 'content-type: text/plain;charset=UTF-8\r\n'
const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
const invalid = { name: 'TypeError', code: 'ERR_INVALID_RESPONSE' }

test('wire: text, bytes, nothing', () => {
  const text = toWire(new Response('hi'))
  assert.deepEqual(
    { ...text },
    {
      status: 200,
      reason: '',
      headers: TEXT,
      count: 1,
      body: 'hi',
      length: -1,
      trailers: undefined,
    },
  )
  const bytes = new Uint8Array([0, 1, 2])
  const wire = toWire(new Response(bytes.subarray(1), { status: 201, statusText: 'Made' }))
  bytes.fill(9)
  assert.deepEqual([wire.status, wire.reason, wire.headers, wire.count], [201, 'Made', '', 0])
  assert.deepEqual(wire.body, new Uint8Array([1, 2]))
  assert.equal(toWire(new Response()).body, null)
  assert.equal(toWire(new Response(null, { status: 204 })).count, 0)
  assert.equal(toWire(new Response('')).body, '')
})

test('wire: headers, from every kind of init', () => {
  const lines = 'a: 1\r\nb: 2\r\n'
  for (const headers of [
    { A: '1', b: ' 2 ' },
    [
      ['a', 1],
      ['B', '2'],
    ],
    new Map([
      ['a', '1'],
      ['b', '2'],
    ]),
    new Headers({ a: '1', b: '2' }),
    new Response(null, { headers: { a: '1', b: '2' } }).headers,
    Object.assign(Object.create({ c: '3' }), { a: '1', b: '2' }),
    new Proxy({ a: '1', b: '2' }, {}),
  ]) {
    const wire = toWire(new Response(null, { headers }))
    assert.equal(wire.headers, lines)
    assert.equal(wire.count, 2)
  }
  const cookies = new Headers([
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
  ])
  assert.equal(toWire(new Response(null, { headers: cookies })).count, 2)
})

test('wire: an own content-type replaces the default, the default comes last', () => {
  const own = toWire(new Response('x', { headers: { 'Content-Type': 'a/b' } }))
  assert.equal(own.headers, 'content-type: a/b\r\n')
  assert.equal(toWire(new Response('x', { headers: { a: '1' } })).headers, `a: 1\r\n${TEXT}`)
  assert.equal(toWire(Response.json({})).headers, 'content-type: application/json\r\n')
  const form = toWire(new Response(new URLSearchParams({ a: '1' })))
  assert.equal(form.body, 'a=1')
  assert.match(form.headers, /x-www-form-urlencoded;charset=UTF-8/)
})

test('nothing can split an answer', () => {
  const bad = ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', '\u010a', 'a\u{1f600}']
  for (const value of bad) {
    // Twice: what is remembered of a name must not let a value pass.
    for (let i = 0; i < 2; i++) {
      assert.throws(() => new Response('x', { headers: { 'x-a': value } }), TypeError)
      assert.throws(() => new Response('x', { headers: [['x-a', value]] }), TypeError)
      assert.throws(() => new Response('x', { statusText: value }), TypeError)
      assert.throws(() => new Response('x', { headers: { [value]: 'x' } }), TypeError)
      const tricky = { toString: () => value }
      assert.throws(() => new Response('x', { headers: { 'x-a': tricky } }), TypeError)
    }
  }
  const edges = toWire(new Response(null, { headers: { a: '\r\n b \r\n' } }))
  assert.equal(edges.headers, 'a: b\r\n')
})

test('constants are remembered, never mixed up', () => {
  for (const value of ['1', '2', '1', '', '1', 1, ' 1']) {
    const wire = toWire(new Response(null, { headers: { 'x-same': value } }))
    assert.equal(wire.headers, `x-same: ${String(value).trim()}\r\n`)
  }
  for (let i = 0; i < 2000; i++) {
    const wire = toWire(new Response(null, { headers: { [`x-${i}`]: `${i}` } }))
    assert.equal(wire.headers, `x-${i}: ${i}\r\n`)
  }
})

test('the same Response any number of times; changes show', async () => {
  const response = new Response('x', { headers: { a: '1' } })
  const first = toWire(response)
  assert.equal(toWire(response), first)
  response.headers.set('a', '2')
  response.headers.append('set-cookie', 'p')
  response.headers.append('set-cookie', 'q')
  const second = toWire(response)
  assert.equal(second.headers, `a: 2\r\n${TEXT}set-cookie: p\r\nset-cookie: q\r\n`)
  assert.equal(second.count, 4)
  assert.equal(first.headers, `a: 1\r\n${TEXT}`, 'what was handed out stays')
  assert.equal(toWire(response), second)
  const clone = response.clone()
  clone.headers.set('a', '3')
  assert.equal(toWire(response), second)
  assert.equal(toWire(clone).headers.slice(0, 6), 'a: 3\r\n')
  await response.text()
  assert.throws(() => toWire(response), invalid)
  assert.equal(await clone.text(), 'x')
})

test('wire: streams, blobs, iterables go once', () => {
  const stream = streamOf('a')
  const blob = new Blob(['abc'], { type: 'a/b' })
  const iterable = (async function* () {
    yield 'a'
  })()
  for (const [body, length] of [
    [stream, -1],
    [blob, 3],
    [iterable, -1],
  ]) {
    const response = new Response(body)
    const wire = toWire(response)
    assert.equal(wire.length, length)
    assert.equal(response.bodyUsed, true)
    if (body !== blob) assert.equal(wire.body, body)
    else assert.equal(wire.headers, 'content-type: a/b\r\n')
    assert.throws(() => toWire(response), invalid)
  }
})

test('what cannot be sent', async () => {
  const read = new Response(streamOf('a'))
  await read.text()
  const locked = new Response('x')
  locked.body.getReader()
  for (const value of [Response.error(), read, locked]) assert.throws(() => toWire(value), invalid)
})

test('statics', async () => {
  const json = Response.json({ a: [1] }, { status: 201, headers: { b: 'c' } })
  assert.deepEqual([json.status, await json.json()], [201, { a: [1] }])
  assert.throws(() => Response.json(), TypeError)
  assert.throws(() => Response.json(undefined), TypeError)
  assert.throws(() => Response.json(1n), TypeError)
  assert.throws(() => Response.json(1, { status: 204 }), TypeError)
  const moved = Response.redirect('http://a/b c', 301)
  assert.equal(toWire(moved).headers, 'location: http://a/b%20c\r\n')
  assert.throws(() => moved.headers.set('a', 'b'), /immutable/)
  assert.equal(toWire(moved).status, 301)
  assert.throws(() => Response.redirect('http://a/', 200), RangeError)
  assert.throws(() => Response.redirect('/relative'), TypeError)
  const error = Response.error()
  assert.deepEqual([error.type, error.status, error.ok], ['error', 0, false])
})

test("a relative redirect has undici's global origin for its base, as the platform's has", () => {
  const key = Symbol.for('undici.globalOrigin.1')
  assert.throws(() => Response.redirect('/x'), TypeError)
  globalThis[key] = new URL('http://a/b/c')
  try {
    for (const url of ['x', '/x', 'http://d/']) {
      const { Response: Platform } = globalThis
      const expected = Platform.redirect(url).headers.get('location')
      assert.equal(Response.redirect(url).headers.get('location'), expected)
    }
  } finally {
    delete globalThis[key]
  }
})

test('conversions and errors of the constructor', () => {
  for (const status of [0, 99, 101, 199, 600, NaN, 'x', null]) {
    assert.throws(() => new Response(null, { status }), RangeError, String(status))
  }
  for (const status of [204, 205, 304]) {
    assert.throws(() => new Response('', { status }), TypeError)
    assert.equal(new Response(null, { status }).status, status)
  }
  assert.equal(new Response(null, { status: '404' }).status, 404)
  for (const headers of ['a', 1, null, [['a']], [1]]) {
    assert.throws(() => new Response(null, { headers }), TypeError)
  }
  assert.throws(() => new Response('x', 1), TypeError)
  const locked = new ReadableStream()
  locked.getReader()
  assert.throws(() => new Response(locked), TypeError)
})

test('reading it', async () => {
  assert.equal(await new Response('\ufeffh\u00e9\ud800').text(), 'h\u00e9\ufffd')
  assert.deepEqual(await new Response('[1]').json(), [1])
  assert.deepEqual(await new Response('ab').bytes(), new Uint8Array([97, 98]))
  assert.equal(await new Response(streamOf('a', 'b')).text(), 'ab')
  assert.equal(await new Response(new Blob(['x'])).text(), 'x')
  const iterable = async function* () {
    yield 'a'
    yield new Uint8Array([98])
  }
  assert.equal(await new Response(iterable()).text(), 'ab')
  const reader = new Response(iterable()).body.getReader()
  assert.deepEqual([...(await reader.read()).value], [97])
  assert.equal(await new Response().text(), '')
  const form = new FormData()
  form.append('a', 'b')
  assert.equal((await new Response(form).formData()).get('a'), 'b')
  const kept = new Response(new Uint8Array([1]))
  const clone = kept.clone()
  ;(await kept.bytes())[0] = 5
  assert.deepEqual(await clone.bytes(), new Uint8Array([1]))
})

test('bodyUsed, body and locking', async () => {
  const response = new Response('x')
  const { body } = response
  assert.equal(response.body, body)
  assert.equal(response.bodyUsed, false)
  assert.equal(toWire(response).body, 'x', 'looking at the body does not use it')
  const reading = response.text()
  assert.equal(response.bodyUsed, true)
  assert.equal(await reading, 'x')
  assert.equal(body.locked, true)
  await assert.rejects(response.text(), TypeError)
  assert.throws(() => response.clone(), TypeError)
  const other = new Response('x')
  await other.text()
  assert.equal(other.body.locked, true)
})

test("the platform's to everyone", () => {
  const ours = new Response('x')
  const platform = new globalThis.Response('x')
  assert.ok(ours instanceof globalThis.Response)
  assert.ok(platform instanceof Response)
  assert.ok(!(new Error('x') instanceof Response))
  assert.equal(inspect(ours), inspect(platform))
  assert.equal(String(ours), '[object Response]')
  const members = (object) => Object.keys(Object.fromEntries(allOf(object))).sort()
  assert.deepEqual(members(ours), members(platform))
  assert.deepEqual(Object.keys(ours), [])
  assert.equal(Response.length, 0)
  class Mine extends Response {}
  assert.ok(new Mine('x') instanceof globalThis.Response)
  assert.ok(!(ours instanceof Mine))
  const refuses = (value) => {
    try {
      structuredClone(value)
      return false
    } catch {
      return true
    }
  }
  assert.equal(refuses(ours), refuses(platform))
  assert.equal(refuses(ours.headers), refuses(platform.headers))
})

function* allOf(object) {
  for (const name in object) yield [name, true]
}
