import assert from 'node:assert/strict'
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client'
import { testApp } from './support/apps.js'

function clientOf({ origin }, link = httpLink, more = {}) {
  const headers = { 'x-name': 'tester' }
  return createTRPCClient({ links: [link({ url: `${origin}/trpc`, headers, ...more })] })
}

testApp('trpc', {
  async 'queries and mutations'(client) {
    const api = clientOf(client)
    assert.equal(await api.greet.query('ü & co'), 'Grüße, ü & co')
    assert.deepEqual(await api.who.query(), { name: 'tester', method: 'GET' })
    assert.deepEqual(await api.add.mutate({ a: 1, b: 2 }), { sum: 3 })
  },

  async 'headers of the context'(client) {
    const answer = await client.ask('/trpc/who')
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.deepEqual(await answer.json(), { result: { data: { name: null, method: 'GET' } } })
  },

  async 'a batch, and one by POST'(client) {
    for (const methodOverride of [undefined, 'POST']) {
      const api = clientOf(client, httpBatchLink, { methodOverride })
      const all = [api.greet.query('a'), api.greet.query('b'), api.slow.query(5)]
      assert.deepEqual(await Promise.all(all), ['Grüße, a', 'Grüße, b', 5])
      const sums = [1, 2, 3].map((a) => api.add.mutate({ a, b: 1 }))
      assert.deepEqual(await Promise.all(sums), [{ sum: 2 }, { sum: 3 }, { sum: 4 }])
    }
  },

  async 'a batch that streams: the fast do not wait for the slow'(client) {
    const api = clientOf(client, httpBatchStreamLink)
    const order = []
    const ask = async (ms) => order.push(await api.slow.query(ms))
    await Promise.all([ask(150), ask(0), ask(50)])
    assert.deepEqual(order, [0, 50, 150])
  },

  async 'a generator'(client) {
    const api = clientOf(client, httpBatchStreamLink)
    const numbers = []
    for await (const number of await api.numbers.query()) numbers.push(number)
    assert.deepEqual(numbers, [0, 1, 2])
  },

  async 'a form'(client) {
    const form = new FormData()
    form.append('text', 'ü')
    form.append('file', new File(['content'], 'name'))
    const api = clientOf(client)
    assert.deepEqual(await api.upload.mutate(form), { text: 'ü', content: 'content' })
  },

  async 'a subscription, as server-sent events'(client) {
    const answer = await client.ask('/trpc/ticks', { headers: { accept: 'text/event-stream' } })
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    const text = await answer.text()
    const events = [...text.matchAll(/data: (.*)\nid: (\d)/g)].map(([, data, id]) => [data, id])
    assert.deepEqual(events, [
      ['{"at":0}', '0'],
      ['{"at":1}', '1'],
      ['{"at":2}', '2'],
    ])
  },

  async errors(client) {
    const api = clientOf(client)
    const failure = await api.fail.query().catch((error) => error)
    assert.deepEqual([failure.message, failure.data.httpStatus], ['not you', 403])
    await assert.rejects(api.greet.query(5), /a text, please/)
    const [status, { error }] = await client.json('/trpc/none')
    assert.deepEqual([status, error.data.code], [404, 'NOT_FOUND'])
    assert.equal((await client.ask('/trpc/add')).status, 405)
  },

  async 'a request that is given up'(client) {
    const controller = new AbortController()
    const api = clientOf(client)
    const asked = api.slow.query(200, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await assert.rejects(asked)
    assert.equal(await api.greet.query('next'), 'Grüße, next')
  },
})
