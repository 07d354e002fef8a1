// The clients and proxies that people really use, and every byte of what they get.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Response } from 'milouv'
import { assertBytes, parseAnswers } from './support/answers.js'
import { startNginx } from './support/nginx.js'
import { request } from './support/raw-client.js'
import { serve, serveRaw } from './support/serve.js'
import { tap } from './support/tap.js'
import { tool } from './support/tools.js'

const run = promisify(execFile)
const HELLO = 'Hello from milouv, and a body of some length.\n'
const hello = () => new Response(HELLO)
const HELLO_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n' +
  `content-length: ${HELLO.length}\r\n`
const HELLO_1_1 = `${HELLO_HEAD}date: <date>\r\n\r\n${HELLO}`
const HELLO_1_0 = `${HELLO_HEAD}connection: keep-alive\r\ndate: <date>\r\n\r\n${HELLO}`
const big = Buffer.from(Uint8Array.from({ length: 5_000_000 }, (_, at) => (at * 31) % 251))

/** Answers that show what came, in each of the ways an answer can be made. */
async function everything(req, info) {
  const { pathname } = new URL(req.url)
  const headers = [
    ['x-method', req.method],
    ['x-version', info.httpVersion],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ]
  if (pathname === '/empty') return new Response(null, { status: 204, headers })
  if (pathname === '/missing') return new Response('nothing here', { status: 404, headers })
  if (pathname === '/big') return new Response(big, { headers })
  if (pathname === '/stream') return new Response(new Blob([big]).stream(), { headers })
  if (pathname === '/echo') return new Response(req.body, { headers })
  if (pathname === '/bytes') return new Response(await req.bytes(), { headers })
  if (pathname === '/text') return new Response(await req.text(), { headers })
  return new Response(HELLO, { headers })
}

/** Every answer that went over the tap is this one. */
async function assertAll(tapped, expected) {
  let count = 0
  for (const stream of await tapped.streams()) {
    for (const answer of parseAnswers(stream)) {
      assertBytes(answer.whole, expected)
      count++
    }
  }
  return count
}

test('1,000 keep-alive requests on one raw socket', async (t) => {
  const { server, client } = await serveRaw(t, async (req) => {
    const body = await req.text()
    return new Response(`${req.method} ${new URL(req.url).pathname} ${body}`)
  })
  for (let at = 0; at < 1000; at++) {
    const method = ['GET', 'POST', 'HEAD', 'DELETE'][at % 4]
    const body = method === 'POST' ? 'x'.repeat(at) : ''
    const fields = body === '' ? [] : [`content-length: ${body.length}`]
    const answer = await client.ask(request(`${method} /${at}`, fields, body))
    const text = `${method} /${at} ${body}`
    const head =
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n' +
      `content-length: ${text.length}\r\ndate: <date>\r\n\r\n`
    assertBytes(answer.whole, head + (method === 'HEAD' ? '' : text))
  }
  const { connections, requests } = server.stats()
  assert.deepEqual([connections.total, requests], [1, 1000])
})

describe('curl', () => {
  const { path: curl, skip } = tool('curl')
  // With -i, curl prints the head as it came.
  const ask = async (server, path, ...args) => {
    const options = ['-s', '-i', '--max-time', '60', ...args, `${server.url}${path}`]
    const { stdout } = await run(curl, options, { encoding: 'buffer', maxBuffer: 2 ** 26 })
    return stdout
  }

  test('GET and HEAD, 1.1 and 1.0', { skip }, async (t) => {
    const server = serve(t, hello)
    const whole = async (...args) => parseAnswers(await ask(server, '', ...args))[0].whole
    assertBytes(await whole(), HELLO_1_1)
    const closing = `${HELLO_HEAD}connection: close\r\ndate: <date>\r\n\r\n${HELLO}`
    assertBytes(await whole('--http1.0'), closing)
    const [head] = parseAnswers(await ask(server, '', '--head'), ['HEAD'])
    assertBytes(head.whole, HELLO_1_1.slice(0, -HELLO.length))
    // An upgrade that nobody asked for is passed over.
    assertBytes(await whole('--http2'), HELLO_1_1)
  })

  test('any method, cookies, a 204 and a 404', { skip }, async (t) => {
    const server = serve(t, everything)
    const [purged] = parseAnswers(await ask(server, '', '-X', 'PURGE'))
    assert.equal(purged.get('x-method'), 'PURGE')
    assert.deepEqual(purged.all('set-cookie'), ['a=1', 'b=2'])
    assert.equal(parseAnswers(await ask(server, 'empty'))[0].status, 204)
    assert.equal(parseAnswers(await ask(server, 'missing'))[0].text, 'nothing here')
  })

  test('several requests on one connection', { skip }, async (t) => {
    const server = serve(t, hello)
    const urls = Array.from({ length: 9 }, (_, at) => `${server.url}${at}`)
    const answers = parseAnswers(await ask(server, '9', ...urls))
    assert.equal(answers.length, 10)
    for (const { whole } of answers) assertBytes(whole, HELLO_1_1)
    assert.equal(server.stats().connections.total, 1)
  })

  const withFiles = async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'milouv-curl-'))
    t.after(() => rm(folder, { recursive: true }))
    const [up, down] = [join(folder, 'up'), join(folder, 'down')]
    await writeFile(up, big)
    return { up, down }
  }

  for (const [how, ...args] of [
    ['with content-length'],
    ['in chunks', '-H', 'transfer-encoding: chunked'],
    ['by HTTP/1.0', '--http1.0'],
  ]) {
    test(`uploads 5 MB ${how} and gets it back`, { skip }, async (t) => {
      const { up, down } = await withFiles(t)
      const server = serve(t, everything)
      for (const [method, path] of [
        ['POST', 'echo'],
        ['PUT', 'bytes'],
      ]) {
        const upload = ['-X', method, '--data-binary', `@${up}`, '-o', down, '-H', 'expect:']
        await run(curl, ['-sS', '--fail', ...upload, ...args, `${server.url}${path}`])
        assertBytes(await readFile(down), big)
      }
    })
  }

  test('uploads 5 MB once it is told to continue', { skip }, async (t) => {
    const { up, down } = await withFiles(t)
    const server = serve(t, everything)
    const upload = ['--data-binary', `@${up}`, '-o', down, '-D', '-', '-H', 'expect: 100-continue']
    const { stdout } = await run(curl, ['-sS', '--fail', ...upload, `${server.url}bytes`])
    assert.match(stdout, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    assertBytes(await readFile(down), big)
  })
})

describe('fetch', () => {
  test('bodies of every kind, both ways', async (t) => {
    const server = serve(t, everything)
    const ask = (path, options) => fetch(`${server.url}${path}`, options)
    assert.equal(await (await ask('')).text(), HELLO)
    assertBytes(await (await ask('big')).arrayBuffer(), big)
    assertBytes(await (await ask('stream')).arrayBuffer(), big)
    const echoed = await ask('echo', { method: 'POST', body: big })
    assertBytes(await echoed.arrayBuffer(), big)
    const stream = { method: 'PUT', body: new Blob([big]).stream(), duplex: 'half' }
    assertBytes(await (await ask('echo', stream)).arrayBuffer(), big)
    const text = await ask('text', { method: 'PATCH', body: 'grüße' })
    assert.equal(await text.text(), 'grüße')
    assert.equal(text.headers.get('x-method'), 'PATCH')
    assert.deepEqual(text.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.equal((await ask('empty')).status, 204)
    assert.equal(await (await ask('', { method: 'HEAD' })).text(), '')
  })

  test('the bytes on the wire', async (t) => {
    const server = serve(t, hello)
    const tapped = await tap(t, server.port)
    const url = `http://127.0.0.1:${tapped.port}/`
    for (let round = 0; round < 5; round++) {
      const texts = await Promise.all(
        Array.from({ length: 20 }, async () => (await fetch(url)).text()),
      )
      for (const text of texts) assert.equal(text, HELLO)
    }
    server.closeIdleConnections()
    assert.equal(await assertAll(tapped, HELLO_1_1), 100)
  })
})

describe('wrk -c64', () => {
  const { path: wrk, skip } = tool('wrk')

  // wrk shows its script status, fields and body; the script counts what is not as expected.
  const script = `
    local threads = {}
    function setup(thread) table.insert(threads, thread) end
    function init() right, wrong = 0, 0 end
    function response(status, headers, body)
      local date = headers['date']
      headers['date'] = nil
      local fields = 0
      for _ in pairs(headers) do fields = fields + 1 end
      local fine = status == 200 and body == ${JSON.stringify(HELLO)} and fields == 2
        and headers['content-type'] == 'text/plain;charset=UTF-8'
        and headers['content-length'] == '${HELLO.length}'
        and date ~= nil and #date == 29
      if fine then right = right + 1 else wrong = wrong + 1 end
    end
    function done(summary)
      local right, wrong, errors = 0, 0, summary.errors
      for _, thread in ipairs(threads) do
        right, wrong = right + thread:get('right'), wrong + thread:get('wrong')
      end
      print('seen', right, wrong, errors.connect + errors.read + errors.write + errors.timeout)
    end`

  const runWrk = async (t, port) => {
    const folder = await mkdtemp(join(tmpdir(), 'milouv-wrk-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'check.lua')
    await writeFile(file, script)
    const args = ['-t1', '-c64', '-d2', '-s', file, `http://127.0.0.1:${port}/`]
    const { stdout } = await run(wrk, args)
    const [, ...seen] = /^seen\t(\d+)\t(\d+)\t(\d+)$/m.exec(stdout) ?? assert.fail(stdout)
    return seen.map(Number)
  }

  for (const [name, handler] of Object.entries({ sync: hello, async: async () => hello() })) {
    test(`${name}: every answer as it should be`, { skip }, async (t) => {
      const server = serve(t, handler)
      const [right, wrong, errors] = await runWrk(t, server.port)
      assert.deepEqual([wrong, errors], [0, 0])
      assert.ok(right > 1000, `only ${right} answers`)
      assert.equal(server.stats().answers['2xx'], server.stats().requests)
    })
  }

  test('the bytes on the wire', { skip }, async (t) => {
    const server = serve(t, hello)
    const tapped = await tap(t, server.port)
    const [right, wrong, errors] = await runWrk(t, tapped.port)
    assert.deepEqual([wrong, errors], [0, 0])
    assert.ok((await assertAll(tapped, HELLO_1_1)) >= right)
  })
})

describe('ab -k (HTTP/1.0 keep-alive)', () => {
  const { path: ab, skip } = tool('ab')
  const size = HELLO_1_0.replace('<date>', 'Sun, 06 Nov 1994 08:49:37 GMT').length

  const numbersOf = async (count, port) => {
    const args = ['-q', '-k', '-n', String(count), '-c', '32', `http://127.0.0.1:${port}/`]
    const { stdout } = await run(ab, args)
    const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(stdout)?.[1])
    const names = ['Complete requests', 'Failed requests', 'Keep-Alive requests']
    return [...names, 'Total transferred', 'HTML transferred'].map(number)
  }

  test('20,000 requests by 32 connections, no byte missing', { skip }, async (t) => {
    const server = serve(t, hello)
    const count = 20_000
    const wanted = [count, 0, count, count * size, count * HELLO.length]
    assert.deepEqual(await numbersOf(count, server.port), wanted)
    // ab opens connections it does not come to use.
    assert.ok(server.stats().connections.total <= 64)
  })

  test('the bytes on the wire', { skip }, async (t) => {
    const server = serve(t, hello)
    const tapped = await tap(t, server.port)
    const count = 2_000
    const [complete, failed, keptAlive] = await numbersOf(count, tapped.port)
    assert.deepEqual([complete, failed, keptAlive], [count, 0, count])
    assert.ok((await assertAll(tapped, HELLO_1_0)) >= count)
  })
})

describe('nginx before it', () => {
  const { path: nginx, skip } = tool('nginx')

  const cases = {
    // With its buffers, nginx sends no more of a request once the answer has begun.
    'as it comes (proxy_pass, nothing else)': {
      fields: '',
      connections: (total) => total > 50,
      upload: '/bytes',
    },
    'HTTP/1.1 with kept connections': {
      fields: 'proxy_http_version 1.1; proxy_set_header Connection "";',
      connections: (total) => total < 10,
      upload: '/bytes',
    },
    'HTTP/1.1 without buffers': {
      fields:
        'proxy_http_version 1.1; proxy_set_header Connection "";' +
        'proxy_buffering off; proxy_request_buffering off;',
      connections: (total) => total < 10,
      upload: '/echo',
    },
  }

  for (const [name, { fields, connections, upload }] of Object.entries(cases)) {
    test(name, { skip }, async (t) => {
      const server = serve(t, everything)
      const { ask, errors } = await startNginx(t, nginx, (socket) => {
        const upstream = `upstream app { server 127.0.0.1:${server.port}; keepalive 8; }`
        return `${upstream} server { listen ${socket}; location / {
          proxy_pass http://app; ${fields} } }`
      })
      for (let round = 0; round < 50; round++) assertBytes((await ask('/')).body, HELLO)
      for (const path of ['/big', '/stream']) assertBytes((await ask(path)).body, big)
      const echo = { method: 'POST', headers: { 'content-length': big.length } }
      assertBytes((await ask(upload, echo, big)).body, big)
      const chunked = { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } }
      assertBytes((await ask(upload, chunked, big)).body, big)
      const head = await ask('/', { method: 'HEAD' })
      assert.deepEqual([head.status, head.headers['content-length']], [200, String(HELLO.length)])
      assert.deepEqual(head.headers['set-cookie'], ['a=1', 'b=2'])
      assert.equal((await ask('/empty')).status, 204)
      assertBytes((await ask('/missing')).body, 'nothing here')
      assert.ok(connections(server.stats().connections.total), server.stats().connections.total)
      assert.deepEqual(server.stats().refusals, {})
      assert.deepEqual(errors(), [])
    })
  }

  test('by default it speaks HTTP/1.0, which is answered so', { skip }, async (t) => {
    const server = serve(t, everything)
    const tapped = await tap(t, server.port)
    const { ask } = await startNginx(t, nginx, (socket) => {
      return `server { listen ${socket}; location / {
        proxy_pass http://127.0.0.1:${tapped.port}; proxy_http_version 1.0; } }`
    })
    const { headers, body } = await ask('/stream')
    assert.equal(headers['x-version'], '1.0')
    assertBytes(body, big)
    const [answer] = parseAnswers((await tapped.streams())[0])
    assert.deepEqual([answer.get('connection'), answer.get('transfer-encoding')], ['close', null])
    assertBytes(answer.body, big)
  })
})
