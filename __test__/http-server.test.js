// What ordinary clients send, and what they get: methods, headers, bodies, keep-alive, pipelining,
// HTTP/1.0, and every kind of handler and answer.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Request, Response } from 'milouv'
import { assertBytes } from './support/answers.js'
import { chunked, request } from './support/raw-client.js'
import { deferred, serveRaw } from './support/serve.js'

const hello = () => new Response('hello')
const echo = async (req) => new Response(await req.bytes())
const HELLO_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 5\r\n' +
  'date: <date>\r\n\r\n'

describe('requests', () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE', 'M-SEARCH']) {
    test(`${method} reaches the handler`, async (t) => {
      const { client } = await serveRaw(t, (req) => Response.json([req.method, req.url]))
      const answer = await client.ask(request(`${method} /a/b?c=d`))
      assert.equal(answer.text, JSON.stringify([method, 'http://test/a/b?c=d']))
    })
  }

  test('the Request is a web-standard one', async (t) => {
    const seen = deferred()
    const { client } = await serveRaw(t, async (req) => {
      seen.resolve({ req, body: await req.text() })
      return new Response()
    })
    const fields = ['x-one: 1', 'x-two: a', 'X-Two: b', 'content-length: 6']
    await client.ask(request('POST /path?q', fields, 'gr\u00c3\u00bc\u00c3\u009f'))
    const { req, body } = await seen.promise
    assert.ok(req instanceof globalThis.Request)
    assert.ok(req instanceof Request)
    assert.equal(req.method, 'POST')
    assert.equal(req.url, 'http://test/path?q')
    assert.equal(req.headers.get('x-two'), 'a, b')
    const names = ['content-length', 'host', 'x-one', 'x-two']
    assert.deepEqual([...req.headers.keys()], names)
    assert.equal(body, 'grüß')
    assert.equal(req.bodyUsed, true)
  })

  test('header values come through byte by byte', async (t) => {
    const { client } = await serveRaw(t, (req) => new Response(req.headers.get('x-value')))
    const printable = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join('')
    const { text } = await client.ask(request('GET /', [`x-value: \t ${printable} x\té \t`]))
    assert.equal(text, `${printable} x\té`)
  })

  test('a request in single bytes', async (t) => {
    const { client } = await serveRaw(t, echo)
    const body = chunked(['wiki', 'pedia in\r\n\r\nchunks.'])
    await client.sendPieces(request('POST /', ['transfer-encoding: chunked'], body).split(''))
    assert.equal((await client.answer()).text, 'wikipedia in\r\n\r\nchunks.')
  })
})

describe('request bodies', () => {
  const limits = { maxRequestBodySize: 100_000 }
  const bytes = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, at) => at % 251))
  const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000)]
  const inChunks = (parts) => chunked(parts.map((part) => part.toString('latin1')))

  for (const [how, read] of [
    ['bytes()', echo],
    ['arrayBuffer()', async (req) => new Response(await req.arrayBuffer())],
    ['the stream', (req) => new Response(req.body)],
    ['blob()', async (req) => new Response(await req.blob())],
  ]) {
    test(`content-length up to the limit, read by ${how}`, async (t) => {
      const { client } = await serveRaw(t, read, { limits })
      const text = request('POST /', ['content-length: 100000'], bytes.toString('latin1'))
      assertBytes((await client.ask(text)).body, bytes)
    })

    test(`chunks up to the limit, read by ${how}`, async (t) => {
      const { client } = await serveRaw(t, read, { limits })
      const text = request('POST /', ['transfer-encoding: chunked'], inChunks(pieces))
      assertBytes((await client.ask(text)).body, bytes)
      assert.equal((await client.ask(request('GET /'))).text, '')
    })
  }

  test('json(), text() and formData()', async (t) => {
    const { client } = await serveRaw(t, async (req) => {
      if (req.url.endsWith('/json')) return Response.json((await req.json()).a)
      const form = await req.formData()
      return new Response(form.get('b'))
    })
    const json = '{"a":[1,"ü"]}'
    const length = `content-length: ${Buffer.byteLength(json)}`
    client.send(request('POST /json', [length]))
    client.send(Buffer.from(json))
    assert.equal((await client.answer()).text, '[1,"ü"]')
    const fields = ['content-type: application/x-www-form-urlencoded', 'content-length: 9']
    assert.equal((await client.ask(request('POST /', fields, 'a=1&b=x+y'))).text, 'x y')
  })

  test('413 beyond the limit by content-length, before the handler', async (t) => {
    const { server, client } = await serveRaw(t, echo, { limits })
    const answer = await client.ask(request('POST /', ['content-length: 100001']))
    assert.equal(answer.status, 413)
    assert.equal(answer.get('connection'), 'close')
    assert.equal((await client.rest()).length, 0)
    assert.equal(server.stats().requests, 0)
    assert.deepEqual(server.stats().refusals, { HTTP_BODY_TOO_LARGE: 1 })
  })

  test('413 beyond the limit in chunks, as far as they came', async (t) => {
    const refusals = []
    const failed = deferred()
    const handler = async (req) => {
      await req.bytes().catch(failed.resolve)
      return new Response('too late')
    }
    const options = { limits, onClientError: (refusal) => refusals.push(refusal) }
    const { client } = await serveRaw(t, handler, options)
    const body = inChunks([...pieces, Buffer.from('!')])
    const answer = await client.ask(request('POST /', ['transfer-encoding: chunked'], body))
    assert.equal(answer.status, 413)
    assert.equal((await client.rest()).length, 0)
    assert.equal((await failed.promise).name, 'AbortError')
    assert.deepEqual(
      refusals.map(({ status, code }) => [status, code]),
      [[413, 'HTTP_BODY_TOO_LARGE']],
    )
  })

  test('a body that nobody reads does not stand in the way of the next request', async (t) => {
    const { client } = await serveRaw(t, hello)
    client.send(request('POST /', ['content-length: 5'], 'GET /'))
    client.send(request('GET /'))
    assertBytes((await client.answer()).whole, `${HELLO_HEAD}hello`)
    assertBytes((await client.answer()).whole, `${HELLO_HEAD}hello`)
  })
})

describe('answers', () => {
  const answerOf = async (t, response, line = 'GET /') => {
    const { client } = await serveRaw(t, () => response)
    return client.ask(request(line))
  }

  test('text', async (t) => {
    assertBytes((await answerOf(t, hello())).whole, `${HELLO_HEAD}hello`)
  })

  test('text beyond ASCII is UTF-8', async (t) => {
    assertBytes((await answerOf(t, new Response('grüße 🙂'))).body, 'grüße 🙂')
  })

  test('bytes', async (t) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const { head, body } = await answerOf(t, new Response(bytes))
    assert.equal(head, 'HTTP/1.1 200 OK\r\ncontent-length: 256\r\ndate: <date>\r\n\r\n')
    assertBytes(body, bytes)
  })

  test('10 MiB of bytes', async (t) => {
    const bytes = Buffer.alloc(10 * 1024 * 1024, 'some bytes ')
    assertBytes((await answerOf(t, new Response(bytes))).body, bytes)
  })

  test('the platform\u2019s Response', async (t) => {
    const headers = { 'x-a': '1', 'content-type': 'text/css' }
    const native = new globalThis.Response('body', { status: 201, statusText: 'Made', headers })
    const { status, reason, headers: lines, text } = await answerOf(t, native)
    assert.deepEqual([status, reason, text], [201, 'Made', 'body'])
    const wanted = ['content-type: text/css', 'x-a: 1', 'content-length: 4']
    const found = lines.map((line) => line.join(': ')).filter((line) => !line.startsWith('date'))
    assert.deepEqual(found.sort(), wanted.sort())
  })

  test('a stream goes out in chunks', async (t) => {
    const stream = new ReadableStream({
      start(controller) {
        for (const piece of ['a', 'bc', 'def']) controller.enqueue(Buffer.from(piece))
        controller.close()
      },
    })
    const { head, text } = await answerOf(t, new Response(stream))
    const wanted = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ndate: <date>\r\n\r\n'
    assert.equal(head, wanted)
    assert.equal(text, 'abcdef')
  })

  for (const make of [Response, globalThis.Response]) {
    const whose = make === Response ? 'milouv' : 'the platform'
    test(`every set-cookie has a line of its own (${whose})`, async (t) => {
      const headers = new Headers([
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2, 3'],
        ['x-list', '1'],
        ['x-list', '2'],
      ])
      const answer = await answerOf(t, new make('', { headers }))
      assert.deepEqual(answer.all('set-cookie'), ['a=1; Path=/', 'b=2, 3'])
      assert.equal(answer.get('x-list'), '1, 2')
    })
  }

  for (const status of [204, 304]) {
    test(`${status} has neither body nor length, and the connection goes on`, async (t) => {
      const { client } = await serveRaw(t, () => new Response(null, { status }))
      const { head } = await client.ask(request('GET /'))
      assert.match(
        head,
        new RegExp(`^HTTP/1\\.1 ${status} [A-Za-z ]+\\r\\ndate: <date>\\r\\n\\r\\n$`),
      )
      assert.equal((await client.ask(request('GET /'))).status, status)
    })
  }

  test('no body is a body of length 0', async (t) => {
    const { head } = await answerOf(t, new Response())
    assert.equal(head, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\ndate: <date>\r\n\r\n')
  })

  test('redirect and json', async (t) => {
    const redirect = await answerOf(t, Response.redirect('http://other/', 307))
    assert.equal(redirect.head.split('\r\n')[1], 'location: http://other/')
    assert.equal(redirect.status, 307)
    const json = await answerOf(t, Response.json({ a: 1 }))
    assert.equal(json.get('content-type'), 'application/json')
    assert.equal(json.text, '{"a":1}')
  })

  test('HEAD is answered like GET, without the bytes', async (t) => {
    const { client } = await serveRaw(t, hello)
    assert.equal((await client.ask(request('HEAD /'))).head, HELLO_HEAD)
    assertBytes((await client.ask(request('GET /'))).whole, `${HELLO_HEAD}hello`)
  })

  test('HEAD cancels a streamed body', async (t) => {
    const cancelled = deferred()
    const stream = new ReadableStream({ cancel: cancelled.resolve })
    const { head } = await answerOf(t, new Response(stream), 'HEAD /')
    assert.match(head, /\r\ntransfer-encoding: chunked\r\n/)
    await cancelled.promise
  })

  for (const status of [204, 205, 304]) {
    test(`${status} cancels a streamed body, which only a ponyfill can give it`, async (t) => {
      let [pulled, cancelled] = [0, 0]
      const { client } = await serveRaw(t, () => {
        const pull = (controller) => {
          pulled++
          controller.enqueue(Buffer.from('x'))
          if (pulled > 999) controller.close()
        }
        const cancel = () => {
          cancelled++
        }
        return { status, headers: new Map(), body: new ReadableStream({ pull, cancel }) }
      })
      for (let round = 0; round < 3; round++) {
        assert.equal((await client.ask(request('GET /'))).status, status)
      }
      assert.equal(cancelled, 3)
      // None was asked for more than what a stream keeps ready.
      assert.ok(pulled <= 3, `pulled ${pulled} times`)
    })
  }

  test('one Response may be sent many times', async (t) => {
    const response = new Response('hello')
    const { client } = await serveRaw(t, () => response)
    for (let round = 0; round < 3; round++) {
      assertBytes((await client.ask(request('GET /'))).whole, `${HELLO_HEAD}hello`)
    }
  })
})

describe('connections', () => {
  test('stay open, until the client says close', async (t) => {
    const { server, client } = await serveRaw(t, hello)
    assert.equal((await client.ask(request('GET /'))).get('connection'), null)
    const last = await client.ask(request('GET /', ['connection: close']))
    assert.equal(last.get('connection'), 'close')
    assert.equal((await client.rest()).length, 0)
    assert.equal(await client.closed, null)
    assert.equal(server.stats().connections.total, 1)
  })

  test('close when the answer says so', async (t) => {
    const { client } = await serveRaw(t, () => {
      return new Response('x', { headers: { connection: 'close' } })
    })
    assert.equal((await client.ask(request('GET /'))).get('connection'), 'close')
    assert.equal((await client.rest()).length, 0)
  })

  test('a client that ends its side still gets its answer', async (t) => {
    const proceed = deferred()
    const { client } = await serveRaw(t, async () => {
      await proceed.promise
      return hello()
    })
    client.send(request('GET /')).end()
    proceed.resolve()
    assert.equal((await client.answer()).text, 'hello')
    assert.equal((await client.rest()).length, 0)
  })

  test('HTTP/1.0 closes, has no chunks and needs no Host', async (t) => {
    const parts = async function* () {
      yield Buffer.from('abc')
    }
    const { server, client } = await serveRaw(t, (req, info) => {
      const url = `${info.httpVersion} ${req.url}`
      return new Response(ReadableStream.from(parts()), { headers: { 'x-url': url } })
    })
    const answer = await client.ask('GET /a HTTP/1.0\r\n\r\n')
    assert.equal(answer.get('connection'), 'close')
    assert.equal(answer.get('transfer-encoding'), null)
    assert.equal(answer.get('x-url'), `1.0 ${server.url}a`)
    assert.equal(answer.text, 'abc')
  })

  test('HTTP/1.0 stays open where keep-alive was asked for', async (t) => {
    const { client } = await serveRaw(t, hello)
    const text = 'GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n'
    for (let round = 0; round < 3; round++) {
      const answer = await client.ask(text)
      assert.equal(answer.get('connection'), 'keep-alive')
      assert.equal(answer.text, 'hello')
    }
    assert.equal((await client.ask('GET / HTTP/1.0\r\n\r\n')).get('connection'), 'close')
    assert.equal((await client.rest()).length, 0)
  })
})
