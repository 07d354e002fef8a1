// What single clients do that other servers stumble over: they offer an upgrade, wait to be told to
// send, end their side, or do not wait for an answer.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Response } from 'milouv'
import { parseAnswers } from './support/answers.js'
import { request } from './support/raw-client.js'
import { serve, serveRaw } from './support/serve.js'
import { tool } from './support/tools.js'

const run = promisify(execFile)
const echo = async (req) => new Response(`${req.method} ${await req.text()}`)
const deaf = () => new Response('I did not read it')

describe('curl', () => {
  const { path: curl, skip } = tool('curl')
  const upload = Buffer.alloc(5_000_000, 'upload ')

  const ask = async (server, ...args) => {
    const options = ['-s', '-S', '-i', '--max-time', '60', ...args, server.url]
    return (await run(curl, options, { encoding: 'buffer' })).stdout
  }

  const fileOf = async (t, bytes) => {
    const folder = await mkdtemp(join(tmpdir(), 'milouv-curl-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'up')
    await writeFile(file, bytes)
    return `@${file}`
  }

  test('--http2: an upgrade on a POST is passed over, its body is not', { skip }, async (t) => {
    const seen = []
    const server = serve(t, (req) => {
      seen.push(req.headers.get('upgrade'), req.headers.get('http2-settings') !== null)
      return echo(req)
    })
    const [answer, ...more] = parseAnswers(await ask(server, '--http2', '-d', 'hello'))
    assert.deepEqual([answer.status, answer.text, more.length], [200, 'POST hello', 0])
    assert.deepEqual(seen, ['h2c', true])
  })

  for (const [how, ...args] of [
    ['with a length'],
    ['in chunks', '-H', 'transfer-encoding: chunked'],
  ]) {
    test(`waits for 100 and gets it, ${how}`, { skip }, async (t) => {
      const server = serve(t, async (req) => new Response(`${(await req.bytes()).length}`))
      const expect = ['-H', 'expect: 100-continue', '--expect100-timeout', '50']
      const out = await ask(server, ...expect, ...args, '--data-binary', await fileOf(t, upload))
      const [told, answer, ...more] = parseAnswers(out)
      assert.equal(told.head, 'HTTP/1.1 100 Continue\r\n\r\n')
      assert.deepEqual([answer.text, more.length], [`${upload.length}`, 0])
      assert.equal(answer.get('connection'), null)
    })

    test(`waits for 100, is answered instead and sends nothing, ${how}`, { skip }, async (t) => {
      const server = serve(t, deaf)
      const expect = ['-H', 'expect: 100-continue', '--expect100-timeout', '50']
      const out = await ask(server, ...expect, ...args, '--data-binary', await fileOf(t, upload))
      const [answer, ...more] = parseAnswers(out)
      assert.deepEqual([answer.status, answer.text], [200, 'I did not read it'])
      assert.deepEqual([answer.get('connection'), more.length], ['close', 0])
      assert.ok(server.stats().bytesIn < 1000, `${server.stats().bytesIn} bytes came`)
    })
  }
})

describe('nc -N', () => {
  const { path: nc, skip } = tool('nc.openbsd')
  const handlers = {
    'at once': () => new Response('hello'),
    'of an async handler': async () => {
      await sleep(50)
      return new Response('hello')
    },
    'in pieces': () => {
      const pieces = async function* () {
        yield 'hel'
        await sleep(50)
        yield 'lo'
      }
      return new Response(pieces())
    },
  }

  for (const [name, handler] of Object.entries(handlers)) {
    test(`an answer ${name} reaches who has ended their side`, { skip }, async (t) => {
      const server = serve(t, handler)
      const child = spawn(nc, ['-N', '127.0.0.1', String(server.port)])
      t.after(() => child.kill('SIGKILL'))
      const pieces = []
      child.stdout.on('data', (piece) => pieces.push(piece))
      child.stdin.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.deepEqual(await once(child, 'close'), [0, null])
      const [answer, ...more] = parseAnswers(Buffer.concat(pieces))
      assert.deepEqual([answer.text, more.length], ['hello', 0])
      assert.deepEqual(server.stats().refusals, {})
    })
  }
})

describe('Java’s HttpClient', () => {
  // As it sends it: an upgrade on the first request of a connection, also where a body follows.
  const head = (method, fields) =>
    [
      `${method} /java HTTP/1.1`,
      'Connection: Upgrade, HTTP2-Settings',
      ...fields,
      'Host: 127.0.0.1',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      'Upgrade: h2c',
      'User-Agent: Java-http-client/21.0.2',
      '',
      '',
    ].join('\r\n')

  for (const [how, field, body] of [
    ['with a length', 'Content-Length: 5', 'hello'],
    ['in chunks', 'Transfer-encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ]) {
    test(`a POST ${how}, then another on the same connection`, async (t) => {
      const { server, client } = await serveRaw(t, echo)
      await client.sendPieces([head('POST', [field]), body])
      const first = await client.answer()
      assert.deepEqual([first.status, first.text], [200, 'POST hello'])
      assert.equal(first.get('connection'), null)
      const second = await client.ask(request('POST /java', [field], body))
      assert.equal(second.text, 'POST hello')
      assert.equal(server.stats().connections.total, 1)
    })
  }
})

describe('16 requests in one write', () => {
  // The later of each pair is ready first.
  const slowFirst = async (req) => {
    const at = Number(new URL(req.url).pathname.slice(1))
    await sleep(at % 2 === 0 ? 15 : 1)
    return new Response(`${req.method} ${at} ${await req.text()}`)
  }
  const many = (make) => Array.from({ length: 16 }, (_, at) => make(at))
  const get = (at) => request(`GET /${at}`)
  const post = (at) => request(`POST /${at}`, [`content-length: ${at}`], 'x'.repeat(at))

  for (const [what, make, textOf] of [
    ['GETs', get, (at) => `GET ${at} `],
    ['POSTs', post, (at) => `POST ${at} ${'x'.repeat(at)}`],
  ]) {
    test(`${what} to an async handler are answered in order`, async (t) => {
      const { server, client } = await serveRaw(t, slowFirst)
      client.send(many(make).join(''))
      for (let at = 0; at < 16; at++) assert.equal((await client.answer()).text, textOf(at))
      // The connection lives on.
      assert.equal((await client.ask(get(16))).text, 'GET 16 ')
      assert.equal(server.stats().connections.total, 1)
    })

    test(`${what}, and the client ends its side behind them`, async (t) => {
      const { client } = await serveRaw(t, slowFirst)
      client.send(many(make).join('')).end()
      for (let at = 0; at < 16; at++) assert.equal((await client.answer()).text, textOf(at))
      assert.equal((await client.rest()).length, 0)
      assert.equal(await client.closed, null)
    })
  }
})
