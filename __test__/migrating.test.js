// What docs/migrating.md says of others and of milouv, asked of them. That its blocks do the same
// on both sides is documents.test.js's.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import { basename, dirname } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { Response } from 'milouv'
import { serverOptions } from '../lib/options.js'
import { RawClient, request } from './support/raw-client.js'
import { connectTo, serve } from './support/serve.js'

const text = readFileSync(new URL('../docs/migrating.md', import.meta.url), 'utf8')
const start = text.indexOf('| node:http, default |')
const rows = text.slice(start, text.indexOf('\n\n', start)).split('\n').slice(2)
const table = rows.map((row) =>
  row
    .split('|')
    .map((cell) => cell.trim())
    .slice(1, 3),
)

/** The first number behind a name, with its unit taken off. */
function told(cell, name) {
  const found = new RegExp(`\`${name}\` ([\\d\\s]+|none)(\\s?(?:s|ms|KiB|MiB))?`).exec(cell)
  if (found === null) return undefined
  if (found[1] === 'none') return 0
  const unit = { s: 1000, KiB: 1024, MiB: 1024 ** 2 }[found[2]?.trim()] ?? 1
  return Number(found[1].replaceAll(/\s/g, '')) * unit
}
const tellsOf = (side, name) =>
  table.map((row) => told(row[side], name)).find((n) => n !== undefined)

describe('the defaults of node:http', () => {
  const server = http.createServer()
  const names = ['keepAliveTimeout', 'headersTimeout', 'requestTimeout', 'timeout']
  for (const name of [...names, 'maxRequestsPerSocket']) {
    test(name, () => assert.equal(tellsOf(0, name), server[name]))
  }
  test('maxHeaderSize', () => assert.equal(tellsOf(0, 'maxHeaderSize'), http.maxHeaderSize))
  test('maxConnections', () => {
    assert.equal(tellsOf(0, 'maxConnections'), server.maxConnections ?? 0)
  })
  test('it listens on every address', async (t) => {
    server.listen(0)
    t.after(() => server.close())
    await once(server, 'listening')
    assert.match(server.address().address, /^(::|0\.0\.0\.0)$/)
  })
  test('maxHeadersCount: some 1000', async (t) => {
    // The documentation of Node says 2000, which is names and values.
    const lenient = http.createServer((req, res) => res.end(`${req.rawHeaders.length / 2}`))
    assert.equal(lenient.maxHeadersCount, null)
    lenient.listen(0, '127.0.0.1')
    t.after(() => lenient.close())
    await once(lenient, 'listening')
    async function answerTo(count) {
      const headers = { host: 'test', a: Array(count).fill('b') }
      const asked = http.get({ port: lenient.address().port, host: '127.0.0.1', headers })
      const [answer] = await once(asked, 'response')
      let text = ''
      for await (const piece of answer.setEncoding('utf8')) text += piece
      return { status: answer.statusCode, text }
    }
    assert.equal((await answerTo(900)).status, 200)
    const { status, text } = await answerTo(1100)
    if (!process.version.startsWith('v20.')) return assert.equal(status, 431)
    assert.equal(status, 200)
    assert.ok(Number(text) >= 1000 && Number(text) < 1100, text)
  })
})

describe('the defaults of milouv', () => {
  const { timeouts, limits } = serverOptions()
  for (const [group, values] of Object.entries({ timeouts, limits })) {
    for (const [name, value] of Object.entries(values)) {
      test(`${group}.${name}`, () => assert.equal(tellsOf(1, `${group}.${name}`), value))
    }
  }
})

describe('what differs', () => {
  let theirs
  before(() => {
    theirs = http.createServer((_req, res) => res.writeHead(200, { 'X-Case': 'a' }).end())
    theirs.listen(0, '127.0.0.1').unref()
    return once(theirs, 'listening')
  })

  async function headOf(t, port) {
    const client = await RawClient.connect(port)
    t.after(() => client.destroy())
    return (await client.ask(request('GET /'))).head
  }

  test('header names, and what is added', async (t) => {
    const head = await headOf(t, theirs.address().port)
    assert.match(head, /\r\nX-Case: a\r\n/)
    assert.match(head, /\r\nKeep-Alive: timeout=5\r\n/)
    const ours = serve(t, () => new Response(null, { headers: { 'X-Case': 'a' } }))
    assert.equal(
      await headOf(t, ours.port),
      'HTTP/1.1 200 OK\r\nx-case: a\r\ncontent-length: 0\r\ndate: <date>\r\n\r\n',
    )
  })

  test('a handler that throws, and the process goes on', async (t) => {
    const errors = []
    const onError = (error) => {
      errors.push(error.message)
    }
    const server = serve(t, () => Promise.reject(new Error('oh')), { onError })
    const client = await connectTo(t, server)
    for (let times = 0; times < 2; times += 1) {
      assert.equal((await client.ask(request('GET /'))).status, 500)
    }
    assert.deepEqual(errors, ['oh', 'oh'])
  })

  test('an upgrade is ignored, CONNECT refused', async (t) => {
    const server = serve(t, () => new Response('plain'))
    const client = await connectTo(t, server)
    assert.equal(
      (await client.ask(request('GET /', ['connection: upgrade', 'upgrade: websocket']))).text,
      'plain',
    )
    client.send('CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n')
    assert.equal((await client.answer('CONNECT')).status, 501)
  })

  test('each set-cookie is a line of its own', async (t) => {
    const headers = new Headers()
    for (const cookie of ['a=1', 'b=2']) headers.append('set-cookie', cookie)
    const client = await connectTo(
      t,
      serve(t, () => new Response(null, { headers })),
    )
    const answer = await client.ask(request('GET /'))
    assert.deepEqual(answer.all('set-cookie'), ['a=1', 'b=2'])
  })

  test('Response.redirect takes an absolute URL only', () => {
    assert.throws(() => Response.redirect('/there'), TypeError)
    assert.equal(Response.redirect('http://a/there').status, 302)
  })

  test("Hono's serveStatic of @hono/node-server goes on working", async (t) => {
    const file = fileURLToPath(import.meta.url)
    const app = new Hono().use('/*', serveStatic({ root: dirname(file) }))
    const server = serve(t, app)
    const answer = await fetch(`${server.url}${basename(file)}`)
    assert.equal(await answer.text(), readFileSync(file, 'utf8'))
  })

  test('@hono/node-server replaces the global classes, milouv lets them be', (t) => {
    const program = `
      import { getRequestListener } from '@hono/node-server'
      const { Request, Response } = globalThis
      const same = () => [Request === globalThis.Request, Response === globalThis.Response]
      getRequestListener(() => {}, { overrideGlobalObjects: false })
      console.log(...same())
      getRequestListener(() => {})
      console.log(...same())`
    const args = ['--input-type=module', '--eval', program]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(stdout, 'true true\nfalse false\n', stderr)

    const before = globalThis.Response
    serve(t, () => new Response(), { globals: 'compat' })
    assert.equal(globalThis.Response, before)
  })
})
