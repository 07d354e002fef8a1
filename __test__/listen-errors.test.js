// Where a socket can listen and where not: ports, addresses, host names, and the errors of each,
// for InboundTcpSocket and for HttpServer, which listens through one.

import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, test } from 'node:test'
import { HttpServer, InboundTcpSocket } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { RawClient } from './support/raw-client.js'
import { connectTo, listen } from './support/raw-socket.js'

const echo = { data: (connection, bytes) => connection.write(bytes) }

const addresses = Object.values(networkInterfaces()).flat()
const noIPv6 = !addresses.some(({ address }) => address === '::1') && 'there is no IPv6 here'

/** Listens where that must fail, both ways, and gives the one error of both. */
function failure(options) {
  const errors = [InboundTcpSocket, HttpServer].map((Listener) => {
    const listener = new Listener(options)
    let found
    assert.throws(
      () => listener.listen(() => {}),
      (error) => {
        found = error
        return true
      },
    )
    assert.equal(listener.address(), null)
    return found
  })
  const [raw, http] = errors.map(({ name, message, code, syscall, errno, address, port }) => {
    return { name, message, code, syscall, errno, address, port }
  })
  assert.deepEqual(http, raw)
  return errors[0]
}

async function assertEchoes(t, port, host) {
  const client = await connectTo(t, { port }, { host })
  assert.equal((await client.send('hello').bytes(5)).toString(), 'hello')
}

/** Whether a client gets in; null: yes. */
async function refusal(port, host) {
  try {
    await (await RawClient.connect(port, { host })).destroy()
    return null
  } catch (error) {
    return error.code
  }
}

describe('a port that is taken', () => {
  test('is EADDRINUSE, in the words of Node', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const { port } = other.address()
    const error = failure({ port })
    const [fromNode] = await once(createServer().listen(port, '127.0.0.1'), 'error')
    assert.ok(error instanceof Error)
    assert.equal(error.message, fromNode.message)
    assert.equal(error.message, `listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
    for (const name of ['code', 'errno', 'syscall', 'address', 'port']) {
      assert.equal(error[name], fromNode[name], name)
    }
  })

  test('by ourselves, too; the one that listens goes on', async (t) => {
    const { port } = listen(t, echo)
    assert.equal(failure({ port }).code, 'EADDRINUSE')
    await assertEchoes(t, port, '127.0.0.1')
  })

  test('can be tried again with the same object once it is free', async (t) => {
    const first = listen(t, echo)
    const second = new InboundTcpSocket({ port: first.port })
    t.after(() => second.close())
    for (let round = 0; round < 10; round++) {
      assert.throws(() => second.listen(echo), { code: 'EADDRINUSE' })
    }
    await second.close()
    await first.close()
    second.listen(echo)
    await assertEchoes(t, second.port, '127.0.0.1')
  })

  test('can be shared with reusePort, by those who all ask for it', async (t) => {
    const first = listen(t, echo, { reusePort: true })
    const { port } = first
    const second = listen(t, echo, { reusePort: true, port })
    assert.equal(second.port, port)
    assert.equal(failure({ port }).code, 'EADDRINUSE')
    await assertEchoes(t, port, '127.0.0.1')
    // Who got that client is the kernel's choice; now there is none.
    await first.close()
    const before = second.connections
    await assertEchoes(t, port, '127.0.0.1')
    assert.equal(second.connections, before + 1)
  })

  test('is EADDRINUSE with reusePort, too, where the other did not ask for it', (t) => {
    const { port } = listen(t, echo)
    const error = failure({ port, reusePort: true })
    assert.equal(error.code, 'EADDRINUSE')
    assert.equal(error.port, port)
    assert.ok(error.errno < 0)
  })
})

test('port 0 takes a free port, another one for each', (t) => {
  const ports = Array.from({ length: 20 }, () => listen(t, echo, { port: 0 }).port)
  assert.equal(new Set(ports).size, 20)
  for (const port of ports) assert.ok(Number.isInteger(port) && port > 0 && port < 65_536)
})

test('a low port without the right to it is EACCES', async (t) => {
  const file = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
  if (process.platform !== 'linux') return t.skip('who may take a low port differs')
  if (Number(readFileSync(file, 'utf8')) <= 1) return t.skip('here anyone may take a low port')
  // Root gives up its rights after everything is loaded.
  const source = `
    import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
    new InboundTcpSocket().listen(() => {}).close()
    if (process.getuid() === 0) process.setuid(65534)
    try {
      new InboundTcpSocket({ port: 1 }).listen(() => {}).close()
      console.log(JSON.stringify({ code: 'none' }))
    } catch ({ message, code, syscall, address, port }) {
      console.log(JSON.stringify({ message, code, syscall, address, port }))
    }
  `
  const { message, ...rest } = await new Child(t, source).message()
  assert.equal(message, `${rest.syscall} EACCES: permission denied 127.0.0.1:1`)
  assert.match(rest.syscall, /^(bind|listen)$/)
  assert.deepEqual(rest, { code: 'EACCES', syscall: rest.syscall, address: '127.0.0.1', port: 1 })
})

describe('an address', () => {
  test('that is not ours is EADDRNOTAVAIL', () => {
    // TEST-NET-1 (RFC 5737): nobody has it.
    const error = failure({ hostname: '192.0.2.1' })
    assert.equal(error.code, 'EADDRNOTAVAIL')
    assert.equal(error.address, '192.0.2.1')
    assert.equal(error.port, 0)
    assert.match(error.message, /EADDRNOTAVAIL: address not available 192\.0\.2\.1:0$/)
  })

  test('of all interfaces takes IPv4 clients', async (t) => {
    const socket = listen(t, echo, { hostname: '0.0.0.0' })
    assert.deepEqual(socket.address(), { address: '0.0.0.0', port: socket.port, family: 'IPv4' })
    await assertEchoes(t, socket.port, '127.0.0.1')
  })

  for (const hostname of ['::1', '[::1]', '0:0:0:0:0:0:0:1']) {
    test(`${hostname} is IPv6`, { skip: noIPv6 }, async (t) => {
      const remotes = []
      const open = (connection) => remotes.push(connection.remoteAddress)
      const socket = listen(t, { ...echo, open }, { hostname })
      assert.deepEqual(socket.address(), { address: '::1', port: socket.port, family: 'IPv6' })
      await assertEchoes(t, socket.port, '::1')
      const { address, family } = remotes[0]
      assert.deepEqual({ address, family }, { address: '::1', family: 'IPv6' })
      assert.equal(await refusal(socket.port, '127.0.0.1'), 'ECONNREFUSED')
    })
  }

  test(':: takes both kinds of clients', { skip: noIPv6 }, async (t) => {
    const remotes = []
    const open = (connection) => remotes.push(connection.remoteAddress.address)
    const socket = listen(t, { ...echo, open }, { hostname: '::' })
    await assertEchoes(t, socket.port, '::1')
    await assertEchoes(t, socket.port, '127.0.0.1')
    assert.deepEqual(remotes, ['::1', '::ffff:127.0.0.1'])
  })

  for (const reusePort of [false, true]) {
    const name = `:: with ipv6Only${reusePort ? ' and reusePort' : ''} takes no IPv4 client`
    test(name, { skip: noIPv6 }, async (t) => {
      const socket = listen(t, echo, { hostname: '::', ipv6Only: true, reusePort })
      await assertEchoes(t, socket.port, '::1')
      assert.equal(await refusal(socket.port, '127.0.0.1'), 'ECONNREFUSED')
      // And leaves the port to an IPv4 socket.
      const other = listen(t, echo, { hostname: '0.0.0.0', port: socket.port })
      await assertEchoes(t, other.port, '127.0.0.1')
    })
  }

  test('of IPv4 does not mind ipv6Only', async (t) => {
    const socket = listen(t, echo, { ipv6Only: true })
    await assertEchoes(t, socket.port, '127.0.0.1')
  })
})

describe('a host name', () => {
  test('localhost is looked up', async (t) => {
    const socket = listen(t, echo, { hostname: 'localhost' })
    assert.equal(socket.hostname, 'localhost')
    const { address } = socket.address()
    const all = await lookup('localhost', { all: true })
    assert.ok(all.map((found) => found.address).includes(address), address)
    await assertEchoes(t, socket.port, 'localhost')
    await assertEchoes(t, socket.port, address)
  })

  // `.invalid` has no addresses (RFC 6761); the others are no names at all.
  for (const hostname of ['milouv.invalid', 'two words', '256.256.256.256', 'a..b']) {
    test(`${hostname} is ENOTFOUND, as for Node`, async (t) => {
      const fromNode = await lookup(hostname).catch((error) => error)
      if (fromNode.code === 'EAI_AGAIN') return t.skip('no name server answers here')
      const error = failure({ hostname, port: 3000 })
      assert.equal(error.code, 'ENOTFOUND')
      assert.equal(fromNode.code, 'ENOTFOUND')
      assert.equal(error.errno, fromNode.errno)
      assert.equal(error.syscall, 'getaddrinfo')
      assert.equal(error.address, hostname)
      assert.equal(error.port, 3000)
      assert.ok(error.message.startsWith('getaddrinfo ENOTFOUND: '), error.message)
      assert.ok(error.message.includes(hostname), error.message)
    })
  }
})

test('a failed listen leaves nothing behind that keeps the process alive', async (t) => {
  const source = `
    import { HttpServer, InboundTcpSocket } from ${JSON.stringify(indexUrl)}
    for (const Listener of [HttpServer, InboundTcpSocket]) {
      for (const hostname of ['192.0.2.1', 'two words']) {
        try {
          new Listener({ hostname }).listen(() => {})
        } catch (error) {
          console.log(error.code)
        }
      }
    }
  `
  const { code, signal, stdout, stderr } = await new Child(t, source).ended()
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  const codes = 'EADDRNOTAVAIL ENOTFOUND EADDRNOTAVAIL ENOTFOUND'
  assert.equal(stdout.trim().replaceAll('\n', ' '), codes)
})
