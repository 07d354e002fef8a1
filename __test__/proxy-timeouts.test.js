// How long `proxyProtocol` waits: for its header, and for the first request behind it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, eventually, serve } from './support/serve.js'

const LINE = 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n'
const hello = () => new Response('hello')
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

test('a header that may come late leaves the request its own time', async (t) => {
  const headers = 1_000
  const server = serve(t, hello, {
    proxyProtocol: { trust: 'loopback', timeout: 60_000 },
    timeouts: { headers },
  })
  const client = await connectTo(t, server)
  await pause(1.2 * headers)
  client.send(LINE)
  // Long enough for a look at all clocks.
  await pause(headers / 2)
  assert.equal((await client.ask(request('GET /'))).status, 200)
})

test('behind the header, the request has to come in time', async (t) => {
  const server = serve(t, hello, {
    proxyProtocol: { trust: 'loopback', timeout: 60_000 },
    timeouts: { headers: 100 },
  })
  const client = await connectTo(t, server)
  await client.send(LINE).closed
  assert.deepEqual(server.stats().refusals, {})
})

test('without a limit for headers, that of an idle connection counts', async (t) => {
  const server = serve(t, hello, {
    proxyProtocol: { trust: 'loopback' },
    timeouts: { headers: 0, idle: 100 },
  })
  const client = await connectTo(t, server)
  await client.send(LINE.slice(0, 9)).closed
  await eventually(() => assert.deepEqual(server.stats().refusals, { PROXY_TIMEOUT: 1 }))
})
