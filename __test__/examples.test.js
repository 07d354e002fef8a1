// Each example, started as a user would start it, and talked to by real clients.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { which } from '../scripts/toolchain.mjs'
import { root, started, until, withExample } from './support/example.js'

const run = promisify(execFile)

/** Sends the pieces one after the other, ends our side, and gives all that came back. */
function rawExchange(port, pieces) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const received = []
    socket.on('data', (bytes) => received.push(bytes))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(received).toString()))
    const sendNext = (at) => {
      if (at === pieces.length) return socket.end()
      socket.write(pieces[at], () => setTimeout(20).then(() => sendNext(at + 1)))
    }
    socket.setNoDelay(true)
    sendNext(0)
  })
}

const post = (body, type = 'text/plain') => {
  return { method: 'POST', body, headers: { 'content-type': type } }
}

describe('examples', { concurrency: 2 }, () => {
  test('hello', () =>
    withExample('hello', async ({ url }) => {
      const response = await fetch(`${url}a/path?query`)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type'), /^application\/json/)
      assert.deepEqual(await response.json(), { pathname: '/a/path', from: '127.0.0.1' })
      assert.equal(await (await fetch(url, post('grüße'))).text(), 'grüße')
    }))

  const skip = which('curl') === null && 'curl is not installed'
  test('hello, by curl as it says itself', { skip }, () =>
    withExample('hello', async ({ url, output }) => {
      const line = output.find((each) => each.startsWith('try: ')) ?? `try: curl -i ${url}hello`
      const { stdout } = await run('curl', ['-s', ...line.split(' ').slice(2)])
      assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n/)
      assert.ok(stdout.endsWith('{"pathname":"/hello","from":"127.0.0.1"}'), stdout)
    }),
  )

  test('raw-socket prints the message as it came', () =>
    withExample('raw-socket', async ({ url, output }) => {
      const response = await fetch(`${url}talk`, post('some text'))
      assert.equal(await response.text(), 'Hello World')
      // What the example prints comes through a pipe, on its own time.
      await until(() => output.includes('some text'))
      assert.ok(output.includes('POST /talk HTTP/1.1'), output.join('\n'))
      assert.ok(output.includes('content-length: 9'), output.join('\n'))
    }))

  test('http-from-scratch answers fetch', () =>
    withExample('http-from-scratch', async ({ url }) => {
      assert.equal(await (await fetch(`${url}a`)).text(), 'GET /a with 0 bytes\n')
      assert.equal(await (await fetch(`${url}b`, post('four'))).text(), 'POST /b with 4 bytes\n')
      const head = await fetch(`${url}c`, { method: 'HEAD' })
      assert.equal(head.headers.get('content-length'), '21')
      assert.equal(await head.text(), '')
    }))

  test('http-from-scratch takes requests cut anywhere, and several at once', () =>
    withExample('http-from-scratch', async ({ port }) => {
      const request = 'POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi'
      const answers = await rawExchange(port, [request.slice(0, 11), request.slice(11) + request])
      assert.equal(answers.match(/HTTP\/1\.1 200 OK/g).length, 2)
      assert.equal(answers.match(/POST \/x with 2 bytes\n/g).length, 2)
      assert.match(await rawExchange(port, ['no http at all\r\n\r\n']), /^HTTP\/1\.1 400 /)
    }))

  test('http-from-scratch answers nothing behind its last answer', () =>
    withExample('http-from-scratch', async ({ port }) => {
      const last = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
      const answers = await rawExchange(port, [last + last])
      assert.equal(answers.match(/HTTP\/1\.1 200 OK/g).length, 1)
    }))

  test('echo streams back what it gets', () =>
    withExample('echo', async ({ url }) => {
      const bytes = new Uint8Array(1024 * 1024).map((_, at) => at % 251)
      const response = await fetch(url, post(bytes, 'image/png'))
      assert.equal(response.headers.get('content-type'), 'image/png')
      assert.equal(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes), 0)
      assert.equal(await (await fetch(url)).text(), '')
    }))

  test('json-api creates, lists, reads, deletes, and refuses', () =>
    withExample('json-api', async ({ url }) => {
      const created = await fetch(`${url}notes`, post('{"text":"buy milk"}'))
      assert.equal(created.status, 201)
      assert.equal(created.headers.get('location'), '/notes/1')
      const note = { id: 1, text: 'buy milk' }
      assert.deepEqual(await created.json(), note)
      assert.deepEqual(await (await fetch(`${url}notes`)).json(), [note])
      assert.deepEqual(await (await fetch(`${url}notes/1`)).json(), note)
      assert.equal((await fetch(`${url}notes`, post('not json'))).status, 400)
      assert.equal((await fetch(`${url}notes`, post('{}'))).status, 422)
      assert.equal((await fetch(`${url}notes`, { method: 'PUT' })).status, 405)
      assert.equal((await fetch(`${url}notes/1`, { method: 'DELETE' })).status, 204)
      assert.equal((await fetch(`${url}notes/1`)).status, 404)
      assert.equal((await fetch(url)).status, 404)
    }))

  test('hono routes', () =>
    withExample('hono', async ({ url }) => {
      assert.equal(await (await fetch(url)).text(), 'Hello from Hono')
      assert.deepEqual(await (await fetch(`${url}users/ada`)).json(), { name: 'ada' })
      const echoed = await fetch(`${url}echo`, post('{"a":[1]}', 'application/json'))
      assert.deepEqual(await echoed.json(), { a: [1] })
      assert.equal((await fetch(`${url}nowhere`)).status, 404)
    }))
})

describe('the example server-sent-events', () => {
  const listeners = async (url) => (await (await fetch(`${url}listeners`)).json()).listeners

  for (const [name, leave] of [
    ['says goodbye', (socket) => socket.destroy()],
    ['is reset', (socket) => socket.resetAndDestroy()],
  ]) {
    test(`notices within a second that a client ${name}`, (t) =>
      withExample('server-sent-events', async ({ url, port }) => {
        const socket = connect(port, '127.0.0.1').setEncoding('utf8')
        socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
        let received = ''
        const listen = (text) => {
          received += text
        }
        socket.on('data', listen)
        await until(() => /data: .*: still here/s.test(received))
        assert.match(received, /content-type: text\/event-stream/)
        assert.match(received, /id: 0\ndata: \d{4}-/)
        assert.equal(await listeners(url), 1)
        const left = performance.now()
        leave(socket)
        while ((await listeners(url)) > 0 && performance.now() - left < 5000) await setTimeout(5)
        const took = performance.now() - left
        t.diagnostic(`noticed after ${took.toFixed(0)} ms`)
        assert.ok(took < 1000, `${took} ms`)
      }))
  }
})

describe('the example proxy', () => {
  /** An upstream with what the handler does, and the proxy before it. */
  async function withUpstream(handler, use) {
    const upstream = createServer(handler).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const settings = { UPSTREAM: `http://127.0.0.1:${upstream.address().port}` }
    try {
      await withExample('proxy', use, settings)
    } finally {
      upstream.closeAllConnections()
      upstream.close()
    }
  }

  test('passes on a gzipped answer as what it means', () => {
    const text = 'compressed '.repeat(1000)
    const handler = ({ url, headers }, response) => {
      assert.equal(url, '/a?b=c')
      assert.equal(headers['x-mine'], 'kept')
      const fields = {
        'content-encoding': 'gzip',
        'x-theirs': 'kept',
        'set-cookie': ['a=1', 'b=2'],
      }
      response.writeHead(203, fields).end(gzipSync(text))
    }
    return withUpstream(handler, async ({ url }) => {
      const answer = await fetch(`${url}a?b=c`, { headers: { 'x-mine': 'kept' } })
      assert.equal(answer.status, 203)
      assert.equal(answer.headers.get('content-encoding'), null)
      assert.equal(answer.headers.get('x-theirs'), 'kept')
      assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(await answer.text(), text)
      assert.equal(
        (await fetch(`${url}a?b=c`, { method: 'HEAD', headers: { 'x-mine': 'kept' } })).status,
        203,
      )
    })
  })

  test('passes on bodies piece by piece, both ways', () =>
    withUpstream(
      (request, response) => request.pipe(response),
      async ({ port }) => {
        const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('utf8')
        let received = ''
        socket.on('data', (text) => {
          received += text
        })
        const head = 'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'
        socket.write(`${head}5\r\nfirst\r\n`)
        // The first piece is back before the second is sent.
        await until(() => received.includes('5\r\nfirst\r\n'))
        assert.match(received, /5\r\nfirst\r\n$/)
        socket.write('6\r\nsecond\r\n0\r\n\r\n')
        await until(() => received.endsWith('0\r\n\r\n'))
        assert.match(received, /5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n$/)
        socket.destroy()
      },
    ))

  test('leaves the upstream when its client has left', () => {
    const left = []
    const handler = (_request, response) => {
      response.write('first')
      const timer = setInterval(() => response.write('next'), 10)
      response.on('close', () => {
        clearInterval(timer)
        left.push('upstream')
      })
    }
    return withUpstream(handler, async ({ url }) => {
      const controller = new AbortController()
      const { body } = await fetch(url, { signal: controller.signal })
      await body.getReader().read()
      assert.deepEqual(left, [])
      controller.abort()
      await until(() => left.length > 0)
      assert.deepEqual(left, ['upstream'])
    })
  })
})

describe('the example graceful-shutdown', () => {
  test('answers what is running, refuses what is new, and ends', (t) =>
    withExample('graceful-shutdown', async ({ url, output, child, ended }) => {
      const asked = Array.from({ length: 50 }, async () => {
        const answer = await fetch(`${url}?ms=1000`)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers.get('connection'), 'close')
        assert.equal(await answer.text(), 'answered after 1000 ms\n')
      })
      // Several that are answered behind them: by then all of them run.
      for (let round = 0; round < 5; round++) await (await fetch(url)).text()
      child.kill('SIGTERM')
      await until(() => output.includes('closing'))
      await assert.rejects(fetch(url))
      await Promise.all(asked)
      const answered = performance.now()
      assert.deepEqual(await ended, [0, null])
      const took = performance.now() - answered
      t.diagnostic(`the process ended ${took.toFixed(0)} ms after the last answer`)
      assert.ok(took < 1000, `${took} ms`)
      assert.equal(output.at(-1), 'closed')
      return true
    }))
})

describe('the example opentelemetry', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c'
  const PARENT = 'b7ad6b7169203331'

  /** The spans that were printed, each as its text. */
  const spansOf = (output) => output.join('\n').match(/^\{\n.*?^\}$/gms) ?? []
  const spanOf = (output, path) =>
    spansOf(output).find((span) => span.includes(`'url.path': '${path}'`))

  test('continues the trace of its client, and is the parent of what the handler does', () =>
    withExample('opentelemetry', async ({ url, port, output }) => {
      const traceparent = `00-${TRACE}-${PARENT}-01`
      const answer = await fetch(`${url}a?b=c`, { headers: { traceparent, 'user-agent': 'me' } })
      assert.equal(await answer.text(), `${TRACE}\n`)
      await until(() => spanOf(output, '/a') !== undefined)
      const span = spanOf(output, '/a')
      assert.match(span, /name: 'GET'/)
      assert.match(span, /kind: 1/)
      assert.match(span, new RegExp(`traceId: '${TRACE}'`))
      assert.match(span, new RegExp(`spanId: '${PARENT}'`))
      const attributes = {
        'http.request.method': "'GET'",
        'http.response.status_code': 200,
        'url.scheme': "'http'",
        'url.query': "'b=c'",
        'server.address': "'127.0.0.1'",
        'server.port': port,
        'client.address': "'127.0.0.1'",
        'network.protocol.version': "'1.1'",
        'user_agent.original': "'me'",
      }
      for (const [name, value] of Object.entries(attributes)) {
        assert.ok(span.includes(`'${name}': ${value}`), `${name} in ${span}`)
      }
      const [, id] = /^ {2}id: '(\w{16})'/m.exec(span)
      const work = spansOf(output).find((each) => each.includes("name: 'work'"))
      assert.match(work, new RegExp(`spanId: '${id}'`))
    }))

  test('ends its spans where the handler fails, and where the client leaves', () =>
    withExample('opentelemetry', async ({ url, output }) => {
      assert.equal((await fetch(`${url}fail`)).status, 500)
      await until(() => spanOf(output, '/fail') !== undefined)
      assert.match(spanOf(output, '/fail'), /'error\.type': 'TypeError'/)
      assert.match(spanOf(output, '/fail'), /code: 2/)
      const controller = new AbortController()
      const asked = fetch(`${url}slow`, { signal: controller.signal })
      const told = assert.rejects(asked, { name: 'AbortError' })
      // Answered behind it: by then it runs.
      for (let round = 0; round < 5; round++) await (await fetch(url)).text()
      controller.abort()
      await told
      await until(() => spanOf(output, '/slow') !== undefined)
      const span = spanOf(output, '/slow')
      assert.match(span, /'error\.type': '\w+'/)
      assert.match(span, /code: 2, message: 'aborted'/)
      assert.doesNotMatch(span, /status_code/)
    }))
})

/** What rolling-restart.test.js starts. */
const elsewhere = ['cluster', 'workers']

test('every example was started by a test', () => {
  const files = readdirSync(join(root, 'examples')).sort()
  assert.deepEqual([...started, ...elsewhere].map((name) => `${name}.js`).sort(), files)
})
