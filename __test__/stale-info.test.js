// What a handler was told beside its request is about that request alone, also when it is used
// late: the connection may serve the next one by then.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { deferred, serveRaw } from './support/serve.js'

/** A server whose second answer waits; `infos` has what both handlers were told. */
async function withTwoExchanges(t) {
  const infos = []
  const second = deferred()
  const release = deferred()
  const { server, client } = await serveRaw(t, (req, info) => {
    infos.push(info)
    if (infos.length === 1) return new Response('first')
    second.resolve()
    return release.promise.then(() => new Response(`second: ${new URL(req.url).pathname}`))
  })
  assert.equal((await client.ask(request('GET /first'))).text, 'first')
  client.send(request('GET /second'))
  await second.promise
  return { server, client, infos, release: release.resolve }
}

const noRequest = { code: 'HTTP_NO_REQUEST' }
const left = { name: 'AbortError', code: 'ECONNRESET' }

describe('sendInformational', () => {
  test('behind the own answer throws and sends nothing', async (t) => {
    const { client, infos, release } = await withTwoExchanges(t)
    assert.throws(() => infos[0].sendInformational(103, { link: '</wrong>' }), noRequest)
    infos[1].sendInformational(103, { link: '</right>' })
    release()
    const hint = await client.answer()
    assert.deepEqual([hint.status, hint.get('link')], [103, '</right>'])
    assert.equal((await client.answer()).text, 'second: /second')
    assert.throws(() => infos[1].sendInformational(103), noRequest)
    client.end()
    assert.equal((await client.rest()).length, 0)
  })

  test('does nothing when the client has left', async (t) => {
    const { client, infos } = await withTwoExchanges(t)
    const { completed } = infos[1]
    await client.reset()
    await assert.rejects(completed, left)
    infos[1].sendInformational(103)
    assert.throws(() => infos[0].sendInformational(103), noRequest)
  })
})

describe('completed, first read late', () => {
  test('settles by its own answer while the next one waits', async (t) => {
    const { client, infos, release } = await withTwoExchanges(t)
    await infos[0].completed
    let over = false
    const completed = infos[1].completed.then(() => {
      over = true
    })
    await nextTurn()
    await nextTurn()
    assert.equal(over, false)
    release()
    assert.equal((await client.answer()).text, 'second: /second')
    await completed
  })

  test('does not take the place of the next one', async (t) => {
    const { client, infos, release } = await withTwoExchanges(t)
    const { completed } = infos[1]
    await infos[0].completed
    release()
    await client.answer()
    await completed
  })

  test('does not fail with the next one', async (t) => {
    const { client, infos } = await withTwoExchanges(t)
    const both = [infos[0].completed, infos[1].completed]
    await both[0]
    await client.reset()
    await assert.rejects(both[1], left)
  })
})

describe('closeAllConnections inside a handler', () => {
  for (const when of ['before', 'after']) {
    test(`makes completed reject that was first read ${when}`, async (t) => {
      const { promise: outcome, resolve } = deferred()
      const { server, client } = await serveRaw(t, (_, info) => {
        const early = when === 'before' ? info.completed : undefined
        server.closeAllConnections()
        resolve(early ?? info.completed)
        return new Response('nobody is there')
      })
      client.send(request('GET /'))
      await assert.rejects(outcome, left)
      assert.equal((await client.rest()).length, 0)
    })
  }
})
