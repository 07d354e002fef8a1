// What the sockets bring in one turn of the loop is handed to JavaScript together. Clients of this
// process that send in one tick are all read in one turn.

import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { describe, test } from 'node:test'
import { setTimeout as after, setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve } from './support/serve.js'

/** More than one callback scope takes. */
const MANY = 200
/** As many as it takes. */
const BATCH = 64

const pathOf = (req) => new URL(req.url).pathname

/** So many clients, connected and accepted. */
async function crowd(t, server, count) {
  const before = server.stats().connections.total
  const clients = await Promise.all(Array.from({ length: count }, () => connectTo(t, server)))
  await eventually(() => assert.equal(server.stats().connections.total, before + count))
  return clients
}

/** All ask in one tick; `lines` makes what the client of a number sends. */
function askAll(clients, lines = (at) => request(`GET /${at}`)) {
  for (const [at, client] of clients.entries()) client.send(lines(at))
  return Promise.all(clients.map((client) => client.answer()))
}

const numbered = (count) => Array.from({ length: count }, (_, at) => `/${at}`)
const textsOf = (answers) => answers.map(({ text }) => text)

describe('one turn', () => {
  test('brings the handlers of many clients before the ticks and promises of any', async (t) => {
    const log = []
    const server = serve(t, (req) => {
      const path = pathOf(req)
      log.push('handler')
      process.nextTick(() => log.push('tick'))
      Promise.resolve().then(() => log.push('promise'))
      return new Response(path)
    })
    const clients = await crowd(t, server, 10)
    assert.deepEqual(textsOf(await askAll(clients)), numbered(10))
    const ten = (name) => Array(10).fill(name)
    assert.deepEqual(log, [...ten('handler'), ...ten('tick'), ...ten('promise')])
  })

  const kinds = {
    sync: (req) => new Response(pathOf(req)),
    async: async (req) => new Response(pathOf(req)),
    'in a later turn': (req) => nextTurn().then(() => new Response(pathOf(req))),
    stream: (req) => new Response(new Blob([pathOf(req)]).stream()),
  }
  for (const [kind, handler] of Object.entries(kinds)) {
    test(`answers every client once: ${kind}`, async (t) => {
      const server = serve(t, handler)
      const clients = await crowd(t, server, MANY)
      for (const _ of [1, 2]) assert.deepEqual(textsOf(await askAll(clients)), numbered(MANY))
      const { requests, answers } = server.stats()
      assert.deepEqual([requests, answers['2xx']], [2 * MANY, 2 * MANY])
      await Promise.all(clients.map((client) => client.end().rest()))
      for (const client of clients) assert.equal((await client.rest()).length, 0)
    })
  }

  for (const kind of ['sync', 'async']) {
    test(`first answers leave before the handlers of all have run: ${kind}`, async (t) => {
      const sent = []
      const server = serve(t, (req) => {
        sent.push(server.stats().bytesOut)
        return kinds[kind](req)
      })
      const clients = await crowd(t, server, MANY)
      await askAll(clients)
      assert.equal(sent.length, MANY)
      const waiting = sent.filter((bytes) => bytes === 0).length
      assert.ok(waiting > 0 && waiting <= BATCH, `${waiting} ran before anything had left`)
    })
  }

  test('of two servers', async (t) => {
    const servers = ['one', 'two'].map((name) =>
      serve(t, (req) => new Response(name + pathOf(req))),
    )
    const clients = []
    for (const _ of numbered(20)) for (const server of servers) clients.push(connectTo(t, server))
    const answers = await askAll(await Promise.all(clients))
    const expected = numbered(40).map((path, at) => ['one', 'two'][at % 2] + path)
    assert.deepEqual(textsOf(answers), expected)
  })
})

describe('order', () => {
  const long = 'long '.repeat(40_000)
  const bytes = new Uint8Array(200_000).fill(120)
  const later = (text) => nextTurn().then(() => new Response(text))
  async function* pieces(path) {
    yield path
    await null
    yield long
    await nextTurn()
    yield '.'
  }
  const plain = (path) => new Response(path)
  /** What it answers to a path, and what the client must read. */
  const ways = {
    text: [plain, (path) => path],
    promise: [async (path) => new Response(path), (path) => path],
    later: [later, (path) => path],
    long: [() => new Response(long), () => long],
    bytes: [() => new Response(bytes), () => 'x'.repeat(bytes.length)],
    stream: [(path) => new Response(pieces(path)), (path) => `${path}${long}.`],
    early: [(path, info) => inform(path, info), (path) => path],
    'late-early': [(path, info) => nextTurn().then(() => inform(path, info)), (path) => path],
    failing: [() => Promise.reject(new Error('no')), () => 'failed'],
    throwing: [fail, () => 'failed'],
  }
  function inform(path, info) {
    info.sendInformational(103, { 'x-path': path })
    return new Response(path)
  }
  function fail() {
    throw new Error('no')
  }
  const names = Object.keys(ways)
  const onError = () => new Response('failed', { status: 500 })

  test('answers of every kind, pipelined by many clients in one turn', async (t) => {
    const handler = (req, info) => ways[pathOf(req).split('/')[1]][0](pathOf(req), info)
    const server = serve(t, handler, { onError })
    const clients = await crowd(t, server, names.length ** 2)
    // Each pair of kinds stands side by side, at the beginning and behind others.
    const paths = clients.map((_, at) => {
      const [first, second] = [names[at % names.length], names[Math.floor(at / names.length)]]
      return [first, second, 'text', first, 'promise', second, 'text'].map(
        (name, position) => `/${name}/${at}-${position}`,
      )
    })
    for (const [at, client] of clients.entries()) {
      client.send(paths[at].map((path) => request(`GET ${path}`)).join(''))
    }
    const seen = await Promise.all(
      clients.map(async (client, at) => {
        for (const path of paths[at]) await check(client, path)
      }),
    )
    assert.equal(seen.length, clients.length)
    assert.equal(server.stats().requests, 7 * clients.length)
  })

  async function check(client, path) {
    const name = path.split('/')[1]
    let answer = await client.answer()
    if (name.endsWith('early')) {
      assert.deepEqual([answer.status, answer.get('x-path')], [103, path])
      answer = await client.answer()
    }
    const expected = ways[name][1](path)
    assert.ok(answer.text === expected, `${path}: ${answer.head}${answer.text.slice(0, 80)}`)
  }

  test('answers of promises to one read leave in one write', async (t) => {
    const sent = []
    const server = serve(t, async (req) => {
      sent.push(server.stats().bytesOut)
      return new Response(pathOf(req))
    })
    const [client] = await crowd(t, server, 1)
    client.send(
      numbered(16)
        .map((path) => request(`GET ${path}`))
        .join(''),
    )
    for (const path of numbered(16)) assert.equal((await client.answer()).text, path)
    assert.deepEqual(sent, Array(16).fill(0), 'what had left before each of them')
  })

  test('an answer does not wait for that to the next request', async (t) => {
    const gate = deferred()
    const server = serve(t, (req, info) => {
      if (pathOf(req) === '/first') return new Response('first')
      info.sendInformational(103, {})
      return gate.promise
    })
    const [client] = await crowd(t, server, 1)
    client.send(request('GET /first') + request('GET /second'))
    assert.equal((await client.answer()).text, 'first')
    assert.equal((await client.answer()).status, 103)
    gate.resolve(new Response('second'))
    assert.equal((await client.answer()).text, 'second')
  })
})

describe('connections that go in the turn that brought their request', () => {
  test('by the handler of another: theirs are not called', async (t) => {
    const called = []
    const completed = deferred()
    let destroy = true
    const server = serve(t, (req, info) => {
      called.push(pathOf(req))
      info.completed.then(() => {}, completed.resolve)
      if (destroy && called.length === 3) server.closeAllConnections()
      return new Response(pathOf(req))
    })
    const clients = await crowd(t, server, 10)
    for (const [at, client] of clients.entries()) client.send(request(`GET /${at}`))
    const received = await Promise.all(clients.map((client) => client.rest()))
    assert.equal(called.length, 3)
    assert.equal(received.filter(({ length }) => length > 0).length, 2)
    assert.equal((await completed.promise).name, 'AbortError')
    assert.equal(server.stats().connections.open, 0)
    destroy = false
    const others = await crowd(t, server, 10)
    assert.deepEqual(textsOf(await askAll(others)), numbered(10))
  })

  test('by the handler of their own, which returns what was known already', async (t) => {
    let destroy = false
    let last
    const server = serve(t, (req, info) => {
      if (destroy) server.closeAllConnections()
      last = { req, info }
      return new Response('known')
    })
    const clients = await crowd(t, server, 3)
    for (const _ of [1, 2, 3]) await askAll(clients)
    destroy = true
    clients[0].send(request('GET /'))
    for (const client of clients) assert.equal((await client.rest()).length, 0)
    // Also who asks only now hears that it was not sent.
    await assert.rejects(last.info.completed, { name: 'AbortError' })
    assert.ok(last.req.signal.aborted)
    destroy = false
    assert.deepEqual(textsOf(await askAll(await crowd(t, server, 1))), ['known'])
  })

  test('by a reset behind the request: it is handed out, and aborted', async (t) => {
    const aborted = new Set()
    const handler = async (req) => {
      req.signal.addEventListener('abort', () => aborted.add(pathOf(req)))
      await after(50)
      return new Response(pathOf(req))
    }
    const server = serve(t, handler)
    const clients = await crowd(t, server, 20)
    const leaves = (at) => at % 2 === 1
    for (const [at, client] of clients.entries()) {
      client.send(request(`GET /${at}`))
      if (leaves(at)) client.reset()
    }
    const stay = numbered(20).filter((_, at) => !leaves(at))
    const answers = clients.filter((_, at) => !leaves(at)).map((client) => client.answer())
    assert.deepEqual(textsOf(await Promise.all(answers)), stay)
    const left = numbered(20).filter((_, at) => leaves(at))
    await eventually(() => assert.deepEqual([...aborted].sort(), left.sort()))
    assert.equal(server.stats().connections.open, stay.length)
  })

  test('by close(): what has been read is answered, and told so', async (t) => {
    let closed
    const server = serve(t, (req) => {
      closed ??= server.close()
      return new Response(pathOf(req))
    })
    const clients = await crowd(t, server, MANY)
    const answers = await askAll(clients)
    assert.deepEqual(textsOf(answers), numbered(MANY))
    for (const answer of answers) assert.equal(answer.get('connection'), 'close')
    await closed
  })
})

describe('a handler that throws', () => {
  test('takes none of the others with it', async (t) => {
    const errors = []
    const onError = ({ message }) => {
      errors.push(message)
    }
    const server = serve(
      t,
      (req) => {
        const at = Number(pathOf(req).slice(1))
        if (at % 3 === 0) throw new Error(`${at}`)
        return at % 3 === 1 ? new Response(`${at}`) : Promise.resolve(new Response(`${at}`))
      },
      { onError },
    )
    const answers = await askAll(await crowd(t, server, MANY))
    for (const [at, { status, text }] of answers.entries()) {
      assert.deepEqual([status, text], at % 3 === 0 ? [500, ''] : [200, `${at}`])
    }
    assert.equal(errors.length, Math.ceil(MANY / 3))
  })

  test('when it is told of a client that is refused', async (t) => {
    const source = `
      import { HttpServer, Response } from '${indexUrl}'
      const uncaught = []
      process.on('uncaughtException', ({ message }) => uncaught.push(message))
      const onClientError = ({ code }) => { throw new Error(code) }
      const isAsked = ({ url }) => url.endsWith('/uncaught')
      const handler = (req) => new Response(isAsked(req) ? uncaught.join() : 'fine')
      const server = new HttpServer({ onClientError }).listen(handler)
      console.log(JSON.stringify({ port: server.port }))`
    const child = new Child(t, source)
    const { port } = await child.message()
    const clients = await Promise.all(numbered(20).map(() => connectTo(t, { port })))
    const isRefused = (at) => at % 2 === 1
    const answers = await askAll(clients, (at) =>
      isRefused(at) ? 'no request\r\n\r\n' : request('GET /'),
    )
    for (const [at, { status }] of answers.entries()) {
      assert.equal(status, isRefused(at) ? 400 : 200)
    }
    const { text } = await clients[0].ask(request('GET /uncaught'))
    assert.equal(text.split(',').length, 10)
    child.kill()
  })
})

describe('behind it the loop', () => {
  const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
  const skip = performance.nodeTiming.uvMetricsInfo === undefined && 'this Node counts no turns'

  test('sleeps', { skip }, async (t) => {
    const answers = {
      '/sync': () => new Response('sync'),
      '/async': async () => new Response('async'),
      '/stream': () => new Response(new Blob(['stream']).stream()),
      '/pending': () => new Promise(() => {}),
      '/gone': () => {
        server.closeAllConnections()
        return new Response('gone')
      },
    }
    const server = serve(t, (req) => answers[pathOf(req)]())
    for (const path of Object.keys(answers)) {
      const clients = await crowd(t, server, 10)
      const lines = [request(`GET ${path}`), request('GET /async'), 'no request\r\n\r\n']
      for (const client of clients) client.send(lines.join(''))
      await after(50)
      const before = turns()
      await after(100)
      const spent = turns() - before
      assert.ok(spent < 50, `${spent} turns of the loop without anything to do behind ${path}`)
    }
  })

  test('ends, when nothing else holds it', async (t) => {
    const source = `
      import { connect } from 'node:net'
      import { HttpServer, Response } from '${indexUrl}'
      const server = new HttpServer().listen(async () => new Response('x')).unref()
      let ended = 0
      for (let at = 0; at < 100; at++) {
        const client = connect(server.port, '127.0.0.1')
        client.on('connect', () => client.end('GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n'))
        client.resume().on('end', () => { ended += 1 })
      }
      process.on('exit', () => console.log(JSON.stringify(ended)))`
    const child = new Child(t, source)
    assert.equal(await child.message(), 100)
    const { code, stderr } = await child.ended()
    assert.deepEqual([code, stderr], [0, ''])
  })
})
