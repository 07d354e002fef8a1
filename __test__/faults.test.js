// Calls of libuv and of the system that fail, or take less than they were given, one at a time:
// right bytes or a closed connection, an error that is told, and nothing that stays behind. By a
// build of the addon that only tests have.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import binding from '../lib/binding.js'
import { artifactPath } from '../scripts/artifact.mjs'
import { faultyPackage } from '../scripts/faults.mjs'
import { FaultyServer, play, playArmed, scenes, startFaulty } from './support/faulty-scenes.js'
import { startProgram } from './support/program.js'
import { RawClient, request } from './support/raw-client.js'

const EOF = -4095
const errno = (name) => -constants.errno[name]
const SYSTEM = ['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ENOBUFS', 'ENOMEM']
const QUEUE = ['EMFILE', 'ENFILE', 'ECONNABORTED', 'EAGAIN', 'ENOMEM']
/** How many calls of a scene fail in turn: the first, the second ... MILOUV_FAULTS sets another. */
const CALLS = Number(process.env.MILOUV_FAULTS ?? 4)

/** What fails, with what, and what is told where it ends a connection. */
const faults = {
  send: [...SYSTEM, 'EAGAIN', 'EINTR'],
  write: ['ENOBUFS', 'ENOMEM', 'EBADF'],
  written: ['EPIPE', 'ECONNRESET', 'ETIMEDOUT'],
  'send buffer': ['ENOMEM'],
  read: ['ECONNRESET', 'ETIMEDOUT', 'ENOMEM', 'ENOBUFS'],
  recv: ['ECONNRESET', 'ENOMEM', 'EAGAIN'],
  'recv now': ['ECONNRESET', 'ETIMEDOUT', 'ENOMEM', 'EAGAIN', 'EINTR'],
  read_start: ['ENOTCONN', 'ENOMEM'],
  shutdown: ['ENOTCONN', 'ENOBUFS'],
  uv_shutdown: ['ENOTCONN'],
  'shut down': ['ENOTCONN', 'ECONNRESET'],
  uv_accept: QUEUE,
  accept: QUEUE,
  open: ['EINVAL', 'ENOMEM'],
  getpeername: ['ENOTCONN'],
  getsockname: ['ENOBUFS'],
}

/** These end no connection, whatever they are asked. */
const HARMLESS = new Set(['EAGAIN', 'EINTR'])
/** These fail while an answer is sent: who is cut off by them was to get one. */
const SENDING = new Set(['send', 'uv_try_write', 'write', 'written', 'send buffer'])
/** As on Windows: libuv itself sends in place of `send`. */
const BY_LIBUV = [{ call: 'no descriptor', value: 1 }]
/** Behind the answer, or before there is anybody to tell. */
const SILENT = new Set(['shutdown', 'uv_accept', 'accept', 'open', 'getpeername', 'getsockname'])

const prlimit = spawnSync('prlimit', ['--version']).status === 0

let index
before(() => {
  index = faultyPackage()
})

/** Fails each of the first calls of a scene in turn; tells how many there were, and were cut. */
async function failInTurn({ server, ports, recovered }, scene, calls, also) {
  await server.ask('arm', { call: 'none', value: 0, skip: 0, times: 0, also })
  assert.equal(await play(scene, ports), true, 'without a fault')
  const made = await server.ask('disarm')
  const found = { cases: 0, cut: 0 }
  for (const [call, errors] of Object.entries(calls)) {
    for (const code of errors) {
      for (let skip = 0; skip < Math.min(made[call] ?? 0, CALLS); skip++) {
        const what = `${call} number ${skip + 1}: ${code}`
        const fault = { call, code, skip, also }
        const well = await oneFails({ server, ports, recovered, scene, what, ...fault })
        found.cases += 1
        if (!well) found.cut += 1
      }
    }
  }
  return found
}

describe('one call fails', () => {
  for (const scene of Object.keys(scenes)) {
    test(scene, async (t) => {
      const where = await startFaulty(t, index)
      const { cases, cut } = await failInTurn(where, scene, faults)
      assert.ok(cut > 5, `${cut} of ${cases} cases cut the connection`)
      t.diagnostic(`${cases} cases, ${cut} of them cut the connection`)
      await where.end()
    })
  }
})

async function oneFails({ server, ports, recovered, scene, call, code, skip, what, also }) {
  const fault = { call, value: errno(code), skip, also }
  const where = { server, ports, recovered, scene, what }
  const { well, http, raw } = await playArmed({ ...where, ...fault })
  if (HARMLESS.has(code) && call !== 'uv_accept') assert.ok(well, what)
  if (well || SILENT.has(call)) return well
  const [protocol] = scenes[scene]
  const told = (protocol === 'http' ? http : raw).filter((each) => each !== 'none')
  assert.deepEqual(
    [...new Set(told)].filter((each) => each !== code),
    [],
    `${what}: ${told}`,
  )
  if (protocol === 'raw') assert.deepEqual(told, [code], what)
  if (SENDING.has(call) && scene !== 'nonsense') assert.ok(told.length > 0, `${what}: told nobody`)
  return well
}

describe('one call of uv_try_write fails', () => {
  for (const scene of Object.keys(scenes)) {
    test(scene, async (t) => {
      const where = await startFaulty(t, index)
      const calls = { uv_try_write: [...SYSTEM, 'EAGAIN'] }
      const { cases, cut } = await failInTurn(where, scene, calls, BY_LIBUV)
      assert.ok(cut > 3, `${cut} of ${cases} cases cut the connection`)
      await where.end()
    })
  }
})

test('the end of a stream comes where none was expected', async (t) => {
  const { server, ports, recovered, end } = await startFaulty(t, index)
  for (const scene of Object.keys(scenes)) {
    await server.ask('arm', { call: 'read', value: EOF, skip: 0, times: 1 })
    await play(scene, ports)
    await server.ask('disarm')
    await recovered()
  }
  await end()
})

describe('the socket takes less than it is given', () => {
  const sizesOf = { 'send room': [0, 1, 7, 1000], alloc: [1, 7] }
  const cases = [
    ...Object.entries(sizesOf).map(([call, sizes]) => [call, call, sizes, []]),
    ['uv_try_write', 'send room', sizesOf['send room'], BY_LIBUV],
  ]
  for (const [name, call, sizes, also] of cases) {
    test(name, async (t) => {
      const { server, ports, recovered, end } = await startFaulty(t, index)
      const small = Object.keys(scenes).filter((name) => !/upload|much/.test(name))
      for (const size of sizes) {
        for (const scene of call === 'alloc' ? small : Object.keys(scenes)) {
          await server.ask('arm', { call, value: size, skip: 0, times: 1000, also })
          assert.equal(await play(scene, ports), true, `${scene}, ${size} bytes at once`)
          await server.ask('disarm')
          await recovered()
        }
      }
      await end()
    })
  }

  test('no room at all for a read: the connection ends', async (t) => {
    const { server, ports, recovered, end } = await startFaulty(t, index)
    await server.ask('arm', { call: 'alloc', value: 0, skip: 0, times: 1 })
    assert.equal(await play('raw', ports), false)
    assert.deepEqual((await server.ask('told')).raw, ['ENOBUFS'])
    await recovered()
    await end()
  })
})

describe('listening fails, is told, and can be tried again', () => {
  const tcp = { options: {} }
  const raw = { options: {}, raw: true }
  const shared = { options: { reusePort: true } }
  const path = { options: { path: '\0milouv-faults' } }
  const file = { options: { path: `/tmp/milouv-faults-${process.pid}`, readableAll: true } }
  const probes = { options: { keepAlive: true } }
  const cases = [
    ...[tcp, raw, path].map((options) => ['init', 'ENOMEM', options]),
    ...['EADDRINUSE', 'EACCES', 'ENOBUFS'].map((code) => ['bind', code, tcp]),
    ...[tcp, raw, shared, path].map((options) => ['listen', 'EADDRINUSE', options]),
    ...['EMFILE', 'ENFILE', 'ENOBUFS'].flatMap((code) => [
      ['socket', code, shared],
      ['socket', code, path],
    ]),
    ['open', 'EINVAL', shared],
    ['open', 'EINVAL', path],
    ['chmod', 'EPERM', file],
    ['setsockopt', 'EINVAL', tcp],
    ['setsockopt', 'ENOBUFS', probes],
    ['getsockname', 'ENOBUFS', tcp],
  ]
  test('each', async (t) => {
    const { server, recovered, end } = await startFaulty(t, index)
    for (const [call, code, options] of cases) {
      const given = { call, value: errno(code), options }
      assert.equal(await server.ask('listen', given), code, `${call}: ${code}`)
      await recovered()
    }
    await end()
  })
})

describe('who waits for room gets in, or who comes next, where there is', () => {
  const served = async (client) => {
    assert.equal((await client.ask(request('GET /hello'))).text, 'hello')
  }
  const times = (call, value, count) => Array.from({ length: count }, (_, at) => [call, value, at])
  const cases = [
    ...times('init', errno('ENOMEM'), 1),
    ...['enter', 'leave', 'on_idle', 'on_connection'].flatMap((place) => times(place, 1, 12)),
  ]

  test('held back, and something fails', async (t) => {
    const { server, ports, recovered, end } = await startFaulty(t, index)
    for (const [call, value, skip] of cases) {
      const first = await RawClient.connect(ports.narrow)
      await served(first)
      const waiting = await RawClient.connect(ports.narrow)
      waiting.send(request('GET /hello', ['connection: close']))
      // Once that was answered, the server has been told of whoever waits.
      await served(first)
      await server.ask('arm', { call, value, skip, times: 1 })
      await first.destroy()
      // A panic may have cost this one its connection.
      const answer = (await waiting.rest()).toString()
      if (call === 'init') assert.match(answer, /hello$/)
      await server.ask('disarm')
      const next = await RawClient.connect(ports.narrow)
      await served(next)
      await next.destroy()
      await recovered()
    }
    await end()
  })

  test('at the first try', async (t) => {
    const { server, ports, recovered, end } = await startFaulty(t, index)
    await server.ask('arm', { call: 'init', value: errno('ENOMEM'), skip: 0, times: 1 })
    const client = await RawClient.connect(ports.http)
    await served(client)
    assert.ok((await server.ask('disarm')).init >= 2)
    await client.destroy()
    await recovered()
    await end()
  })
})

test('descriptors ran out, and later there are many again', { skip: !prlimit }, async (t) => {
  const { server, ports, recovered, end } = await startFaulty(t, index)
  const { pid } = await server.ask('state')
  const limitTo = (count) => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:`])
  const knock = async () => {
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => RawClient.connect(ports.http)),
    )
    return () => Promise.all(clients.map((client) => client.destroy()))
  }
  const taken = async () => {
    await server.ask('disarm')
    const leave = await knock()
    await leave()
    await recovered()
    // Those that were taken behind the one that libuv told of.
    return (await server.ask('disarm')).accept ?? 0
  }
  assert.ok((await taken()) > 0)
  limitTo(64)
  const leave = await knock()
  assert.ok((await server.ask('state')).open < 60, 'some had to wait')
  limitTo(4096)
  await leave()
  await recovered()
  assert.ok((await taken()) > 0)
  // To look for a free descriptor makes no room for all that there may be.
  const [, room] = /^FDSize:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  assert.ok(Number(room) < 4096, room)
  await end()
})

test('a clock that does not start is started with the next connection', async (t) => {
  const program = startProgram(t, 'faulty-server.js', [index], ['--expose-gc'])
  const server = await FaultyServer.start(program)
  const { brief } = await server.ask('ports')
  await server.ask('arm', { call: 'uv_timer_start', value: errno('EINVAL'), skip: 0, times: 1 })
  const first = await RawClient.connect(brief)
  await first.ask(request('GET /hello'))
  assert.ok((await server.ask('disarm')).uv_timer_start >= 1)
  const second = await RawClient.connect(brief)
  await Promise.all([first.rest(), second.rest()])
  await server.ask('close')
  assert.deepEqual(await server.exited, { code: 0, signal: null })
})

test('the short time of a connection goes with it, whoever listens meanwhile', async (t) => {
  const { HttpServer, InboundTcpSocket } = await import(pathToFileURL(index))
  const { default: faulty } = await import(pathToFileURL(join(dirname(index), 'lib/binding.js')))
  const late = new HttpServer()
  const raw = new InboundTcpSocket().listen({
    open(connection) {
      connection.setTimeout(20)
      late.listen(() => {})
    },
  })
  t.after(() => Promise.all([late.close({ timeout: 0 }), raw.close()]))
  const short = await RawClient.connect(raw.port)
  await short.rest()
  // The tick that finds nobody is the last.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const client = await RawClient.connect(late.port)
  faulty.disarmFaults()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { on_tick: ticks = 0 } = faulty.disarmFaults()
  assert.ok(ticks < 5, `${ticks} ticks`)
  await client.destroy()
})

test('what could not be sent does not stay in memory', async (t) => {
  const { server, ports, recovered, end } = await startFaulty(t, index)
  const rounds = async (count) => {
    for (let round = 0; round < count; round++) {
      const call = ['write', 'written', 'send buffer', 'send'][round % 4]
      await server.ask('arm', { call, value: errno('ENOMEM'), skip: 0, times: 1 })
      await play(round % 3 === 0 ? 'a large text' : 'a large array', ports)
      await server.ask('disarm')
    }
  }
  await rounds(12)
  await recovered()
  const earlier = await server.ask('memory')
  await rounds(36)
  await recovered()
  const grown = (await server.ask('memory')) - earlier
  assert.ok(grown < 48 * 1024 * 1024, `${Math.round(grown / 1024)} KiB more after 36 large answers`)
  await end()
})

describe('what is shipped', () => {
  const TRACES = ['armFault', 'disarmFaults', 'openHandles', 'a test wanted this']

  test('has no trace of it', () => {
    const file = readFileSync(artifactPath())
    for (const trace of TRACES) assert.ok(!file.includes(trace), trace)
    for (const name of TRACES) assert.equal(name in binding, false, name)
  })

  test('which would be found', () => {
    const file = readFileSync(artifactPath().replace(/^.*\//, index.replace(/[^/]*$/, '')))
    for (const trace of TRACES) assert.ok(file.includes(trace), trace)
  })
})
