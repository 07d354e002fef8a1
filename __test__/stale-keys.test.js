// Keys that outlive what they named: their slots serve others by then, who must not feel it. And
// a long walk of calls by chance, from within hooks and outside of them, with any key ever seen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { KEY, openRegisters, registers } from '../lib/registers.js'
import {
  allCalls,
  call,
  connectionCalls,
  listenBare,
  listenerCalls,
  nonsenseKeys,
} from './support/binding-calls.js'
import { RawClient, request } from './support/raw-client.js'
import { SeededRandom, seedOfRun } from './support/seeded-random.js'
import { eventually, serveRaw } from './support/serve.js'

const SLOT = 2 ** 21
const ROUNDS = Number(process.env.MILOUV_WALK ?? 300)
openRegisters()

const text = (key) => call('respond', key, [200, '', 0, 'text', undefined])

function closeListener(key) {
  call('closeAllConnections', key)
  call('closeListener', key)
  return eventually(() => assert.equal(call('listenerStats', key), null))
}

test('each function with the key of a connection whose slot has another now', async () => {
  const keys = []
  const { key: listener, port } = listenBare('http', {
    onRequest() {
      keys.push(registers[KEY])
      text(registers[KEY])
    },
  })
  const ask = async () => {
    const client = await RawClient.connect(port)
    assert.equal((await client.ask(request('GET /'))).text, 'text')
    return client
  }
  await (await ask()).destroy()
  await eventually(() => assert.equal(call('listenerStats', listener).connections, 0))
  const client = await ask()
  const [stale, fresh] = keys
  assert.equal(stale % SLOT, fresh % SLOT, 'they have the same slot')
  assert.notEqual(stale, fresh)
  const before = call('counters', fresh)
  for (const [name, { gone }] of Object.entries(connectionCalls)) {
    assert.equal(call(name, stale), gone, name)
  }
  assert.deepEqual(call('counters', fresh), before)
  assert.equal((await client.ask(request('GET /'))).text, 'text')
  await client.destroy()
  await closeListener(listener)
})

test('each function with the key of a listener whose slot has another now', async () => {
  const first = listenBare('raw', {})
  await closeListener(first.key)
  const second = listenBare('raw', { onData: (key, bytes) => call('writeRaw', key, [bytes]) })
  assert.equal(first.key % SLOT, second.key % SLOT, 'they have the same slot')
  for (const [name, { gone }] of Object.entries(listenerCalls)) {
    assert.equal(call(name, first.key), gone, name)
  }
  const client = await RawClient.connect(second.port)
  client.send('bytes')
  assert.equal(`${await client.bytes(5)}`, 'bytes')
  await client.destroy()
  await closeListener(second.key)
})

test('a client that resets right behind its end is gone, as the walk needs it', async () => {
  const { key: listener, port } = listenBare('raw', {})
  const client = await RawClient.connect(port)
  client.end()
  // The end is sent behind what was to be sent before it.
  await Promise.resolve()
  assert.notEqual((await client.reset())?.code, 'EINVAL')
  await closeListener(listener)
})

/** Listeners, clients and keys that a walk has made so far. */
class Walk {
  #random
  #listeners = []
  #clients = []
  #keys = []
  #watched = new Set()
  #depth = 0
  calls = 0
  hooks = 0

  constructor(seed) {
    this.#random = new SeededRandom(seed)
  }

  async step() {
    if (this.#listeners.length === 0 || this.#random.chance(0.1)) this.#listen()
    if (this.#random.chance(0.5)) this.#connect()
    this.#act()
    const client = this.#clients.length > 0 && this.#random.pick(this.#clients)
    if (client && this.#random.chance(0.7)) this.#disturb(client)
    if (this.#random.chance(0.5)) await nextTurn()
    if (this.#clients.length > 30) this.#clients.shift().destroy()
    if (this.#listeners.length > 6) call('closeListener', this.#listeners.shift().key)
  }

  async end() {
    for (const client of this.#clients) client.destroy()
    for (const { key } of this.#listeners) await closeListener(key)
  }

  #listen() {
    const kind = this.#random.pick(['http', 'raw'])
    const names = {
      http: [
        'onRequest',
        'onBody',
        'onDrain',
        'onAbort',
        'onComplete',
        'onClientError',
        'onClosed',
      ],
      raw: ['onOpen', 'onData', 'onDrain', 'onEnd', 'onClose', 'onClosed'],
    }
    const hooks = Object.fromEntries(
      names[kind].map((name) => [name, (key) => this.#hook(name, key)]),
    )
    const listener = listenBare(kind, hooks)
    this.#listeners.push(listener)
    this.#keys.push(listener.key)
  }

  #hook(name, key) {
    this.hooks += 1
    const known = name === 'onRequest' ? registers[KEY] : key
    if (typeof known === 'number') this.#keys.push(known)
    for (let left = this.#random.below(4); left > 0; left--) this.#act()
    // Now and then an answer that the hook gives by what it returns: of no kept headers.
    if (name === 'onRequest' && this.#random.chance(0.5)) text(known)
  }

  #act() {
    if (this.#depth > 3) return
    this.#depth += 1
    const name = this.#random.pick(Object.keys(allCalls))
    const late = this.#keys.slice(-20)
    const key = this.#random.chance(0.9)
      ? this.#random.pick(this.#random.chance(0.7) ? late : this.#keys)
      : this.#random.pick(nonsenseKeys(this.#keys[0]))
    // lib/ watches an exchange once.
    const again = name === 'watchCompletion' && this.#watched.has(key)
    if (name === 'watchCompletion') this.#watched.add(key)
    if (!again) call(name, key)
    this.calls += 1
    this.#depth -= 1
  }

  #connect() {
    const { port } = this.#random.pick(this.#listeners)
    const connecting = RawClient.connect(port).then(
      (client) => this.#clients.push(client),
      // A listener that was closed meanwhile.
      () => {},
    )
    return connecting
  }

  #disturb(client) {
    const chunked = ['transfer-encoding: chunked']
    const deed = this.#random.pick([
      () => client.send(request('GET /')),
      () => client.send(request('GET /').repeat(3)),
      () => client.send(request('POST /', ['content-length: 4'], 'bo')),
      () => client.send('dy'),
      () => client.send(request('POST /', chunked, '4\r\nbody\r\n')),
      () => client.send('nonsense\r\n\r\n'),
      () => client.end(),
      () => client.reset(),
    ])
    deed()
  }
}

test(`${ROUNDS} rounds of calls by chance`, async (t) => {
  const seed = seedOfRun()
  const { client } = await serveRaw(t, () => new Response('undisturbed'))
  const walk = new Walk(seed)
  for (let round = 0; round < ROUNDS; round++) {
    await walk.step()
    if (round % 10 === 0) {
      assert.equal((await client.ask(request('GET /'))).text, 'undisturbed')
    }
  }
  await walk.end()
  t.diagnostic(`seed ${seed}: ${walk.calls} calls, ${walk.hooks} hooks`)
  assert.ok(walk.hooks > ROUNDS / 10, `${walk.hooks} hooks were called`)
  assert.equal((await client.ask(request('GET /'))).text, 'undisturbed')
})
