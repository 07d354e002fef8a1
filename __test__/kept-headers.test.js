// Header lines that come again go out as the addon has kept them. Each answer with kept lines must
// be the same, byte for byte, as one that was handed over by a call.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Response } from 'milouv'
import binding from '../lib/binding.js'
import { HEADERS, openRegisters, registers, STATUS } from '../lib/registers.js'
import { request } from './support/raw-client.js'
import { connectTo, serve, serveRaw } from './support/serve.js'

/** How many answers were handed over by a call, with their header lines. */
let calls = 0
const { keepHeaders, respond, respondKept } = binding
const kept = new Map()
// This copy's own: what it sees is one memory with the bundle's.
openRegisters()
beforeEach(() => {
  calls = 0
  binding.respond = (...answer) => {
    calls += 1
    return respond(...answer)
  }
  binding.keepHeaders = (headers, count) => {
    const number = keepHeaders(headers, count)
    kept.set(number, { headers, count })
    return number
  }
  // What comes late goes by the number of its lines: here by the lines themselves.
  binding.respondKept = (key, body) => {
    const status = registers[STATUS]
    const { headers, count } = kept.get(registers[HEADERS])
    registers[STATUS] = 0
    return binding.respond(key, status, headers, count, body, '')
  }
})
afterEach(() => {
  Object.assign(binding, { keepHeaders, respond, respondKept })
})

const REQUESTS = {
  'GET of 1.1': request('GET /'),
  HEAD: request('HEAD /'),
  'that says close': request('GET /', ['connection: close']),
  'of 1.0': 'GET / HTTP/1.0\r\n\r\n',
  'of 1.0 that says keep-alive': 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
}

const OUR_DATE = /^date: .* GMT\r\n/m

let count = 0
/** A name that no other test has had. */
const fresh = () => `x-kept-${++count}`

/** Serves `make()`. Where a request is watched, its answer goes the long way, by a call. */
function serveBoth(t, make, options) {
  let watched = true
  const server = serve(
    t,
    (req) => {
      const response = make()
      if (watched) req.signal.addEventListener('abort', () => {})
      return response
    },
    options,
  )
  /** All that one connection brings, without the date that is ours. */
  return async (lines, asWatched) => {
    watched = asWatched
    const client = await connectTo(t, server)
    client.send(lines).end()
    return (await client.rest()).toString('latin1').replace(OUR_DATE, '')
  }
}

/** What both ways bring, which is the same; it must be known already. */
async function sameBothWays(ask, lines) {
  calls = 0
  const called = await ask(lines, true)
  assert.equal(calls, 1, 'a watched request is answered by a call')
  const returned = await ask(lines, false)
  assert.equal(calls, 1, 'the lines are not kept')
  assert.equal(returned, called)
  return returned
}

/** Two answers that nobody watches: then the lines are known. */
async function learn(ask, lines = REQUESTS['GET of 1.1']) {
  await ask(lines, false)
  await ask(lines, false)
}

describe('the same as by a call', () => {
  for (const [name, lines] of Object.entries(REQUESTS)) {
    test(`to a request ${name}`, async (t) => {
      const field = fresh()
      const headers = { 'content-type': 'text/x', [field]: 'é "quoted", and more' }
      const ask = serveBoth(t, () => new Response('täxt', { headers }))
      await learn(ask)
      const text = await sameBothWays(ask, lines)
      assert.ok(text.includes(`\r\n${field}: é "quoted", and more\r\n`), text)
      assert.ok(text.includes('\r\ncontent-length: 5\r\n'), text)
      assert.equal(text.endsWith('\r\n\r\ntÃ¤xt'), name !== 'HEAD')
      assert.equal(/\r\nconnection: close\r\n/.test(text), /close|1\.0$/.test(name))
      assert.equal(/\r\nconnection: keep-alive\r\n/.test(text), /keep-alive/.test(name))
    })
  }

  test('bytes', async (t) => {
    const headers = { [fresh()]: 'x' }
    const ask = serveBoth(t, () => new Response(new Uint8Array([1, 200, 3]), { headers }))
    await learn(ask)
    for (const lines of Object.values(REQUESTS)) await sameBothWays(ask, lines)
  })

  test('late, by their number', async (t) => {
    const headers = { [fresh()]: 'x' }
    let late = 0
    const byLines = binding.respondKept
    const byNumber = (...answer) => {
      late += 1
      return respondKept(...answer)
    }
    const server = serve(t, async () => new Response('late', { headers }))
    const ask = async (lines) => {
      const client = await connectTo(t, server)
      client.send(lines).end()
      return (await client.rest()).toString('latin1').replace(OUR_DATE, '')
    }
    await learn(ask)
    for (const lines of Object.values(REQUESTS)) {
      binding.respondKept = byLines
      const called = await ask(lines)
      binding.respondKept = byNumber
      assert.equal(await ask(lines), called)
    }
    assert.equal(late, Object.keys(REQUESTS).length)
  })

  test('with each status under the same lines', async (t) => {
    const headers = { [fresh()]: 'the same', upgrade: 'h2c, x/1' }
    let status = 200
    let body = null
    const ask = serveBoth(t, () => new Response(body, { headers, status }))
    await learn(ask)
    const seen = new Set()
    for (status of [200, 201, 204, 205, 206, 299, 301, 304, 400, 404, 426, 500, 503, 599]) {
      for (body of [204, 205, 304].includes(status) ? [null] : [null, '']) {
        if (body !== null) await learn(ask)
        for (const lines of Object.values(REQUESTS)) {
          const text = await sameBothWays(ask, lines)
          assert.equal(
            /^upgrade: h2c, x\/1\r\n(?:.*\r\n)?connection: upgrade\r\n/m.test(text),
            status === 426,
          )
          seen.add(text)
        }
      }
    }
    assert.ok(seen.size > 14, `${seen.size} different answers`)
  })

  const lines = {
    'none, and no body': [],
    'the date as the application has it': [['date', 'yesterday']],
    'set-cookie twice': [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2; path=/'],
    ],
    'close, said by the application': [['connection', 'x, Close']],
    'those that are never sent': [
      ['keep-alive', 'timeout=5'],
      ['transfer-encoding', 'chunked'],
      ['proxy-connection', 'close'],
      ['upgrade', 'h2c'],
    ],
    'an empty value': [[fresh(), '']],
    'as long as they may be': [[fresh(), 'v'.repeat(1000)]],
  }
  for (const [name, headers] of Object.entries(lines)) {
    test(`lines: ${name}`, async (t) => {
      const ask = serveBoth(t, () => new Response(null, { headers }))
      await learn(ask)
      for (const asked of Object.values(REQUESTS)) await sameBothWays(ask, asked)
      const text = await sameBothWays(ask, REQUESTS['GET of 1.1'])
      for (const [field, value] of headers) {
        const sent = /^date|^set-cookie|^x-/.test(field)
        assert.equal(text.includes(`\r\n${field}: ${value}\r\n`), sent, text)
      }
      assert.equal(text.includes('\r\nconnection: close\r\n'), headers[0]?.[0] === 'connection')
    })
  }

  test('at the last request of a connection, and of a server', async (t) => {
    const headers = { [fresh()]: 'last' }
    const make = () => new Response('last', { headers })
    const ask = serveBoth(t, make, { limits: { maxRequestsPerConnection: 1 } })
    await learn(ask)
    assert.match(await sameBothWays(ask, REQUESTS['GET of 1.1']), /\r\nconnection: close\r\n/)
    const { server, client } = await serveRaw(t, () => {
      server.close()
      return make()
    })
    calls = 0
    const answer = await client.ask(request('GET /'))
    assert.equal(calls, 0)
    assert.equal(answer.get('connection'), 'close')
    assert.equal(answer.text, 'last')
    await client.rest()
  })
})

describe('not kept, and right', () => {
  /** The answers to a few requests of one kind, all by a call. */
  async function allCalled(t, make, rounds = 4) {
    const ask = serveBoth(t, make)
    const texts = []
    for (let round = 0; round < rounds; round += 1) texts.push(await ask(REQUESTS.HEAD, false))
    assert.equal(calls, rounds)
    return texts
  }

  test('lines that say how long the body is', async (t) => {
    const headers = { [fresh()]: 'long', 'content-length': '4' }
    const texts = await allCalled(t, () => new Response('four', { headers }))
    for (const text of texts) assert.match(text, /\r\ncontent-length: 4\r\n/)
  })

  test('a length that is not that of the body is the same mistake each time', async (t) => {
    const errors = []
    const headers = { [fresh()]: 'wrong', 'content-length': '4' }
    const onError = (error) => {
      errors.push(error.code)
    }
    const { client } = await serveRaw(t, () => new Response('three', { headers }), { onError })
    for (let round = 0; round < 4; round += 1) {
      assert.equal((await client.ask(request('GET /'))).status, 500)
    }
    assert.equal(errors.length, 4)
    assert.equal(new Set(errors).size, 1)
    assert.ok(typeof errors[0] === 'string')
  })

  test('lines that are too long', async (t) => {
    const headers = { [fresh()]: 'v'.repeat(1024) }
    for (const text of await allCalled(t, () => new Response(null, { headers }))) {
      assert.match(text, /: v{1024}\r\n/)
    }
  })

  test('a reason phrase of the application', async (t) => {
    const init = { headers: { [fresh()]: 'x' }, statusText: 'Fine' }
    for (const text of await allCalled(t, () => new Response('x', init))) {
      assert.match(text, /^HTTP\/1\.1 200 Fine\r\n/)
    }
  })

  test('fields behind the body', async (t) => {
    const headers = { [fresh()]: 'x' }
    await allCalled(t, () => new Response('x', { headers, trailers: { 'x-sum': '1' } }))
  })

  test('the answer to a request that has a body', async (t) => {
    const headers = { [fresh()]: 'x' }
    const { client } = await serveRaw(t, () => new Response('x', { headers }))
    const post = request('POST /', ['content-length: 3'], 'abc')
    for (let round = 0; round < 4; round += 1) assert.equal((await client.ask(post)).text, 'x')
    assert.equal(calls, 4)
  })
})

test('one Response that is sent again and changed in between', async (t) => {
  const field = fresh()
  const response = new Response('again', { headers: { [field]: 'first' } })
  const { client } = await serveRaw(t, () => response)
  const seen = async () => (await client.ask(request('GET /'))).get(field)
  for (let round = 0; round < 3; round += 1) assert.equal(await seen(), 'first')
  for (const value of ['second', 'third']) {
    response.headers.set(field, value)
    for (let round = 0; round < 3; round += 1) assert.equal(await seen(), value)
  }
  response.headers.delete(field)
  assert.equal(await seen(), null)
})

// The last: from then on no lines are learned any more.
test('more lines than are kept: each answer has its own', async (t) => {
  let value = 0
  const field = fresh()
  const known = () => new Response('x', { headers: { [`${field}-known`]: 'x' } })
  const measured = (length) =>
    new Response('x'.repeat(length), { headers: { [field]: 'x', 'content-length': `${length}` } })
  const numbered = () => new Response(`${value}`, { headers: { [field]: `${value}` } })
  const { client } = await serveRaw(t, (req) => {
    if (req.url.endsWith('/known')) return known()
    return req.url.endsWith('/measured') ? measured(value) : numbered()
  })
  const called = async (path) => {
    calls = 0
    const answer = await client.ask(request(`GET ${path}`))
    return { calls, text: answer.text, value: answer.get(field) }
  }
  // Those that cannot be kept take no room from those that can.
  for (value = 0; value < 600; value += 1) {
    for (const _ of [1, 2, 3]) assert.equal((await called('/measured')).text.length, value)
  }
  for (const _ of [1, 2]) await called('/known')
  assert.equal((await called('/known')).calls, 0)
  let kept = 0
  for (value = 0; value < 600; value += 1) {
    for (const round of [1, 2, 3]) {
      const seen = await called('/')
      assert.deepEqual([seen.text, seen.value], [`${value}`, `${value}`])
      if (round === 3 && seen.calls === 0) kept += 1
    }
  }
  assert.ok(kept > 100 && kept <= 256, `${kept} are kept`)
  assert.equal((await called('/known')).calls, 0)
})
