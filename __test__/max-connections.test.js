// `limits.maxConnections`: the one too many is told why, and the others do not notice.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, eventually, serve } from './support/serve.js'

const CODE = 'HTTP_TOO_MANY_CONNECTIONS'
const hello = () => new Response('hello')

function limited(t, maxConnections) {
  const refusals = []
  const onClientError = (refusal) => refusals.push(refusal)
  const server = serve(t, hello, { limits: { maxConnections }, onClientError })
  return { server, refusals }
}

async function assertServed(client) {
  const answer = await client.ask(request('GET /'))
  assert.deepEqual([answer.status, answer.text], [200, 'hello'])
}

describe('maxConnections', () => {
  test('one too many gets a 503, the others go on', async (t) => {
    const { server, refusals } = limited(t, 2)
    const served = [await connectTo(t, server), await connectTo(t, server)]
    for (const client of served) await assertServed(client)

    const refused = await connectTo(t, server)
    const { localPort } = refused
    const answer = await refused.ask(request('GET /'))
    assert.equal(answer.status, 503)
    assert.equal(answer.get('connection'), 'close')
    assert.equal((await refused.rest()).length, 0)
    assert.equal(await refused.closed, null)

    assert.equal(refusals.length, 1)
    const { status, code, reason, remoteAddress } = refusals[0]
    assert.deepEqual([status, code], [503, CODE])
    assert.ok(reason.length > 0)
    assert.deepEqual([remoteAddress.address, remoteAddress.port], ['127.0.0.1', localPort])
    assert.deepEqual(server.stats().refusals, { [CODE]: 1 })
    assert.equal(server.stats().answers['5xx'], 1)
    for (const client of served) await assertServed(client)
  })

  test('after one has left, a new one is served', async (t) => {
    const { server, refusals } = limited(t, 1)
    for (let round = 1; round <= 3; round += 1) {
      const client = await connectTo(t, server)
      await assertServed(client)
      const refused = await connectTo(t, server)
      assert.equal((await refused.answer()).status, 503)
      await refused.closed
      await client.destroy()
      await eventually(() => assert.equal(server.stats().connections.open, 0))
      assert.equal(refusals.length, round)
    }
  })

  test('the refused one is answered also when it sends much and reads late', async (t) => {
    const { server } = limited(t, 1)
    await assertServed(await connectTo(t, server))
    const refused = await connectTo(t, server)
    refused.pause().send(request('POST /', ['content-length: 500000'], 'x'.repeat(500_000)))
    await eventually(() => assert.deepEqual(server.stats().refusals, { [CODE]: 1 }))
    refused.resume()
    assert.equal((await refused.answer()).status, 503)
    assert.equal(await refused.closed, null)
  })

  test('many at once: as many as may are served', async (t) => {
    const { server } = limited(t, 5)
    const clients = await Promise.all(Array.from({ length: 40 }, () => connectTo(t, server)))
    const answers = await Promise.all(clients.map((client) => client.ask(request('GET /'))))
    const served = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status === 503)
    assert.deepEqual([served.length, refused.length], [5, 35])
  })
})
