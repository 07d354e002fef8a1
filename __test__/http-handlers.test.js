// Every form a handler can have, pipelined requests, and what the server tells about itself.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { HttpServer, Response } from 'milouv'
import { assertBytes, parseAnswers } from './support/answers.js'
import { request } from './support/raw-client.js'
import { connectTo, eventually, serve, serveRaw } from './support/serve.js'

const pathOf = (req) => new URL(req.url).pathname

describe('pipelining', () => {
  const count = 16
  const paths = Array.from({ length: count }, (_, at) => `/${at}`)
  const all = paths.map((path) => request(`GET ${path}`)).join('')
  const handlers = {
    sync: (req) => new Response(pathOf(req)),
    async: async (req) => {
      await nextTurn()
      return new Response(pathOf(req))
    },
    // The first takes the most turns: only the order of the connection can put it first.
    'async, the first slowest': async (req) => {
      const turns = count - Number(pathOf(req).slice(1))
      for (let turn = 0; turn < turns; turn++) await nextTurn()
      return new Response(pathOf(req))
    },
    'sync and async by turns': (req) => {
      const response = new Response(pathOf(req))
      return Number(pathOf(req).slice(1)) % 2 === 0 ? response : nextTurn().then(() => response)
    },
    streaming: (req) => new Response(new Blob([pathOf(req)]).stream()),
  }

  for (const [name, handler] of Object.entries(handlers)) {
    test(`${count} requests at once, answered in order: ${name}`, async (t) => {
      const { client } = await serveRaw(t, handler)
      client.send(all)
      for (const path of paths) assert.equal((await client.answer()).text, path)
    })

    test(`the same, in pieces that end inside a request: ${name}`, async (t) => {
      const { client } = await serveRaw(t, handler)
      const half = all.length / 2 + 7
      await client.sendPieces([all.slice(0, 9), all.slice(9, half), all.slice(half)])
      for (const path of paths) assert.equal((await client.answer()).text, path)
    })
  }

  test('one request of a connection is handled at a time', async (t) => {
    let running = 0
    let most = 0
    const { client } = await serveRaw(t, async (req) => {
      most = Math.max(most, ++running)
      await nextTurn()
      running--
      return new Response(pathOf(req))
    })
    client.send(all)
    for (const path of paths) assert.equal((await client.answer()).text, path)
    assert.equal(most, 1)
  })

  const { MILOUV_TEST_PIECE, MILOUV_TEST_UNIT } = process.env
  const skip =
    (MILOUV_TEST_UNIT !== undefined && 'the network takes no such write here') ||
    (MILOUV_TEST_PIECE !== undefined && 'pieces are not one read')
  test('answers to one read leave in one write', { skip }, async (t) => {
    const { client } = await serveRaw(t, handlers.sync)
    client.send(all)
    const answers = parseAnswers(await client.bytes(1))
    assert.deepEqual(
      answers.map(({ text }) => text),
      paths,
    )
  })

  test('bodies among pipelined requests', async (t) => {
    const { client } = await serveRaw(t, async (req) => new Response(await req.text()))
    const post = (text) => request('POST /', [`content-length: ${text.length}`], text)
    client.send(post('one') + request('GET /') + post('GET / HTTP/1.1\r\n\r\n') + post('four'))
    for (const text of ['one', '', 'GET / HTTP/1.1\r\n\r\n', 'four']) {
      assert.equal((await client.answer()).text, text)
    }
  })

  test('what follows connection: close is not served', async (t) => {
    const { server, client } = await serveRaw(t, handlers.sync)
    client.send(request('GET /last', ['connection: close']) + request('GET /more'))
    assert.equal((await client.answer()).text, '/last')
    assert.equal((await client.rest()).length, 0)
    assert.equal(server.stats().requests, 1)
  })
})

describe('handlers', () => {
  const ask = async (t, handler) => {
    const { client } = await serveRaw(t, handler)
    return (await client.ask(request('GET /path'))).text
  }

  test('an object with a fetch method, called on the object', async (t) => {
    const app = {
      name: 'app',
      fetch(req) {
        return new Response(`${this.name} ${pathOf(req)}`)
      },
    }
    assert.equal(await ask(t, app), 'app /path')
  })

  test('a bound fetch of an app', async (t) => {
    const app = { fetch: async (req) => new Response(pathOf(req)) }
    assert.equal(await ask(t, app.fetch), '/path')
  })

  test('an arrow without parameters', async (t) => {
    assert.equal(await ask(t, () => new Response('none')), 'none')
    assert.equal(await ask(t, async () => new Response('none, async')), 'none, async')
  })

  test('a function that reads its arguments without declaring any', async (t) => {
    const handler = function () {
      return new Response(pathOf(arguments[0]))
    }
    assert.equal(await ask(t, handler), '/path')
    const rest = (...args) => new Response(pathOf(args[0]) + args.length)
    assert.equal(await ask(t, rest), '/path2')
    const fallback = (req = 'nothing') => new Response(pathOf(req))
    assert.equal(await ask(t, fallback), '/path')
  })

  test('a thenable is awaited', async (t) => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: this is what is tested
      then: (resolve) => resolve(new Response('then')),
    }
    assert.equal(await ask(t, () => thenable), 'then')
  })

  for (const wrong of [undefined, null, 'text', 5, {}, { fetch: 'no' }, [], Symbol('s')]) {
    test(`${typeof wrong} ${JSON.stringify(wrong)} is refused`, () => {
      const server = new HttpServer()
      assert.throws(() => server.listen(wrong), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^handler must be a function or an object with a fetch method, not /,
      })
      assert.equal(server.listening, false)
    })
  }
})

describe('the server itself', () => {
  test('stats() counts', async (t) => {
    const handler = (req) => new Response('12345', { status: Number(pathOf(req).slice(1)) })
    const { server, client } = await serveRaw(t, handler)
    assert.deepEqual(new HttpServer().stats().connections, { open: 0, total: 0 })
    const texts = [200, 201, 302, 404, 500].map((status) => request(`GET /${status}`))
    for (const text of texts) await client.ask(text)
    const other = await connectTo(t, server)
    await other.ask('nonsense\r\n\r\n')
    await other.closed
    await eventually(() => assert.equal(server.stats().connections.open, 1))
    const { bytesOut, ...stats } = server.stats()
    assert.deepEqual(stats, {
      connections: { open: 1, total: 2 },
      requests: 5,
      bytesIn: texts.join('').length + 'nonsense\r\n\r\n'.length,
      answers: { '2xx': 2, '3xx': 1, '4xx': 2, '5xx': 1 },
      refusals: stats.refusals,
    })
    assert.deepEqual(Object.values(stats.refusals), [1])
    assert.ok(bytesOut > 5 * 'HTTP/1.1 200 OK\r\n\r\n12345'.length)
  })

  test('stats() outlive the server', async (t) => {
    const { server, client } = await serveRaw(t, () => new Response('x'))
    await client.ask(request('GET /'))
    await client.destroy()
    await server.close()
    assert.equal(server.stats().requests, 1)
    assert.deepEqual(server.stats().connections, { open: 0, total: 1 })
  })

  for (const hostname of ['127.0.0.1', '::1', 'localhost', '[::1]']) {
    test(`url and address() on ${hostname}`, async (t) => {
      const server = serve(t, (req) => new Response(req.url), { hostname })
      const address = server.address()
      assert.equal(address.port, server.port)
      assert.equal(address.family, address.address.includes(':') ? 'IPv6' : 'IPv4')
      assert.notEqual(server.port, 0)
      const name = hostname === '::1' ? '[::1]' : hostname
      assert.equal(server.url, `http://${name}:${server.port}/`)
      const response = await fetch(`${server.url}x`)
      assert.equal(await response.text(), `${server.url}x`)
    })
  }

  test('before it listens there is no address', () => {
    const server = new HttpServer({ port: 8080 })
    assert.equal(server.address(), null)
    assert.equal(server.listening, false)
    assert.equal(server.port, 8080)
    assert.equal(server.url, 'http://127.0.0.1:8080/')
  })

  const run = (code) => {
    const text = `import { HttpServer, Response } from 'milouv'
      const server = new HttpServer().listen(() => new Response('x'))
      ${code}`
    const cwd = new URL('..', import.meta.url)
    const args = ['--input-type=module', '--eval', text]
    return promisify(execFile)(process.execPath, args, { cwd })
  }

  test('a server keeps the process alive, unref() does not', async () => {
    await run('server.unref()')
    const { stdout } = await run(`server.unref().ref()
      const timer = setTimeout(() => server.close().then(() => console.log('closed')), 50)
      timer.unref()`)
    assert.equal(stdout, 'closed\n')
  })

  test('the bytes of an answer are the same whoever reads them', async (t) => {
    const { server, client } = await serveRaw(t, () => new Response('same'))
    const other = await connectTo(t, server)
    const [one, two] = await Promise.all([
      client.ask(request('GET /')),
      other.ask(request('GET /')),
    ])
    assertBytes(one.whole, two.whole)
  })
})
