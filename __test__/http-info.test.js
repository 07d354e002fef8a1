// What a handler is told beside the request, and what it can do there.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { chunked, request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve, serveRaw } from './support/serve.js'

/** Serves `answer` and settles with the info of the first request. */
async function infoOf(t, text = request('GET /'), answer = () => new Response('x')) {
  const told = deferred()
  const { server, client } = await serveRaw(t, (req, info) => {
    told.resolve(info)
    return answer(req, info)
  })
  client.send(text)
  return { server, client, info: await told.promise }
}

describe('addresses', () => {
  test('of an IPv4 client', async (t) => {
    const seen = deferred()
    const { server, client } = await serveRaw(t, (_, info) => {
      seen.resolve([info.remoteAddress, info.localAddress, info.remoteAddress])
      return new Response()
    })
    client.send(request('GET /'))
    const remote = { address: '127.0.0.1', port: client.localPort, family: 'IPv4' }
    assert.deepEqual(await seen.promise, [remote, server.address(), remote])
  })

  test('of an IPv6 client', async (t) => {
    const handler = (_, info) => Response.json([info.remoteAddress, info.localAddress])
    const server = serve(t, handler, { hostname: '::1' })
    const client = await connectTo(t, server, { host: '::1' })
    const remote = { address: '::1', port: client.localPort, family: 'IPv6' }
    const { text } = await client.ask(request('GET /'))
    assert.deepEqual(JSON.parse(text), [remote, server.address()])
  })

  test('are kept once they were asked for', async (t) => {
    const seen = deferred()
    const { client, info } = await infoOf(t, request('GET /', ['connection: close']), (_, each) => {
      seen.resolve(each.remoteAddress)
      return new Response()
    })
    await client.closed
    assert.deepEqual(info.remoteAddress, await seen.promise)
  })
})

test('httpVersion', async (t) => {
  const { client } = await serveRaw(t, (_, info) => new Response(info.httpVersion))
  assert.equal((await client.ask(request('GET /'))).text, '1.1')
  assert.equal((await client.ask('GET / HTTP/1.0\r\n\r\n')).text, '1.0')
})

describe('completed', () => {
  const completions = async (t, answer) => {
    const told = deferred()
    const { client } = await serveRaw(t, (_, info) => {
      told.resolve({ completed: info.completed })
      return answer(client)
    })
    client.send(request('GET /'))
    return { client, ...(await told.promise) }
  }

  test('resolves once the answer is sent', async (t) => {
    const { client, completed } = await completions(t, () => new Response('x'))
    assert.equal(await completed, undefined)
    await client.answer()
  })

  test('resolves for an async handler and for a streamed body', async (t) => {
    const source = deferred()
    const body = new ReadableStream({
      async start(controller) {
        await source.promise
        controller.enqueue(Buffer.from('late'))
        controller.close()
      },
    })
    let settled = false
    const { client, completed } = await completions(t, async () => new Response(body))
    completed.then(() => {
      settled = true
    })
    await client.arrived(/\r\n\r\n/)
    assert.equal(settled, false)
    source.resolve()
    await completed
    assert.equal((await client.answer()).text, 'late')
  })

  test('resolves only when the client took the answer', async (t) => {
    const bytes = Buffer.alloc(32 * 1024 * 1024)
    const { client, completed } = await completions(t, (each) => {
      each.pause()
      return new Response(bytes)
    })
    const first = await Promise.race([completed.then(() => 'sent'), later('waiting')])
    assert.equal(first, 'waiting')
    client.resume()
    await completed
    assert.equal((await client.answer()).body.length, bytes.length)
  })

  test('asked for after the end, it is settled', async (t) => {
    const { client, info } = await infoOf(t)
    await client.answer()
    assert.equal(await info.completed, undefined)
    assert.equal(info.completed, info.completed)
  })

  test('each pipelined request has its own', async (t) => {
    const all = []
    const { client } = await serveRaw(t, (_, info) => {
      all.push(info.completed)
      return new Response(String(all.length))
    })
    client.send(request('GET /').repeat(3))
    for (const text of ['1', '2', '3']) assert.equal((await client.answer()).text, text)
    assert.equal(new Set(all).size, 3)
    await Promise.all(all)
  })

  const AbortError = { name: 'AbortError' }

  test('rejects when the client leaves before the answer', async (t) => {
    const { client, completed } = await completions(t, () => new Promise(() => {}))
    await client.reset()
    await assert.rejects(completed, { ...AbortError, code: 'ECONNRESET' })
  })

  test('rejects when the client leaves within the answer', async (t) => {
    const bytes = Buffer.alloc(32 * 1024 * 1024)
    const { client, completed } = await completions(t, () => new Response(bytes))
    await client.arrived(/\r\n\r\n/)
    await client.reset()
    await assert.rejects(completed, AbortError)
  })

  test('rejects when a stream fails', async (t) => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error('no')) })
    const told = deferred()
    const handler = ({ signal }, info) => {
      told.resolve({ completed: info.completed, signal })
      return new Response(body)
    }
    const { client } = await serveRaw(t, handler, { onError: () => undefined })
    client.send(request('GET /'))
    const { completed, signal } = await told.promise
    // It is not the client who left.
    await assert.rejects(completed, { ...AbortError, code: 'ERR_RESPONSE_ABORTED' })
    assert.equal(signal.reason.code, 'ERR_RESPONSE_ABORTED')
  })

  test('is nobody’s unhandled rejection', async (t) => {
    const { server, client, info } = await infoOf(t, undefined, (_, each) => {
      each.completed
      return new Promise(() => {})
    })
    await client.reset()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    await assert.rejects(info.completed, AbortError)
  })
})

/** Some turns of the loop later: what was to happen at once has happened. */
async function later(value) {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
  return value
}

describe('waitUntil', () => {
  for (const wrong of [undefined, null, 5, 'text', {}, () => {}]) {
    test(`refuses ${typeof wrong} ${JSON.stringify(wrong)}`, async (t) => {
      const { info } = await infoOf(t)
      assert.throws(() => info.waitUntil(wrong), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: /^promise must be a promise, not /,
      })
    })
  }

  test('does not hold back the answer', async (t) => {
    const { client } = await serveRaw(t, (_, info) => {
      const work = deferred()
      info.waitUntil(work.promise)
      info.completed.then(work.resolve)
      return new Response('first')
    })
    assert.equal((await client.ask(request('GET /'))).text, 'first')
  })
})

describe('sendInformational', () => {
  const hints = { link: '</a.css>; rel=preload, </b.js>; rel=preload' }

  test('goes out ahead of the answer', async (t) => {
    const proceed = deferred()
    const { client } = await infoOf(t, undefined, async (_, info) => {
      info.sendInformational(103, hints)
      info.sendInformational(102)
      await proceed.promise
      return new Response('x')
    })
    const early = await client.answer()
    assert.equal(early.head, `HTTP/1.1 103 Early Hints\r\nlink: ${hints.link}\r\n\r\n`)
    assert.equal((await client.answer()).head, 'HTTP/1.1 102 Processing\r\n\r\n')
    proceed.resolve()
    assert.equal((await client.answer()).text, 'x')
  })

  test('each set-cookie on a line of its own', async (t) => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    const { client } = await infoOf(t, undefined, (_, info) => {
      info.sendInformational(103, headers)
      return new Response()
    })
    assert.deepEqual((await client.answer()).all('set-cookie'), ['a=1', 'b=2'])
    assert.equal((await client.answer()).status, 200)
  })

  test('is not sent to a client of HTTP/1.0', async (t) => {
    const { client } = await infoOf(t, 'GET / HTTP/1.0\r\n\r\n', (_, info) => {
      info.sendInformational(103, hints)
      return new Response('x')
    })
    assert.equal((await client.answer()).status, 200)
  })

  for (const [status, error] of [
    ['103', { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }],
    [undefined, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }],
    [99, { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
    [101, { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
    [200, { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
    [103.5, { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }],
  ]) {
    test(`refuses the status ${typeof status} ${status}`, async (t) => {
      const { client } = await infoOf(t, undefined, (_, info) => {
        assert.throws(() => info.sendInformational(status), error)
        return new Response('x')
      })
      assert.equal((await client.answer()).text, 'x')
    })
  }

  test('refuses headers that cannot be sent', async (t) => {
    const { client } = await infoOf(t, undefined, (_, info) => {
      assert.throws(() => info.sendInformational(103, { 'x-a': 'b\r\nset-cookie: c' }), TypeError)
      assert.throws(() => info.sendInformational(103, { 'a b': 'c' }), TypeError)
      return new Response('x')
    })
    assert.equal((await client.answer()).text, 'x')
  })

  test('after the answer it throws and sends nothing', async (t) => {
    const { client, info } = await infoOf(t)
    await client.answer()
    assert.throws(() => info.sendInformational(103, hints), { name: 'Error' })
    assert.equal((await client.ask(request('GET /'))).status, 200)
  })

  test('once the client has left it does nothing', async (t) => {
    const { server, client, info } = await infoOf(t, undefined, () => new Promise(() => {}))
    await client.reset()
    await eventually(() => assert.equal(server.stats().connections.open, 0))
    assert.equal(info.sendInformational(103, hints), undefined)
  })
})

describe('trailers', () => {
  const trailersOf = async (t, text, read = (req) => req.text()) => {
    const told = deferred()
    const { client } = await serveRaw(t, async (req, info) => {
      const { trailers } = info
      trailers.then(told.resolve, told.reject)
      await read(req)
      await trailers
      return new Response()
    })
    client.send(text)
    return { client, trailers: await told.promise }
  }
  const inChunks = (trailers) =>
    request('POST /', ['transfer-encoding: chunked'], chunked(['abc', 'd'], trailers))

  test('come behind the chunks', async (t) => {
    const { client, trailers } = await trailersOf(t, inChunks(['x-sum: 1', 'X-Other: a, b']))
    assert.ok(trailers instanceof Headers)
    assert.deepEqual(
      [...trailers],
      [
        ['x-other', 'a, b'],
        ['x-sum', '1'],
      ],
    )
    assert.equal((await client.answer()).status, 200)
  })

  test('are empty without any', async (t) => {
    for (const text of [
      inChunks([]),
      request('POST /', ['content-length: 2'], 'ab'),
      request('GET /'),
    ]) {
      assert.deepEqual([...(await trailersOf(t, text)).trailers], [])
    }
  })

  test('asked for behind the body, whichever way it was read', async (t) => {
    const readers = [
      (req) => req.text(),
      (req) => req.bytes(),
      (req) => req.body.pipeTo(new WritableStream()),
    ]
    const { client } = await serveRaw(t, async (req, info) => {
      await readers[Number(new URL(req.url).pathname.slice(1))](req)
      return Response.json([...(await info.trailers)])
    })
    for (const at of readers.keys()) {
      const line = `POST /${at}`
      for (const [trailers, found] of [
        [['x-sum: 1'], '[["x-sum","1"]]'],
        [[], '[]'],
      ]) {
        const text = request(line, ['transfer-encoding: chunked'], chunked(['a'], trailers))
        assert.equal((await client.ask(text)).text, found)
      }
      assert.equal((await client.ask(request(line, ['content-length: 1'], 'a'))).text, '[]')
    }
  })

  test('reject when the answer is complete and nobody read the body', async (t) => {
    const { client, info } = await infoOf(t, inChunks(['x-sum: 1']))
    await client.answer()
    await assert.rejects(info.trailers, { code: 'ERR_BODY_DISCARDED' })
  })

  test('come when the body is read as a stream', async (t) => {
    const read = async (req) => {
      for await (const piece of req.body) assert.ok(piece.length > 0)
    }
    const { trailers } = await trailersOf(t, inChunks(['x-sum: 1']), read)
    assert.equal(trailers.get('x-sum'), '1')
  })

  test('reject when the client leaves before them', async (t) => {
    const { client, info } = await infoOf(
      t,
      request('POST /', ['transfer-encoding: chunked'], '3\r\nabc\r\n'),
      async (req) => new Response(await req.text()),
    )
    const { trailers } = info
    await client.reset()
    await assert.rejects(trailers, { name: 'AbortError' })
  })
})
