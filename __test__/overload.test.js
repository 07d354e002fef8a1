// `overload.maxConcurrentRequests`: a request that is one too many gets a 503 at once, which no
// handler hears of; the connection goes on, and so does everybody else.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve } from './support/serve.js'
import { tool } from './support/tools.js'

const CODE = 'HTTP_OVERLOADED'
const TEXT = 'The server has as many requests as it may have.\n'

/** A server whose handlers answer when they are told to; `calls` has one function for each. */
function hanging(t, maxConcurrentRequests, overload = {}) {
  const calls = []
  const told = []
  const handler = async (request) => {
    const { promise, resolve } = deferred()
    calls.push(resolve)
    await promise
    return new Response(new URL(request.url).pathname)
  }
  const server = serve(t, handler, {
    overload: { maxConcurrentRequests, ...overload },
    onClientError: (error) => told.push(error),
  })
  const full = async () => {
    const clients = []
    for (let count = 0; count < maxConcurrentRequests; count += 1) {
      const client = await connectTo(t, server)
      client.send(request(`GET /${count}`))
      clients.push(client)
    }
    await eventually(() => assert.equal(calls.length, maxConcurrentRequests))
    return clients
  }
  return { server, calls, told, full }
}

function assertTurnedDown(answer, { retryAfter = '1', text = TEXT, connection = null } = {}) {
  assert.equal(answer.status, 503)
  assert.equal(answer.get('retry-after'), retryAfter)
  assert.equal(answer.get('content-type'), 'text/plain')
  assert.equal(answer.get('content-length'), String(TEXT.length))
  assert.equal(answer.get('connection'), connection)
  assert.notEqual(answer.get('date'), null)
  assert.equal(answer.text, text)
}

describe('one request too many', () => {
  test('is served once another has failed, though that one is still connected', async (t) => {
    const { server, calls } = hanging(t, 1)
    const broken = await connectTo(t, server)
    broken.send(request('POST /', ['transfer-encoding: chunked'], '3\r\none\r\n'))
    await eventually(() => assert.equal(calls.length, 1))
    const next = await connectTo(t, server)
    assertTurnedDown(await next.ask(request('GET /')))
    broken.send('no size\r\n')
    assert.equal((await broken.answer()).status, 400)
    next.send(request('GET /next'))
    await eventually(() => assert.equal(calls.length, 2))
    calls[1]()
    assert.equal((await next.answer()).text, '/next')
  })

  test('is turned down without its handler; once another is done, it is served', async (t) => {
    const { server, calls, told, full } = hanging(t, 3)
    const clients = await full()
    const late = await connectTo(t, server)
    assertTurnedDown(await late.ask(request('GET /late')))
    assertTurnedDown(await late.ask(request('GET /late')))
    assert.equal(calls.length, 3)
    assert.equal(server.stats().requests, 3)
    assert.deepEqual(server.stats().refusals, { [CODE]: 2 })
    assert.equal(server.stats().answers['5xx'], 2)
    // JavaScript has not been entered for it.
    assert.deepEqual(told, [])

    calls[0]()
    assert.equal((await clients[0].answer()).text, '/0')
    late.send(request('GET /late'))
    await eventually(() => assert.equal(calls.length, 4))
    assertTurnedDown(await clients[0].ask(request('GET /')))
    for (const call of calls) call()
    assert.equal((await late.answer()).text, '/late')
    for (const client of clients.slice(1)) assert.equal((await client.answer()).status, 200)
  })

  test('to HEAD has no body', async (t) => {
    const { server, full } = hanging(t, 1)
    await full()
    const late = await connectTo(t, server)
    assertTurnedDown(await late.ask(request('HEAD /')), { text: '' })
    assertTurnedDown(await late.ask(request('GET /')))
  })

  test('has the retry-after that was asked for', async (t) => {
    for (const retryAfter of [0, 120]) {
      const { server, full } = hanging(t, 1, { retryAfter })
      await full()
      const late = await connectTo(t, server)
      assertTurnedDown(await late.ask(request('GET /')), { retryAfter: String(retryAfter) })
    }
  })

  test('of HTTP/1.0 is answered as its client wants it', async (t) => {
    const { server, full } = hanging(t, 1)
    await full()
    const keeping = await connectTo(t, server)
    for (let round = 0; round < 2; round += 1) {
      const answer = await keeping.ask('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')
      assertTurnedDown(answer, { connection: 'keep-alive' })
    }
    const leaving = await connectTo(t, server)
    assertTurnedDown(await leaving.ask('GET / HTTP/1.0\r\n\r\n'), { connection: 'close' })
    assert.equal(await leaving.closed, null)
  })
})

describe('the body of one that is turned down', () => {
  test('is read away where it is short, whenever it comes', async (t) => {
    const { server, full } = hanging(t, 1)
    await full()
    const late = await connectTo(t, server)
    const post = request('POST /', ['content-length: 5'], 'hello')
    assertTurnedDown(await late.ask(post))
    await late.sendPieces([post.slice(0, -3), post.slice(-3)])
    assertTurnedDown(await late.answer())
    assertTurnedDown(await late.ask(request('GET /')))
  })

  test('ends the connection where it is long, or has no known length', async (t) => {
    const { server, full } = hanging(t, 1)
    await full()
    for (const field of ['content-length: 1000000', 'transfer-encoding: chunked']) {
      const late = await connectTo(t, server)
      assertTurnedDown(await late.ask(request('POST /', [field])), { connection: 'close' })
      assert.equal((await late.rest()).length, 0)
    }
  })

  test('is not asked for with 100 Continue', async (t) => {
    const { server, full } = hanging(t, 1)
    await full()
    const late = await connectTo(t, server)
    const fields = ['content-length: 5', 'expect: 100-continue']
    assertTurnedDown(await late.ask(request('POST /', fields)), { connection: 'close' })
    assert.equal((await late.rest()).length, 0)
  })
})

describe('pipelined requests', () => {
  test('are turned down in order, however many', async (t) => {
    const { server, calls, full } = hanging(t, 1)
    const [first] = await full()
    const late = await connectTo(t, server)
    const count = 2000
    late.send(request('GET /').repeat(count - 1) + request('GET /', ['connection: close']))
    for (let at = 1; at < count; at += 1) assertTurnedDown(await late.answer())
    assertTurnedDown(await late.answer(), { connection: 'close' })
    assert.equal(await late.closed, null)
    assert.deepEqual(server.stats().refusals, { [CODE]: count })
    calls[0]()
    assert.equal((await first.answer()).status, 200)
  })

  test('behind one that is served wait for it, and are looked at then', async (t) => {
    const { server, calls, full } = hanging(t, 1)
    const [first] = await full()
    first.send(request('GET /second') + request('GET /third'))
    const other = await connectTo(t, server)
    assertTurnedDown(await other.ask(request('GET /')))
    for (let at = 0; at < 3; at += 1) {
      await eventually(() => assert.equal(calls.length, at + 1))
      calls[at]()
    }
    for (const path of ['/0', '/second', '/third']) {
      const answer = await first.answer()
      assert.deepEqual([answer.status, answer.text], [200, path])
    }
  })

  test('are served by a handler that answers at once: never two of them at a time', async (t) => {
    const handler = (request) => new Response(request.url)
    const server = serve(t, handler, { overload: { maxConcurrentRequests: 1 } })
    const client = await connectTo(t, server)
    client.send(request('GET /').repeat(500))
    for (let at = 0; at < 500; at += 1) assert.equal((await client.answer()).status, 200)
    assert.deepEqual(server.stats().refusals, {})
  })
})

describe('a request is in flight', () => {
  /** The place is free: somebody is served, and it is free again. */
  async function assertFree(t, server, calls) {
    const client = await connectTo(t, server)
    await eventually(async () => {
      const before = calls.length
      client.send(request('GET /free'))
      await eventually(() => assert.equal(calls.length, before + 1), 10)
    }, 20)
    calls.at(-1)()
    for (;;) {
      const answer = await client.answer()
      if (answer.status === 200) break
    }
  }

  test('until its client leaves', async (t) => {
    const { server, calls, full } = hanging(t, 1)
    const [first] = await full()
    await first.reset()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    await assertFree(t, server, calls)
  })

  test('until its streamed answer is complete, or breaks off', async (t) => {
    for (const ends of [true, false]) {
      const { promise, resolve } = deferred()
      let count = 0
      const body = async function* () {
        yield 'begun'
        await promise
        if (!ends) throw new Error('the source failed')
      }
      const handler = () => new Response(count++ === 0 ? body() : 'free')
      const overload = { maxConcurrentRequests: 1 }
      const server = serve(t, handler, { overload, onError: () => undefined })
      const first = await connectTo(t, server)
      first.send(request('GET /'))
      await first.arrived(/begun/)
      const late = await connectTo(t, server)
      assertTurnedDown(await late.ask(request('GET /')))
      resolve()
      if (ends) assert.equal((await first.answer()).text, 'begun')
      else await first.rest()
      await first.destroy()
      await eventually(() => assert.equal(server.stats().connections.open, 1))
      assert.equal((await late.ask(request('GET /'))).text, 'free')
    }
  })

  test('until it is refused over its body, and its connection has ended', async (t) => {
    let count = 0
    const handler = async (request) => {
      count += 1
      return new Response(await request.text())
    }
    const server = serve(t, handler, {
      limits: { maxRequestBodySize: 10 },
      overload: { maxConcurrentRequests: 1 },
    })
    const first = await connectTo(t, server)
    const chunked = request('POST /', ['transfer-encoding: chunked'], '14\r\n')
    assert.equal((await first.ask(chunked)).status, 413)
    await first.destroy()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    const client = await connectTo(t, server)
    const answer = await client.ask(request('POST /', ['content-length: 2'], 'ok'))
    assert.deepEqual([answer.status, answer.text], [200, 'ok'])
    assert.ok(count >= 1)
  })

  test('not where there is no limit', async (t) => {
    const { server, calls } = hanging(t, 0)
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectTo(t, server)))
    for (const client of clients) client.send(request('GET /'))
    await eventually(() => assert.equal(calls.length, clients.length))
    for (const call of calls) call()
    for (const client of clients) assert.equal((await client.answer()).status, 200)
  })
})

describe('under load', () => {
  const { path, skip } = tool('wrk')

  test('every answer is a 200 or a 503', { skip }, async (t) => {
    let most = 0
    let now = 0
    const handler = async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setImmediate(resolve))
      now -= 1
      return new Response('hello')
    }
    const server = serve(t, handler, { overload: { maxConcurrentRequests: 8 } })
    const stdio = ['ignore', 'pipe', 'inherit']
    const wrk = spawn(path, ['-t1', '-c32', '-d2s', '--timeout', '30s', server.url], { stdio })
    let output = ''
    wrk.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    await once(wrk, 'close')
    const { answers, refusals, requests } = server.stats()
    t.diagnostic(`${answers['2xx']} were served, ${answers['5xx']} turned down`)
    assert.doesNotMatch(output, /Socket errors/)
    const turnedDown = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1])
    assert.ok(turnedDown > 0 && turnedDown <= answers['5xx'], output)
    assert.ok(answers['2xx'] > 0)
    assert.deepEqual([answers['3xx'], answers['4xx']], [0, 0])
    assert.deepEqual(refusals, { [CODE]: answers['5xx'] })
    assert.ok(requests >= answers['2xx'])
    assert.ok(most <= 8, String(most))
    const client = await connectTo(t, server)
    await eventually(async () => {
      assert.equal((await client.ask(request('GET /'))).status, 200)
    })
  })
})
