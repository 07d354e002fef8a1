// `trustProxy`: what proxies say of the client, from the one that has connected to us, as far as
// each is trusted; and nothing at all where nobody is.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, serve } from './support/serve.js'
import { connectToPath, socketPath } from './support/unix-socket.js'

/** The handler asks in this order or the other: neither may depend on it. */
function tell(request, info) {
  if (request.headers.has('x-url-first')) {
    const { url } = request
    return Response.json([url, info.remoteAddress, info.peerAddress])
  }
  const { remoteAddress, peerAddress } = info
  return Response.json([request.url, remoteAddress, peerAddress])
}

/** What a request with these fields is told to be: `[url, 'address:port', peer's address]`. */
async function asked(t, options, fields, line = 'GET /a?b') {
  const server = serve(t, tell, options)
  const client = options.path ? await connectToPath(t, options.path) : await connectTo(t, server)
  const own = options.path ? 0 : client.localPort
  const told = []
  for (const first of [[], ['x-url-first: 1']]) {
    const answer = await client.ask(request(line, [...fields, ...first]))
    assert.equal(answer.status, 200)
    const [url, { address, port, family }, peer] = JSON.parse(answer.text)
    assert.equal(peer.port, own)
    if (address !== '') assert.equal(family, address.includes(':') ? 'IPv6' : 'IPv4')
    told.push([url, port === own ? address : `${address}:${port}`, peer.address])
  }
  assert.deepEqual(told[0], told[1])
  return told[0]
}

const PLAIN = ['http://test/a?b', '127.0.0.1', '127.0.0.1']
const ALL = [
  'x-forwarded-for: 192.0.2.1',
  'x-forwarded-proto: https',
  'x-forwarded-host: shop.example',
  'forwarded: for=192.0.2.2;proto=https;host=other.example',
]

describe('trustProxy', () => {
  test('off, nobody is believed', async (t) => {
    for (const trustProxy of [undefined, false, 0, [], '10.0.0.0/8', () => false]) {
      for (const forwardedBy of ['x-forwarded', 'forwarded']) {
        assert.deepEqual(await asked(t, { trustProxy, forwardedBy }, ALL), PLAIN)
      }
    }
  })

  test('on, the peer is, by whichever way it is named', async (t) => {
    const expected = ['https://shop.example/a?b', '192.0.2.1:0', '127.0.0.1']
    for (const trustProxy of [
      ...[true, 1, '127.0.0.1', '127.0.0.0/8', 'loopback', '10.0.0.1, loopback'],
      ...[['::1', '127.0.0.1'], (address) => address === '127.0.0.1', (_, hop) => hop === 0],
    ]) {
      assert.deepEqual(await asked(t, { trustProxy }, ALL), expected)
    }
    const mapped = { trustProxy: '127.0.0.1', hostname: '::' }
    assert.deepEqual((await asked(t, mapped, ALL)).slice(0, 2), expected.slice(0, 2))
  })

  test('each hop is asked about, from the right', async (t) => {
    const fields = ['x-forwarded-for: 192.0.2.9, 10.0.0.3,10.0.0.2', 'x-forwarded-for: 10.0.0.1']
    for (const [trustProxy, client] of [
      [1, '10.0.0.1:0'],
      [2, '10.0.0.2:0'],
      [4, '192.0.2.9:0'],
      [9, '192.0.2.9:0'],
      [true, '192.0.2.9:0'],
      ['loopback', '10.0.0.1:0'],
      [['loopback', '10.0.0.1'], '10.0.0.2:0'],
      [['loopback', 'uniquelocal'], '192.0.2.9:0'],
      // Whoever is not trusted ends it, whatever is behind.
      [['loopback', '10.0.0.1', '10.0.0.3'], '10.0.0.2:0'],
      [['10.0.0.0/8'], '127.0.0.1'],
    ]) {
      const [, told] = await asked(t, { trustProxy }, fields)
      assert.equal(told, client, String(trustProxy))
    }
  })

  test('as a function it gets the address and how far away it is', async (t) => {
    const seen = new Set()
    const trustProxy = (address, hop) => {
      seen.add(`${hop} ${address}`)
      return hop < 2
    }
    await asked(t, { trustProxy }, ['x-forwarded-for: 192.0.2.3, ::ffff:192.0.2.2, [::1]:80'])
    assert.deepEqual([...seen], ['0 127.0.0.1', '1 ::1', '2 192.0.2.2'])
  })

  test('a peer at our path is trusted as unix', async (t) => {
    const path = await socketPath(t)
    for (const [trustProxy, client] of [
      [true, '192.0.2.1'],
      ['unix', '192.0.2.1'],
      [1, '192.0.2.1'],
      ['loopback', ''],
    ]) {
      const server = serve(t, tell, { path, trustProxy })
      const other = await connectToPath(t, path)
      const [url, { address }, peer] = JSON.parse((await other.ask(request('GET /', ALL))).text)
      assert.equal(address, client)
      assert.equal(url, client === '' ? 'http://test/' : 'https://shop.example/')
      assert.deepEqual(peer, { address: '', port: 0, family: 'Unix' })
      server.closeAllConnections()
      await server.close()
    }
  })

  test('behind the PROXY protocol it begins with what that says', async (t) => {
    const server = serve(t, tell, {
      proxyProtocol: { trust: '127.0.0.1' },
      trustProxy: '192.0.2.7',
    })
    for (const [told, expected] of [
      ['192.0.2.7', '192.0.2.1'],
      ['192.0.2.8', '192.0.2.8'],
    ]) {
      const client = await connectTo(t, server)
      client.send(`PROXY TCP4 ${told} 192.0.2.100 1 2\r\n`)
      const [, remote, peer] = JSON.parse((await client.ask(request('GET /', ALL))).text)
      assert.equal(remote.address, expected)
      assert.equal(peer.address, '127.0.0.1')
    }
  })
})

describe('X-Forwarded', () => {
  const told = (t, fields, trustProxy = 1) => asked(t, { trustProxy }, fields)

  test('For has nodes of many kinds', async (t) => {
    for (const [value, client] of [
      ['192.0.2.1', '192.0.2.1:0'],
      ['192.0.2.1:4711', '192.0.2.1:4711'],
      ['2001:db8::1', '2001:db8::1:0'],
      ['[2001:db8::1]', '2001:db8::1:0'],
      ['[2001:db8::1]:4711', '2001:db8::1:4711'],
      ['::ffff:192.0.2.1', '192.0.2.1:0'],
      ['[::ffff:192.0.2.1]:1', '192.0.2.1:1'],
      ['  192.0.2.1\t', '192.0.2.1:0'],
    ]) {
      assert.equal((await told(t, [`x-forwarded-for: ${value}`]))[1], client, value)
    }
  })

  test('For that is none leaves the hop that sent it', async (t) => {
    for (const value of [
      ...['', 'unknown', '_hidden', 'example.org', '192.0.2', '192.0.2.256', '192.0.2.1:65536'],
      ...['192.0.2.1:', '192.0.2.1:x', '[192.0.2.1]', '[::1', '::1]', '[]', '[::1]80', '::1%lo'],
      ...['"192.0.2.1"', '192.0.2.1 192.0.2.2', '192.0.2.1,', '0x7f.1', '192.0.2.1/32', '::g'],
    ]) {
      assert.equal((await told(t, [`x-forwarded-for: ${value}`]))[1], '127.0.0.1', value)
      const behind = [`x-forwarded-for: ${value}, 192.0.2.9`]
      assert.equal((await told(t, behind, true))[1], '192.0.2.9:0', value)
    }
  })

  test('Proto and Host count without For, each alone', async (t) => {
    assert.equal((await told(t, ['x-forwarded-proto: https']))[0], 'https://test/a?b')
    assert.equal((await told(t, ['x-forwarded-proto: HTTPS']))[0], 'https://test/a?b')
    assert.equal((await told(t, ['x-forwarded-proto: http']))[0], 'http://test/a?b')
    assert.equal((await told(t, ['x-forwarded-host: a.example']))[0], 'http://a.example/a?b')
    const both = ['x-forwarded-proto: https', 'x-forwarded-host: a.example:443']
    assert.equal((await told(t, both))[0], 'https://a.example/a?b')
    const port = ['x-forwarded-proto: https', 'x-forwarded-host: [2001:DB8::1]:80']
    assert.equal((await told(t, port))[0], 'https://[2001:db8::1]:80/a?b')
  })

  test('Proto and Host that are none do not count', async (t) => {
    for (const proto of ['', 'javascript', 'https:', 'ftp', 'https https', 'httpss']) {
      assert.equal((await told(t, [`x-forwarded-proto: ${proto}`]))[0], 'http://test/a?b', proto)
    }
    for (const host of ['', 'a b', 'a/b', 'a@b', 'a?b', 'a#b', 'a\\b', '[::1', 'a:b', 'a:65536']) {
      assert.equal((await told(t, [`x-forwarded-host: ${host}`]))[0], 'http://test/a?b', host)
    }
  })

  test('Proto and Host of as many as For has are those of the hop that is believed', async (t) => {
    const fields = [
      'x-forwarded-for: 192.0.2.1, 10.0.0.2, 10.0.0.1',
      'x-forwarded-proto: http, https, http',
      'x-forwarded-host: evil.example, shop.example, inner.example',
    ]
    for (const [hops, url] of [
      [1, 'http://inner.example/a?b'],
      [2, 'https://shop.example/a?b'],
      [3, 'http://evil.example/a?b'],
    ]) {
      assert.equal((await told(t, fields, hops))[0], url)
    }
  })

  test('and of another number, what the nearest hop said', async (t) => {
    const fields = [
      'x-forwarded-for: 192.0.2.1, 10.0.0.2, 10.0.0.1',
      'x-forwarded-proto: http, https',
      'x-forwarded-host: evil.example, shop.example',
    ]
    assert.equal((await told(t, fields, 3))[0], 'https://shop.example/a?b')
  })
})

describe('Forwarded', () => {
  const told = (t, fields, trustProxy = 1) =>
    asked(t, { trustProxy, forwardedBy: 'forwarded' }, fields)

  test('is read only where it was asked for, and then alone', async (t) => {
    const [url, client] = await told(t, ALL)
    assert.deepEqual([url, client], ['https://other.example/a?b', '192.0.2.2:0'])
  })

  test('has pairs in any order and letter case, quoted or not', async (t) => {
    for (const value of [
      'for=192.0.2.1;proto=https;host=a.example',
      'Host=a.example;Proto=HTTPS;For=192.0.2.1',
      'for="192.0.2.1";proto="https";host="a.example"',
      'by=_us ; for=192.0.2.1; host="a\\.example";;proto=https;',
      'for=192.0.2.1;proto=https;host=a.example;ext="a,b;c=\\"d\\""',
      'for="a, for=192.0.2.1;proto=https;host=a.example',
      'for="[::1]\\", for=192.0.2.1;proto=https;host=a.example',
    ]) {
      const [url, client] = await told(t, [`forwarded: ${value}`])
      assert.deepEqual([url, client], ['https://a.example/a?b', '192.0.2.1:0'], value)
    }
  })

  test('has nodes with ports and without', async (t) => {
    for (const [node, client] of [
      ['"192.0.2.1:4711"', '192.0.2.1:4711'],
      ['"[2001:db8::1]"', '2001:db8::1:0'],
      ['"[2001:db8::1]:4711"', '2001:db8::1:4711'],
      ['_hidden', '127.0.0.1'],
      ['unknown', '127.0.0.1'],
      ['"_a:_b"', '127.0.0.1'],
      ['"192.0.2.1:_b"', '192.0.2.1:0'],
      ['"[2001:db8::1]:_b"', '2001:db8::1:0'],
      ['"192.0.2.1:_"', '127.0.0.1'],
      ['""', '127.0.0.1'],
    ]) {
      assert.equal((await told(t, [`forwarded: for=${node}`]))[1], client, node)
    }
  })

  test('is followed from the right, as far as it is well formed', async (t) => {
    const fields = [
      'forwarded: for=192.0.2.1;host=a.example',
      'forwarded: for=10.0.0.1;proto=https',
    ]
    assert.deepEqual((await told(t, fields, 1)).slice(0, 2), ['https://test/a?b', '10.0.0.1:0'])
    const both = ['https://a.example/a?b', '192.0.2.1:0']
    assert.deepEqual((await told(t, fields, 2)).slice(0, 2), both)
    for (const wrong of ['for', 'for=', '=a', 'for=a b', 'for="a', 'for=::1', 'for=1;for=2', '(']) {
      assert.equal((await told(t, [`forwarded: ${wrong}`], true))[1], '127.0.0.1', wrong)
      const behind = [`forwarded: ${wrong}`, 'forwarded: for=192.0.2.9']
      assert.equal((await told(t, behind, true))[1], '192.0.2.9:0', wrong)
    }
  })

  test('of the longest kind takes no long time', async (t) => {
    for (const value of [
      'a=",'.repeat(3500),
      ','.repeat(14_000),
      'a=b;'.repeat(3500),
      '"'.repeat(14_000),
      `a=b${'; '.repeat(7000)}(`,
    ]) {
      assert.equal((await told(t, [`forwarded: ${value}`], true))[1], '127.0.0.1')
    }
  })
})

test('Proto counts also where an HTTP/1.0 client named no host', async (t) => {
  const server = serve(t, tell, { trustProxy: true })
  const client = await connectTo(t, server)
  client.send('GET /a?b HTTP/1.0\r\nx-forwarded-proto: https\r\n\r\n')
  const [url] = JSON.parse((await client.answer()).text)
  assert.equal(url, `https://127.0.0.1:${server.port}/a?b`)
})

test('a function that gives a promise trusts nobody, and the handler is told so', async (t) => {
  const told = []
  const onError = (error) => {
    told.push(error)
  }
  const server = serve(t, tell, { trustProxy: async () => false, onError })
  const client = await connectTo(t, server)
  assert.equal((await client.ask(request('GET /', ALL))).status, 500)
  assert.equal(told.length, 1)
  assert.equal(told[0].code, 'ERR_INVALID_ARG_TYPE')
  assert.match(told[0].message, /options\.trustProxy .*Promise/)
})

test('a request for an absolute URL keeps it', async (t) => {
  const line = 'GET http://absolute.example/a?b'
  const [url, client] = await asked(t, { trustProxy: 1 }, ALL, line)
  assert.deepEqual([url, client], ['http://absolute.example/a?b', '192.0.2.1:0'])
})

test('the fields stay where they are', async (t) => {
  const handler = ({ headers }) =>
    Response.json([headers.get('host'), headers.get('x-forwarded-for')])
  const server = serve(t, handler, { trustProxy: true })
  const client = await connectTo(t, server)
  const answer = await client.ask(request('GET /', ALL))
  assert.deepEqual(JSON.parse(answer.text), ['test', '192.0.2.1'])
})
