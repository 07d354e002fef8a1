// NODE_DEBUG=milouv writes what happens to stderr; without it nothing is written.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'

const source = `
  import { HttpServer, InboundTcpSocket, Response } from ${JSON.stringify(indexUrl)}
  const server = new HttpServer({ onError: () => {}, timeouts: { headers: 100, idle: 100 } })
  server.listen(async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/throw') throw Object.assign(new Error('no luck'), { code: 'ERR_LUCK' })
    if (pathname === '/shy') throw { get code() { throw 1 }, toString() { throw 2 } }
    if (pathname === '/wait') return new Promise(() => {})
    return new Response('hello', { status: 201 })
  })
  const socket = new InboundTcpSocket()
  socket.listen({ data: (connection, bytes) => connection.end(bytes) })
  console.log(JSON.stringify([server.port, socket.port]))
  process.stdin.resume().on('end', async () => {
    await server.close({ timeout: 0 })
    await socket.close()
  })
`

/** What the child says of all that can happen; every line begins as Node's own do. */
async function play(t, env) {
  const child = new Child(t, source, { env })
  const [port, raw] = await child.message()
  const ports = {}
  const connect = async (name, to = port) => {
    const client = await RawClient.connect(to)
    ports[name] = client.localPort
    return client
  }
  const client = await connect('client')
  await client.ask(request('GET /path?query'))
  await client.ask(request('GET /throw'))
  await client.ask(request('GET /shy'))
  assert.equal((await client.rest()).length, 0)
  const refused = await connect('refused')
  assert.equal((await refused.ask('nonsense\r\n\r\n')).status, 400)
  const slow = await connect('slow')
  slow.send('GET / HTT')
  assert.equal((await slow.answer()).status, 408)
  const leaving = await connect('leaving')
  leaving.send(request('GET /wait'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await leaving.reset()
  const talker = await connect('talker', raw)
  assert.equal(`${await talker.send('bytes').rest()}`, 'bytes')
  child.closeInput()
  const { code, stderr } = await child.ended()
  assert.equal(code, 0)
  return { stderr, ports, port, raw }
}

describe('NODE_DEBUG', () => {
  test('milouv: what happens', async (t) => {
    const { stderr, ports, port, raw } = await play(t, { NODE_DEBUG: 'milouv' })
    const local = '127\\.0\\.0\\.1'
    const from = (name, rest) => `connection of ${local}:${ports[name]} ${rest}`
    const refused = (name, rest) => `request of ${local}:${ports[name]} refused ${rest}`
    const bytes = '\\(\\d+ bytes in, \\d+ out\\)'
    const expected = [
      `listening at ${local}:${port}`,
      `listening at ${local}:${raw}`,
      from('client', 'opened'),
      'request 1: GET http://test/path\\?query HTTP/1\\.1',
      'request 1: 201, finished after [\\d.]+ ms',
      'request 2: 500, finished after [\\d.]+ ms',
      'request 2: ERR_LUCK Error: no luck',
      'request 3: an error that cannot be shown',
      from('client', `closed: the connection was idle for too long ${bytes}`),
      refused('refused', 'with 400: HTTP_\\w+ at byte 0: .+'),
      from('refused', 'closed: the request was refused \\(12 bytes in, \\d+ out\\)'),
      refused('slow', 'with 408: HTTP_\\w+ at byte \\d+: .+'),
      from('slow', 'closed: the request did not arrive in time \\(9 bytes in, \\d+ out\\)'),
      'request 4: no answer, aborted after [\\d.]+ ms',
      'request 4: ECONNRESET AbortError: .+',
      from('leaving', `closed: ECONNRESET, read ${bytes}`),
      from('talker', 'opened'),
      from('talker', 'closed: it is over \\(5 bytes in, 5 out\\)'),
      `closed at ${local}:${port}`,
      `closed at ${local}:${raw}`,
    ]
    for (const line of expected) assert.match(stderr, new RegExp(`^MILOUV \\d+: ${line}$`, 'm'))
    for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^MILOUV \d+: /)
  })

  for (const [name, env] of [
    ['is not set', { NODE_DEBUG: '' }],
    ['names another', { NODE_DEBUG: 'milo' }],
  ]) {
    test(`${name}: nothing is written`, async (t) => {
      assert.equal((await play(t, env)).stderr, '')
    })
  }
})

test('a request whose URL cannot be told is no uncaught exception', async (t) => {
  const distrustful = `
    import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
    const trustProxy = () => { throw new Error('whom to trust?') }
    const server = new HttpServer({ trustProxy })
    server.listen((request, info) => new Response(info.httpVersion))
    console.log(server.port)
    process.stdin.resume().on('end', () => server.close({ timeout: 0 }))
  `
  const child = new Child(t, distrustful, { env: { NODE_DEBUG: 'milouv' } })
  const client = await RawClient.connect(await child.message())
  assert.equal((await client.ask(request('GET /'))).text, '1.1')
  child.closeInput()
  const { code, stderr } = await child.ended()
  assert.equal(code, 0, stderr)
  assert.match(stderr, /request 1: GET a URL that cannot be told HTTP\/1\.1$/m)
})
