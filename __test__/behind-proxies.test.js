// Real proxies before milouv, and what it takes from them: HAProxy and nginx with the PROXY
// protocol, curl that plays one, and nginx with forwarded headers.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { InboundTcpSocket, Response } from 'milouv'
import { startHaproxy, unusedPort } from './support/haproxy.js'
import { startNginx } from './support/nginx.js'
import { RawClient, request } from './support/raw-client.js'
import { serve } from './support/serve.js'
import { tool } from './support/tools.js'
import { socketPath } from './support/unix-socket.js'

const run = promisify(execFile)

const tell = async (request, { remoteAddress, localAddress, peerAddress }) =>
  Response.json({
    url: request.url,
    text: await request.text(),
    remoteAddress,
    localAddress,
    peerAddress,
  })

async function connect(t, port) {
  const client = await RawClient.connect(port)
  t.after(() => client.destroy())
  return client
}

const localhost = (port) => ({ address: '127.0.0.1', port, family: 'IPv4' })

/** Asks thrice on one connection with the proxy, and once more with a large body. */
async function assertIntroduced(client, frontPort) {
  const body = 'x'.repeat(300_000)
  const large = request('POST /large', [`content-length: ${body.length}`], body)
  const asked = [...Array(3).fill(request('GET /')), large]
  for (const text of asked) {
    const answer = JSON.parse((await client.ask(text)).text)
    assert.deepEqual(answer.remoteAddress, localhost(client.localPort))
    assert.deepEqual(answer.localAddress, localhost(frontPort))
    assert.notEqual(answer.peerAddress.port, client.localPort)
    assert.equal(answer.text.length, text === large ? body.length : 0)
  }
}

describe('HAProxy', () => {
  const { path: haproxy, skip } = tool('haproxy')
  const sections = (front, server, mode) => `
listen front
  mode ${mode}
  bind 127.0.0.1:${front}
  server milouv ${server}
`
  for (const [word, mode] of [
    ['send-proxy', 'tcp'],
    ['send-proxy-v2', 'tcp'],
    ['send-proxy-v2 proxy-v2-options unique-id,crc32c', 'http'],
    ['send-proxy check inter 50', 'http'],
    ['send-proxy-v2 check inter 50', 'http'],
  ]) {
    test(`${word}, mode ${mode}`, { skip }, async (t) => {
      const server = serve(t, tell, { proxyProtocol: { trust: '127.0.0.1' } })
      const front = await unusedPort()
      const there = `127.0.0.1:${server.port} ${word}`
      await startHaproxy(t, haproxy, sections(front, there, mode), front)
      await assertIntroduced(await connect(t, front), front)
      assert.deepEqual(server.stats().refusals, {})
    })
  }

  test('send-proxy-v2 to a path', { skip }, async (t) => {
    const path = await socketPath(t)
    const server = serve(t, tell, { path, proxyProtocol: {} })
    const front = await unusedPort()
    await startHaproxy(t, haproxy, sections(front, `unix@${path} send-proxy-v2`, 'tcp'), front)
    await assertIntroduced(await connect(t, front), front)
    assert.deepEqual(server.stats().refusals, {})
  })

  test('without send-proxy, it is not served', { skip }, async (t) => {
    const server = serve(t, tell, { proxyProtocol: { trust: true } })
    const front = await unusedPort()
    const there = `127.0.0.1:${server.port}`
    await startHaproxy(t, haproxy, sections(front, there, 'http'), front)
    const client = await connect(t, front)
    await client.send(request('GET /')).arrived(/^HTTP\/1\.1 502 /)
    assert.equal(server.stats().requests, 0)
  })

  test('before a raw socket', { skip }, async (t) => {
    const socket = new InboundTcpSocket({ proxyProtocol: { trust: 'loopback' } }).listen({
      data: (connection, bytes) => {
        const { remoteAddress } = connection
        connection.end(JSON.stringify([remoteAddress, bytes.toString()]))
      },
    })
    t.after(() => socket.close())
    const front = await unusedPort()
    const there = `127.0.0.1:${socket.port} send-proxy-v2`
    await startHaproxy(t, haproxy, sections(front, there, 'tcp'), front)
    const client = await connect(t, front)
    const answer = await client.send('hello').rest()
    assert.deepEqual(JSON.parse(answer), [localhost(client.localPort), 'hello'])
  })
})

describe('nginx', () => {
  const { path: nginx, skip: skipNginx } = tool('nginx')
  const { path: module, skip: skipModule } = tool('ngx_stream_module.so')

  test('with proxy_protocol', { skip: skipNginx || skipModule }, async (t) => {
    const server = serve(t, tell, { proxyProtocol: { trust: '127.0.0.1' } })
    const front = await unusedPort()
    const stream = `
load_module ${module};
stream {
  server {
    listen 127.0.0.1:${front};
    proxy_protocol on;
    proxy_pass 127.0.0.1:${server.port};
  }
}`
    const { errors } = await startNginx(t, nginx, () => '', stream)
    await assertIntroduced(await connect(t, front), front)
    assert.deepEqual(server.stats().refusals, {})
    assert.deepEqual(errors(), [])
  })

  const location = (socket, server, fields) => `
server {
  listen ${socket};
  server_name shop.example;
  location / {
    proxy_pass http://127.0.0.1:${server.port};
    ${fields.map((field) => `proxy_set_header ${field};`).join('\n    ')}
  }
}`

  test('with X-Forwarded-For, -Proto and -Host', { skip: skipNginx }, async (t) => {
    const server = serve(t, tell, { trustProxy: '127.0.0.1' })
    const { ask, errors } = await startNginx(t, nginx, (socket) =>
      location(socket, server, [
        'X-Forwarded-For "$http_x_forwarded_for, 192.0.2.7"',
        'X-Forwarded-Proto https',
        'X-Forwarded-Host $host',
      ]),
    )
    const headers = { host: 'shop.example', 'x-forwarded-for': '203.0.113.9' }
    const { body } = await ask('/a?b', { headers })
    const { url, remoteAddress, peerAddress } = JSON.parse(body)
    assert.equal(url, 'https://shop.example/a?b')
    // The client's own word is not taken.
    assert.deepEqual(remoteAddress, { address: '192.0.2.7', port: 0, family: 'IPv4' })
    assert.equal(peerAddress.address, '127.0.0.1')
    assert.deepEqual(errors(), [])
  })

  test('with Forwarded', { skip: skipNginx }, async (t) => {
    const server = serve(t, tell, { trustProxy: 1, forwardedBy: 'forwarded' })
    const element = 'for=\\"[2001:db8::7]:4711\\";proto=https;host=\\"$host:8443\\"'
    const { ask, errors } = await startNginx(t, nginx, (socket) =>
      location(socket, server, [`Forwarded "$http_forwarded, ${element}"`]),
    )
    const headers = { host: 'shop.example', forwarded: 'for=203.0.113.9;host=evil.example' }
    const { body } = await ask('/a?b', { headers })
    const { url, remoteAddress } = JSON.parse(body)
    assert.equal(url, 'https://shop.example:8443/a?b')
    assert.deepEqual(remoteAddress, { address: '2001:db8::7', port: 4711, family: 'IPv6' })
    assert.deepEqual(errors(), [])
  })
})

describe('curl --haproxy-protocol', () => {
  const { path: curl, skip } = tool('curl')

  test('says where it comes from', { skip }, async (t) => {
    const server = serve(t, tell, { proxyProtocol: { trust: '127.0.0.1' } })
    const { stdout } = await run(curl, ['-sS', '--haproxy-protocol', server.url, server.url])
    const answers = stdout.split('}{').length
    const { remoteAddress, localAddress, peerAddress } = JSON.parse(
      stdout.slice(0, stdout.indexOf('}}') + 2),
    )
    assert.equal(answers, 2)
    assert.deepEqual(remoteAddress, peerAddress)
    assert.deepEqual(localAddress, localhost(server.port))
    assert.equal(server.stats().connections.total, 1)
  })

  test('is not served where nobody asked for it, nor without it where it must', {
    skip,
  }, async (t) => {
    const plain = serve(t, tell)
    const { stdout } = await run(curl, [
      ...['-sS', '-o', '/dev/null', '-w', '%{http_code}'],
      ...['--haproxy-protocol', plain.url],
    ])
    assert.equal(stdout, '400')
    const server = serve(t, tell, { proxyProtocol: { trust: '127.0.0.1' } })
    // 52: an empty reply, 56: a reset.
    await assert.rejects(run(curl, ['-sS', server.url]), ({ code }) => [52, 56].includes(code))
    assert.deepEqual(server.stats().refusals, { PROXY_HEADER_MISSING: 1 })
  })
})
