import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import test from 'node:test'
import vm from 'node:vm'
import { gzipSync } from 'node:zlib'
import { BriefBody } from '../lib/brief-body.js'
import { Response, toWire } from '../lib/response.js'

const Native = globalThis.Response
const invalid = { name: 'TypeError', code: 'ERR_INVALID_RESPONSE' }
const major = Number.parseInt(process.versions.node, 10)

const takenFrom = (body) => (body instanceof BriefBody ? body.take() : body)

async function wireOf(response) {
  let wire = toWire(response, true)
  if (wire === undefined) {
    await undefined
    wire = toWire(response)
  }
  return Object.assign(wire, { body: await takenFrom(wire.body) })
}

async function textOf(body) {
  const taken = await takenFrom(body)
  if (taken === null || typeof taken.getReader !== 'function')
    return taken && `${Buffer.from(taken)}`
  const reader = taken.getReader()
  const pieces = []
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value)
  }
  return `${Buffer.concat(pieces)}`
}

test('text and bytes are read at once', async () => {
  const cases = [
    [() => new Native('h\u00e9'), 'h\u00e9', 'content-type: text/plain;charset=UTF-8\r\n'],
    [() => new Native(new Uint8Array([97, 98]).subarray(1)), 'b', ''],
    [() => new Native(new ArrayBuffer(0)), '', ''],
    [() => new Native(''), '', 'content-type: text/plain;charset=UTF-8\r\n'],
    [() => Native.json({ a: 1 }), '{"a":1}', 'content-type: application/json\r\n'],
    [() => new Native(null, { status: 204 }), null, ''],
  ]
  for (const [make, text, headers] of cases) {
    // Made only now: one microtask later there is more to see in it.
    const { body, ...wire } = await wireOf(make())
    assert.deepEqual([wire.headers, wire.length], [headers, -1])
    assert.ok(body === null || typeof body === 'string' || body instanceof Uint8Array, text)
    assert.equal(await textOf(body), text)
  }
})

test('whoever cannot come again gets an answer at once', () => {
  if (major < 24) assert.notEqual(toWire(new Native('x'), true), undefined)
  assert.notEqual(toWire(new Native('x')), undefined)
})

test("bytes are nobody else's, and can be sent again", async () => {
  const given = new Uint8Array([1, 2, 3])
  const response = new Native(given)
  for (let round = 0; round < 3; round++) {
    assert.deepEqual((await wireOf(response)).body, new Uint8Array([1, 2, 3]))
  }
  const { body } = await wireOf(response)
  body[0] = 9
  assert.deepEqual(given, new Uint8Array([1, 2, 3]))
})

test('many who send the same at once', async () => {
  const response = new Native('same')
  const wires = await Promise.all([wireOf(response), wireOf(response), wireOf(response)])
  for (const { body } of wires) assert.equal(await textOf(body), 'same')
  const form = new FormData()
  form.append('k', 'v')
  const piecewise = new Native(form)
  assert.match(await textOf((await wireOf(piecewise)).body), /name="k"/)
  await assert.rejects(wireOf(piecewise), invalid)
})

test('status, reason and headers', async () => {
  const headers = [
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
    ['X-A', '\xe9'],
  ]
  const wire = await wireOf(new Native('', { status: 404, statusText: 'Nope', headers }))
  assert.deepEqual([wire.status, wire.reason, wire.count], [404, 'Nope', 4])
  assert.match(wire.headers, /set-cookie: a\r\nset-cookie: b\r\nx-a: \xe9\r\n/)
})

test('streams, blobs, forms and clones arrive whole', async () => {
  const chunk = new Uint8Array([97])
  const byteStream = (close) =>
    new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(chunk.slice())
        if (close) controller.close()
        else setTimeout(finish, 5, controller)
      },
    })
  const finish = (controller) => {
    controller.enqueue(chunk.slice())
    controller.close()
  }
  const form = new FormData()
  form.append('k', 'v')
  const source = new Native('clone')
  const cases = [
    [new Native(new Blob(['blob'])), /^blob$/],
    [new Native(form), /name="k"\r\n\r\nv\r\n/],
    [source.clone(), /^clone$/],
    [source, /^clone$/],
    [new Native(byteStream(true)), /^a$/],
    [new Native(byteStream(false)), /^aa$/],
    [new Native(new ReadableStream({ start: finish })), /^a$/],
  ]
  for (const [response, expected] of cases) {
    assert.match(await textOf((await wireOf(response)).body), expected)
  }
})

test('used, locked and error Responses are refused', async () => {
  const used = new Native('x')
  await used.text()
  const locked = new Native('x')
  locked.body.getReader()
  const streamed = new Native(new ReadableStream())
  ;(await wireOf(streamed)).body.getReader()
  for (const response of [used, locked, streamed, Native.error()]) {
    await assert.rejects(wireOf(response), invalid)
  }
})

test('a subclass may have its own members', async () => {
  class Mine extends Native {
    get body() {
      return new Native('mine').body
    }
  }
  assert.equal(await textOf((await wireOf(new Mine('theirs'))).body), 'mine')
})

test('by shape: other realms and ponyfills', async () => {
  const headers = new Map([['A', '1']])
  const foreign = { status: 201, statusText: '', headers, body: null }
  assert.equal(toWire(foreign).headers, 'a: 1\r\n')
  const joined = {
    forEach: (each) => each('a, b', 'set-cookie'),
    getSetCookie: () => ['a', 'b'],
  }
  assert.equal(toWire({ ...foreign, headers: joined }).count, 2)
  const realm = vm.runInNewContext('({ status: 200, headers: new Map(), body: new Uint8Array(2) })')
  assert.deepEqual(toWire(realm).body, new Uint8Array(2))
  const ponyfill = { ...foreign, body: undefined, arrayBuffer: async () => new ArrayBuffer(3) }
  const pieces = []
  for await (const piece of toWire(ponyfill).body) pieces.push(piece.byteLength)
  assert.deepEqual(pieces, [3])
  assert.throws(() => toWire({ ...foreign, bodyUsed: true }), invalid)
  assert.throws(() => toWire({ ...foreign, headers: new Map([['a', 'b\nc']]) }), invalid)
  for (const status of [0, 100, 101, 199, 1000, 2.5]) {
    assert.throws(() => toWire({ ...foreign, status }), invalid)
  }
})

test("by shape: one of another library's fetch was decoded, as the platform's is", () => {
  const pairs = [
    ...[
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '9'],
      ['Connection', 'x-hop'],
      ['X-Hop', 1],
    ],
    ...[
      ['Transfer-Encoding', 'chunked'],
      ['Content-Type', 'text/x'],
      ['Set-Cookie', 'a=1'],
    ],
  ]
  const foreign = { status: 200, headers: pairs, body: new ReadableStream() }
  const kept = 'content-type: text/x\r\nset-cookie: a=1\r\n'
  const { headers, count } = toWire({ ...foreign, url: 'http://a/' })
  assert.deepEqual([headers, count], [kept, 2])
  for (const url of [undefined, '', null]) assert.equal(toWire({ ...foreign, url }).count, 7)
  const bare = toWire({ ...foreign, body: null, url: 'http://a/' }).headers
  assert.match(bare, /^content-encoding: gzip\r\ncontent-length: 9\r\n/)
})

test('what is no Response at all', () => {
  for (const value of [undefined, null, 1, 'x', {}, [], () => {}, Symbol('x'), { status: 200 }]) {
    assert.throws(() => toWire(value), invalid)
  }
})

async function withUpstream(run) {
  const server = createServer((request, response) => {
    const coding = request.url === '/odd' ? 'odd' : 'gzip'
    const zipped = request.url === '/plain' ? Buffer.from('text') : gzipSync('text')
    if (request.url !== '/plain') response.setHeader('content-encoding', coding)
    response.setHeader('content-length', zipped.length)
    response.setHeader('connection', 'keep-alive, x-hop')
    response.setHeader('x-hop', '1')
    response.setHeader('proxy-authenticate', 'Basic')
    response.setHeader('keep-alive', 'timeout=5')
    response.setHeader('set-cookie', ['a', 'b'])
    response.setHeader('x-kept', '1')
    response.writeHead(request.url === '/304' ? 304 : 200)
    response.end(zipped)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await run(`http://127.0.0.1:${server.address().port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const namesOf = (wire) => wire.headers.split('\r\n').map((line) => line.split(':')[0])

test('a fetched Response goes on without what held for its connection and coding', async () => {
  await withUpstream(async (url) => {
    for (const make of [(r) => r, (r) => new Response(r.body, r)]) {
      const zipped = toWire(make(await fetch(`${url}/`)))
      const names = namesOf(zipped)
      for (const gone of ['content-encoding', 'content-length', 'connection', 'x-hop']) {
        assert.ok(!names.includes(gone), gone)
      }
      assert.ok(!names.includes('keep-alive') && !names.includes('proxy-authenticate'))
      assert.equal(names.filter((name) => name === 'set-cookie').length, 2)
      assert.ok(names.includes('x-kept'))
      assert.equal(await textOf(zipped.body), 'text')
      const plain = toWire(make(await fetch(`${url}/plain`)))
      assert.match(plain.headers, /content-length: 4\r\n/)
      assert.equal(await textOf(plain.body), 'text')
      const odd = toWire(make(await fetch(`${url}/odd`)))
      assert.match(odd.headers, /content-encoding: odd\r\n/)
      assert.match(odd.headers, /content-length: /)
      await odd.body.cancel()
      for (const bare of [fetch(`${url}/`, { method: 'HEAD' }), fetch(`${url}/304`)]) {
        const wire = toWire(make(await bare))
        assert.equal(wire.body, null)
        assert.match(wire.headers, /content-length: /)
        assert.match(wire.headers, /content-encoding: gzip\r\n/)
      }
    }
  })
})
