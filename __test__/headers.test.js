import assert from 'node:assert/strict'
import test from 'node:test'
import { inspect } from 'node:util'
import { createRequest } from '../lib/request.js'
import { Response } from '../lib/response.js'
import { fakeExchange } from './support/fake-exchange.js'

const of = (lines) => createRequest(fakeExchange(`GET /\n${lines}`)).headers

test('a request header is found whatever its case and place', () => {
  const headers = of('host:a\nx-one:1\nx-one-more:2\nempty:\ncontent-type:text/plain\n')
  assert.equal(headers.get('HOST'), 'a')
  assert.equal(headers.get('x-one'), '1')
  assert.equal(headers.get('X-One-More'), '2')
  assert.equal(headers.get('empty'), '')
  assert.equal(headers.get('one'), null)
  assert.equal(headers.get('text/plain'.slice(0, 4)), null)
  assert.equal(headers.has('Content-Type'), true)
  assert.equal(headers.has('content'), false)
})

test('the target is never taken for a header', () => {
  const headers = createRequest(fakeExchange('GET /host:x\naccept:*/*\n')).headers
  assert.equal(headers.get('host'), null)
  assert.deepEqual([...headers], [['accept', '*/*']])
})

test('request headers without any', () => {
  assert.deepEqual([...of('')], [])
  assert.equal(of('').get('a'), null)
})

// Cookies by semicolons, as the platform has it: by commas they could not be parsed any more.
test('lines of one name are combined, set-cookie is not', () => {
  const headers = of('b:2\nset-cookie:a=1\na:1\nb:3\nset-cookie:b=2\ncookie:x=1\ncookie:y=2\n')
  assert.equal(headers.get('b'), '2, 3')
  assert.equal(headers.get('cookie'), 'x=1; y=2')
  assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2'])
  assert.deepEqual(
    [...headers],
    [
      ['a', '1'],
      ['b', '2, 3'],
      ['cookie', 'x=1; y=2'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  )
  assert.equal(headers.get('b'), '2, 3', 'the same after iterating')
  assert.deepEqual([...headers.keys()], ['a', 'b', 'cookie', 'set-cookie', 'set-cookie'])
  assert.deepEqual([...headers.values()], ['1', '2, 3', 'x=1; y=2', 'a=1', 'b=2'])
})

test('so many lines of one name as limits can let through are combined', () => {
  const headers = of('a:1\n'.repeat(50_000))
  assert.equal(headers.get('a').length, 50_000 + 2 * 49_999)
})

test('request headers are immutable, and arguments are checked before that', () => {
  const headers = of('a:1\n')
  for (const change of [
    () => headers.set('a', '2'),
    () => headers.append('a', '2'),
    () => headers.delete('a'),
  ]) {
    assert.throws(change, { name: 'TypeError', message: 'immutable' })
  }
  assert.throws(() => headers.set('a b', '2'), /invalid header name/)
  assert.throws(() => headers.get('a b'), /invalid header name/)
  assert.throws(() => headers.get(), /1 argument required, but 0 found/)
  assert.equal(headers.get('a'), '1')
})

test('bytes above 127 are one character each', () => {
  assert.equal(of('x:\xe9\xff\n').get('x'), '\xe9\xff')
})

test('the platform accepts them, and takes them for its own', () => {
  const headers = of('a:1\nset-cookie:x\nset-cookie:y\n')
  assert.deepEqual([...new Headers(headers)], [...headers])
  assert.deepEqual(new Headers(headers).getSetCookie(), ['x', 'y'])
  assert.ok(headers instanceof Headers)
  assert.equal(headers.constructor, Headers)
  assert.equal(String(headers), '[object Headers]')
  const platform = new Headers([['a', '1']])
  assert.equal(inspect(of('a:1\n')), inspect(platform))
  assert.equal(new globalThis.Request('http://a/', { headers }).headers.get('a'), '1')
})

test('iteration is live', () => {
  const { headers } = new Response(null, { headers: { a: '1', b: '2', c: '3' } })
  const seen = []
  for (const [name] of headers) {
    seen.push(name)
    headers.delete(name)
  }
  assert.deepEqual(seen, ['a', 'c'])
  const entries = headers.entries()
  assert.equal(Object.prototype.toString.call(entries), '[object Headers Iterator]')
  assert.equal(entries[Symbol.iterator](), entries)
})

test('forEach gives value, name and headers, with the given this', () => {
  const { headers } = new Response(null, { headers: { a: '1' } })
  const calls = []
  headers.forEach(function (...args) {
    calls.push([this, ...args])
  }, 7)
  assert.deepEqual(calls, [[7, '1', 'a', headers]])
  assert.throws(() => headers.forEach(), TypeError)
  assert.throws(() => headers.forEach(1), TypeError)
})

test('response headers change as the platform has it', () => {
  const { headers } = new Response('x', { headers: { b: '1' } })
  headers.append('B', ' 2\t')
  headers.append('c', '3')
  headers.set('C', '4')
  headers.set('d', '5')
  headers.delete('content-type')
  headers.append('d', '6')
  headers.set('d', '7')
  assert.deepEqual(
    [...headers],
    [
      ['b', '1, 2'],
      ['c', '4'],
      ['d', '7'],
    ],
  )
  for (const bad of ['a\nb', 'a\rb', 'a\0b', '\u0100']) {
    assert.throws(() => headers.set('x', bad), TypeError, JSON.stringify(bad))
  }
  for (const bad of ['', 'a b', 'a:b', 'a\r\n', 'é', '\u0130']) {
    assert.throws(() => headers.set(bad, '1'), TypeError, JSON.stringify(bad))
  }
})

test('nobody else constructs the class', () => {
  const Class = Object.getPrototypeOf(Object.getPrototypeOf(of(''))).constructor
  assert.equal(Class, Headers)
  assert.throws(() => Object.getPrototypeOf(of('')).get.call({}, 'a'), TypeError)
})

test('headers as an init: an iterator of their own is asked', () => {
  const { headers } = new Response(null, { headers: { a: '1', 'set-cookie': 'x' } })
  headers.append('set-cookie', 'y')
  assert.deepEqual([...new Response(null, { headers }).headers], [...headers])
  headers[Symbol.iterator] = function* () {
    yield ['b', '2']
  }
  assert.deepEqual([...new Response(null, { headers }).headers], [['b', '2']])
})

test('a record is asked what the platform asks, in that order', () => {
  const asked = (make, record) => {
    const log = []
    const traps = {}
    for (const trap of Object.getOwnPropertyNames(Reflect)) {
      traps[trap] = (target, ...args) => {
        log.push([trap, String(args[0])])
        return Reflect[trap](target, ...args)
      }
    }
    let failed = false
    try {
      make(new Proxy(record, traps))
    } catch {
      failed = true
    }
    return { log, failed }
  }
  const ours = (headers) => new Response(null, { headers })
  const hidden = Object.defineProperty({ a: 'b' }, 'c', { value: 'd', enumerable: false })
  const records = [
    { a: 'b', c: 'd' },
    { a: '\uffff', c: 'd' },
    { a: 'b', '\uffff': 'd', e: 'f' },
    { 'bad name': 'b', c: 'd' },
    { a: 'b', [Symbol('c')]: 'd' },
    hidden,
  ]
  for (const record of records) {
    assert.deepEqual(
      asked(ours, record),
      asked((init) => new Headers(init), record),
    )
  }
})
