// What a large answer and a failed exchange take is given back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'
import { eventually } from './support/serve.js'

const SIZE = 100_000_000
const TOLERANCE = 24_000_000

const LARGE = `
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
const server = new HttpServer()
server.listen((req) => {
  if (req.url.endsWith('/large')) return new Response('large text'.repeat(${SIZE / 10}))
  globalThis.gc()
  return new Response(String(process.memoryUsage.rss()))
})
console.log(server.port)
`

test(`the memory of a string of ${SIZE} bytes goes back`, async (t) => {
  const child = new Child(t, LARGE, { flags: ['--expose-gc'] })
  const client = await RawClient.connect(await child.message())
  t.after(() => client.destroy())
  const rss = async () => Number((await client.ask(request('GET /rss'))).text)
  for (let round = 0; round < 20; round += 1) await rss()
  const before = await rss()
  const { body } = await client.ask(request('GET /large'))
  assert.equal(body.length, SIZE)
  await eventually(async () => {
    const grown = (await rss()) - before
    assert.ok(grown < TOLERANCE, `${(grown / 1e6).toFixed(1)} MB are still taken`)
  })
})

const FAILING = `
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
const requests = []
let told = 0
const server = new HttpServer({
  onError: async () => {
    await nextTurn()
    told += 1
    return new Response('nobody is there', { status: 500 })
  },
})
const left = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve))
async function fail(req) {
  requests.push(new WeakRef(req))
  await left(req.signal)
  throw new Error('of its own')
}
server.listen((req) => {
  if (!req.url.endsWith('/report')) return fail(req)
  globalThis.gc()
  const kept = requests.filter((request) => request.deref() !== undefined).length
  return Response.json({ begun: requests.length, told, kept })
})
console.log(server.port)
`

test('the Request of a client that left is collected after an async onError', async (t) => {
  const COUNT = 20
  const child = new Child(t, FAILING, { flags: ['--expose-gc'] })
  const port = await child.message()
  const reporter = await RawClient.connect(port)
  t.after(() => reporter.destroy())
  const report = async () => JSON.parse((await reporter.ask(request('GET /report'))).text)
  const clients = []
  for (let at = 0; at < COUNT; at += 1) {
    const client = await RawClient.connect(port)
    clients.push(client.send(request('GET /fail')))
  }
  await eventually(async () => assert.equal((await report()).begun, COUNT))
  for (const client of clients) await client.reset()
  await eventually(async () => {
    assert.deepEqual(await report(), { begun: COUNT, told: COUNT, kept: 0 })
  })
})
