// Panics in everything that libuv and Node-API call, forced one at a time: an error in JavaScript
// or a connection that is closed, never the end of the process, and all others are served on. By a
// build of the addon that only tests have.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { faultyPackage } from '../scripts/faults.mjs'
import { Child } from './support/child.js'
import { play, playArmed, scenes, startFaulty } from './support/faulty-scenes.js'
import { startProgram } from './support/program.js'
import { RawClient } from './support/raw-client.js'

/** The callbacks of libuv, by the names of their functions. */
const CALLBACKS = [
  ...['on_connection', 'on_read', 'on_write', 'on_shutdown', 'on_close'],
  ...['on_tick', 'on_idle', 'on_check'],
]
/**
 * Where the addon takes hold of what it owns, and lets go of it: each function that JavaScript
 * calls does so, and each callback. And in the middle of its work.
 */
const WITHIN = ['enter', 'leave', 'pull', 'send_now']
/** Those that work for a connection, of which somebody knows. */
const TELLING = ['on_read', 'on_write', 'on_shutdown', 'enter', 'leave', 'pull', 'send_now']
/** What is told of the connection; of one whose client has what it wants also that it has left. */
const PANIC = 'ERR_MILOUV_PANIC'
/**
 * How many panics there are at a place in a scene, at most, from the first time to the last.
 * MILOUV_PANICS sets another number.
 */
const TIMES = Number(process.env.MILOUV_PANICS ?? 20)

/** How often there was a panic at each place, and how often it was told as what it is. */
const panics = new Map()
const panicsTold = new Map()
const countOf = (counts, place) => counts.get(place) ?? 0
const add = (counts, place) => counts.set(place, countOf(counts, place) + 1)

let index
before(() => {
  index = faultyPackage()
})

for (const scene of Object.keys(scenes)) {
  test(`in the middle of: ${scene}`, async (t) => {
    const { server, ports, recovered, end } = await startFaulty(t, index)
    await server.ask('disarm')
    assert.equal(await play(scene, ports), true, 'without a panic')
    await recovered()
    const passed = await server.ask('disarm')
    let count = 0
    for (const place of [...CALLBACKS, ...WITHIN]) {
      const times = passed[place] ?? 0
      for (let skip = 0; skip < times; skip += Math.ceil(times / TIMES)) {
        const what = `${place}, time ${skip + 1}`
        const fault = { call: place, value: 1, skip }
        const where = { server, ports, recovered, scene, what }
        const { http, raw, came, well } = await playArmed({ ...where, ...fault })
        const told = [...http, ...raw].filter((code) => code !== 'none')
        const causes = well ? [PANIC, 'ECONNRESET'] : [PANIC]
        const unlike = told.filter((code) => !causes.includes(code))
        assert.deepEqual(unlike, [], what)
        if (!came) continue
        count += 1
        add(panics, place)
        if (told.includes(PANIC)) add(panicsTold, place)
      }
    }
    t.diagnostic(`${count} panics`)
    await end()
  })
}

test('none was left out, and those that end a connection were told', () => {
  const places = [...CALLBACKS, ...WITHIN]
  const missing = places.filter((place) => countOf(panics, place) === 0)
  assert.deepEqual(missing, [], 'panicked nowhere')
  const untold = TELLING.filter((place) => countOf(panicsTold, place) === 0)
  assert.deepEqual(untold, [], 'told nowhere')
})

describe('a clock', () => {
  for (const place of ['on_tick', 'enter', 'leave', 'deadline']) {
    test(`panics: ${place}`, async (t) => {
      const { server, ports, recovered, end } = await startFaulty(t, index)
      for (let skip = 0; skip < 3; skip++) {
        await server.ask('arm', { call: place, value: 1, skip, times: 1 })
        const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(ports.brief)))
        await Promise.all(clients.map((client) => client.rest()))
        await server.panicked(place)
        await server.ask('disarm')
        await recovered()
      }
      await end()
    })
  }
})

/** Runs a text as a module, with the addon that panics as `binding` and its package as `milouv`. */
async function run(t, text) {
  const source = `
    import assert from 'node:assert/strict'
    const index = ${JSON.stringify(index)}
    const milouv = await import(index)
    const { default: binding } = await import(index.replace(/index\\.js$/, 'lib/binding.js'))
    ${text}`
  const child = new Child(t, source)
  const { code, signal } = await child.ended()
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, child.stderr)
}

test('what is asked of no connection throws, and can be asked again', async (t) => {
  await run(
    t,
    `
    const panicked = { message: /a test wanted this panic/ }
    for (const place of ['enter', 'leave']) {
      const server = new milouv.HttpServer({ port: 0 })
      // The first is that of the registers.
      binding.armFault(place, 1, 1, 1)
      assert.throws(() => server.listen(() => new milouv.Response('')), panicked)
      binding.disarmFaults()
      server.listen(() => new milouv.Response('hello'))
      assert.equal(await (await fetch(server.url)).text(), 'hello')
      binding.armFault(place, 1, 0, 1)
      assert.throws(() => server.stats(), panicked)
      assert.equal(server.stats().requests, 1)
      const parser = new milouv.HttpParser()
      binding.armFault(place, 1, 0, 1)
      assert.throws(() => parser.execute(Buffer.from('GET / HTTP/1.1')), panicked)
      binding.disarmFaults()
      server.closeAllConnections()
      await server.close()
    }`,
  )
})

describe('an environment ends', () => {
  const last = 8
  const places = [
    ...[0, 2].map((skip) => ['close_all_handles', skip]),
    ...[0, 1, last].map((skip) => ['on_close', skip]),
  ]
  for (const how of ['terminate', 'exit']) {
    for (const [place, skip] of places) {
      test(`by ${how}, and ${place} panics, time ${skip + 1}`, async (t) => {
        const program = startProgram(t, 'panicking-worker.js', [index, place, `${skip}`, how])
        assert.deepEqual(await program.exited, { code: 0, signal: null }, program.stderr)
        assert.match(program.stderr, /a test wanted this panic/)
      })
    }
  }
})
