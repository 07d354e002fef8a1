// Servers at a path instead of a port, and their clients; the files are in socket-files.test.js.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { HttpServer, InboundTcpSocket, Response } from 'milouv'
import { startNginx } from './support/nginx.js'
import { request } from './support/raw-client.js'
import { listen, pattern, Recorder } from './support/raw-socket.js'
import { eventually, serve } from './support/serve.js'
import { tool } from './support/tools.js'
import { connectToPath, socketPath } from './support/unix-socket.js'

const run = promisify(execFile)
const isLinux = process.platform === 'linux'
const noAbstract = !isLinux && 'abstract names are of Linux'

let names = 0
const abstractName = () => `\0milouv-${process.pid}-${names++}`

/** What node:http's client gets. */
async function ask(path, options = {}, body = undefined) {
  const sent = httpRequest({ socketPath: path, agent: false, ...options }).end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, body: Buffer.concat(await response.toArray()) }
}

const tell = (asked, { remoteAddress, localAddress }) => {
  return Response.json({ url: asked.url, remoteAddress, localAddress })
}

describe('HttpServer at a path', () => {
  test('says where it is, and serves node:http', async (t) => {
    const path = await socketPath(t)
    const server = new HttpServer({ path })
    assert.deepEqual([server.address(), server.hostname, server.port], [null, '', 0])
    server.listen(tell)
    t.after(() => server.close({ timeout: 0 }))
    assert.deepEqual([server.address(), server.hostname, server.port], [path, '', 0])
    assert.equal(server.url, `http+unix://${encodeURIComponent(path)}/`)
    assert.equal(decodeURIComponent(new URL(server.url).hostname), path)
    const answer = await ask(path, { path: '/a?b=c' })
    assert.deepEqual(JSON.parse(answer.body), {
      url: 'http://localhost/a?b=c',
      remoteAddress: { address: '', port: 0, family: 'Unix' },
      localAddress: { address: path, port: 0, family: 'Unix' },
    })
    await server.close()
    assert.equal(server.address(), null)
    assert.equal(existsSync(path), false)
    // Again at the same place.
    server.listen(tell)
    assert.equal((await ask(path)).status, 200)
  })

  test('makes a URL with the Host of the client, and without one', async (t) => {
    const path = await socketPath(t)
    serve(t, ({ url }) => new Response(url), { path })
    const client = await connectToPath(t, path)
    client.send('GET /a HTTP/1.1\r\nhost: example.com:81\r\n\r\nGET /b HTTP/1.0\r\n\r\n')
    assert.equal((await client.answer()).text, 'http://example.com:81/a')
    assert.equal((await client.answer()).text, 'http://localhost/b')
  })

  test('tells where a client is that was refused', async (t) => {
    const path = await socketPath(t)
    const refused = []
    serve(t, tell, { path, onClientError: (refusal) => refused.push(refusal) })
    assert.equal((await (await connectToPath(t, path)).ask('nonsense\r\n\r\n')).status, 400)
    assert.deepEqual(refused[0].remoteAddress, { address: '', port: 0, family: 'Unix' })
  })

  test('notices a client that leaves', async (t) => {
    const path = await socketPath(t)
    const aborted = []
    const handler = ({ signal }, info) =>
      new Promise(() => {
        info.completed.catch(({ code }) => aborted.push(code))
        signal.addEventListener('abort', () => aborted.push(info.remoteAddress.family))
      })
    const server = serve(t, handler, { path })
    const client = await connectToPath(t, path)
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    client.destroy()
    await eventually(() => assert.equal(aborted.length, 2))
    assert.ok(aborted.includes('Unix') && aborted.some((code) => /^E/.test(code)), aborted)
  })

  test('5 MB there and back, at once and streamed', async (t) => {
    const path = await socketPath(t)
    const big = pattern(5_000_000)
    serve(
      t,
      async (asked) => {
        return new Response(asked.url.endsWith('/stream') ? asked.body : await asked.bytes())
      },
      { path },
    )
    for (const target of ['/whole', '/stream']) {
      const answer = await ask(path, { path: target, method: 'POST' }, big)
      assert.equal(Buffer.compare(answer.body, big), 0)
    }
  })

  const { path: curl, ...noCurl } = tool('curl')
  test('curl --unix-socket', noCurl, async (t) => {
    const path = await socketPath(t)
    serve(t, async (asked) => new Response(`${asked.url} ${await asked.text()}`), { path })
    const options = ['-sS', '--fail', '--max-time', '60', '--unix-socket', path]
    const { stdout } = await run(curl, [...options, '-d', 'text', 'http://a.example/b'])
    assert.equal(stdout, 'http://a.example/b text')
  })

  const { path: nginx, ...noNginx } = tool('nginx')
  test('nginx before it, with kept connections', noNginx, async (t) => {
    const path = await socketPath(t)
    const big = pattern(1_000_000)
    const server = serve(t, async (asked) => new Response(await asked.bytes()), { path })
    const { ask: askNginx, errors } = await startNginx(t, nginx, (socket) => {
      return `upstream app { server unix:${path}; keepalive 8; }
        server { listen ${socket};
          location / { proxy_pass http://app;
            proxy_http_version 1.1; proxy_set_header Connection ""; }
          location /plain { proxy_pass http://unix:${path}:/; } }`
    })
    const post = { method: 'POST', headers: { 'content-length': big.length } }
    for (let round = 0; round < 20; round++) {
      assert.equal(Buffer.compare((await askNginx('/', post, big)).body, big), 0)
    }
    assert.ok(server.stats().connections.total < 10, server.stats().connections.total)
    assert.equal((await askNginx('/plain', post, big)).body.length, big.length)
    assert.deepEqual(errors(), [])
  })
})

describe('InboundTcpSocket at a path', () => {
  test('takes bytes and gives bytes', async (t) => {
    const path = await socketPath(t)
    const recorder = new Recorder()
    const socket = listen(t, recorder.handlers, { path, noDelay: false, keepAlive: true })
    assert.deepEqual([socket.address(), socket.hostname, socket.port], [path, '', 0])
    const client = await connectToPath(t, path)
    const [connection] = await recorder.next('open')
    assert.deepEqual(connection.remoteAddress, { address: '', port: 0, family: 'Unix' })
    assert.deepEqual(connection.localAddress, { address: path, port: 0, family: 'Unix' })
    // There is no TCP under it, so these have nothing to do.
    connection.setNoDelay(false).setNoDelay(true).setKeepAlive(true, 1).setKeepAlive(false)
    const bytes = pattern(1_000_000)
    client.send(bytes)
    assert.equal(Buffer.compare(await recorder.bytes(bytes.length), bytes), 0)
    connection.end(bytes)
    assert.equal(Buffer.compare(await client.rest(), bytes), 0)
    await recorder.next('close')
    assert.deepEqual([connection.bytesRead, connection.bytesWritten], [1_000_000, 1_000_000])
  })

  test('tells the name of a client that has one', { skip: noAbstract }, async (t) => {
    const path = await socketPath(t)
    const recorder = new Recorder()
    listen(t, recorder.handlers, { path })
    const name = `${path}-client`
    const client = `
      import socket
      s = socket.socket(socket.AF_UNIX)
      s.bind(${JSON.stringify(name)})
      s.connect(${JSON.stringify(path)})
      s.recv(1)
    `.replaceAll(/^ +/gm, '')
    const python = run('python3', ['-c', client]).catch((error) => error)
    const [connection] = (await Promise.race([recorder.next('open'), python.then(() => [])])) ?? []
    if (connection === undefined) return t.skip('python3 is not there to be such a client')
    assert.deepEqual(connection.remoteAddress, { address: name, port: 0, family: 'Unix' })
    connection.end()
    await python
  })
})

describe('an abstract name', { skip: noAbstract }, () => {
  test('has no file, and is taken as it is', async (t) => {
    const path = abstractName()
    const server = serve(t, tell, { path })
    assert.equal(server.address(), path)
    assert.equal(server.url, `http+unix://${encodeURIComponent(path)}/`)
    assert.equal(decodeURIComponent(new URL(server.url).hostname), path)
    assert.throws(() => new InboundTcpSocket({ path }).listen(() => {}), { code: 'EADDRINUSE' })
    const { path: curl, skip } = tool('curl')
    if (skip) return t.skip(skip)
    const options = ['-sS', '--fail', '--abstract-unix-socket', path.slice(1)]
    const { stdout } = await run(curl, [...options, 'http://localhost/'])
    assert.deepEqual(JSON.parse(stdout).localAddress, { address: path, port: 0, family: 'Unix' })
  })

  // Node 20 fills up such names with NULs: then they are others.
  const asItIs = Number(process.versions.node.split('.')[0]) >= 22
  test('is the same to node:net', { skip: !asItIs && 'this Node fills up names' }, async (t) => {
    const path = abstractName()
    listen(t, (_, connection) => connection.end('from milouv'), { path })
    const socket = connect({ path })
    socket.end('hello')
    assert.equal(Buffer.concat(await socket.toArray()).toString(), 'from milouv')
  })
})
