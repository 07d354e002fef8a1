// Threads and processes that end in the middle of their work.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { load } from './support/load.js'
import { startProgram } from './support/program.js'
import { RawClient, request } from './support/raw-client.js'
import { eventually } from './support/serve.js'

const busyServer = new URL('./support/busy-server.js', import.meta.url)
const text = request('POST /work', ['content-length: 5'], 'hello')
const MODES = ['sync', 'async', 'body', 'large', 'stream', 'pending', 'signal and timer', 'raw']
const ROUNDS = 100

/** How many file descriptors the process has; null where nobody says. */
function descriptors() {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : null
}

async function startWorker(mode) {
  const worker = new Worker(busyServer, { workerData: { mode } })
  const port = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return { worker, port }
}

/** A worker of that mode comes, works and is ended in the middle of it. */
async function terminateUnderLoad(mode) {
  const { worker, port } = await startWorker(mode)
  const ended = new Promise((resolve, reject) => {
    worker.once('exit', resolve)
    worker.once('error', reject)
  })
  const clients = load(port, { text: mode === 'body' ? text.repeat(20) : text })
  if (mode !== 'pending') await clients.answered(2_000)
  assert.equal(await worker.terminate(), 1)
  assert.equal(await ended, 1)
  // Every connection is closed with the thread, so the clients see the end by themselves.
  await clients.ended
  await assert.rejects(RawClient.connect(port), { code: 'ECONNREFUSED' })
}

describe('worker threads', () => {
  test(`${ROUNDS} are terminated under load, and nothing is left of them`, async () => {
    for (const mode of MODES) await terminateUnderLoad(mode)
    const before = descriptors()
    for (let round = 0; round < ROUNDS; round++)
      await terminateUnderLoad(MODES[round % MODES.length])
    await eventually(() => assert.equal(descriptors(), before))
  })

  for (const mode of ['loop in a handler', 'loop in an async handler', 'loop in a stream']) {
    test(`terminated in the middle of JavaScript: ${mode}`, async () => {
      const { worker, port } = await startWorker(mode)
      const begun = once(worker, 'message')
      const clients = load(port, { text })
      await begun
      assert.equal(await worker.terminate(), 1)
      await clients.ended
    })
  }

  test('an uncaught exception is the error of its worker', async () => {
    const { worker, port } = await startWorker('throw in onClientError')
    const failed = once(worker, 'error')
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    const clients = load(port, { text })
    await clients.answered(2_000)
    const client = await RawClient.connect(port)
    client.send('nonsense\r\n\r\n')
    assert.equal((await failed)[0].message, 'thrown in onClientError')
    assert.equal(await exited, 1)
    await Promise.all([client.closed, clients.ended])
  })

  test('several serve side by side, and one ends', async () => {
    const workers = await Promise.all(
      ['sync', 'async', 'stream', 'large'].map((mode) => startWorker(mode)),
    )
    const clients = workers.map(({ port }) => load(port, { text }))
    await Promise.all(clients.map((each) => each.answered(10_000)))
    await workers[2].worker.terminate()
    await clients[2].ended
    for (const at of [0, 1, 3]) {
      const client = await RawClient.connect(workers[at].port)
      assert.equal((await client.ask(request('GET /fine'))).text, 'fine')
      await client.destroy()
    }
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
    await Promise.all(clients.map((each) => each.ended))
  })

  test('a worker that closes its server ends by itself', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads')
      import(${JSON.stringify(import.meta.resolve('milouv'))}).then((milouv) => {
        const server = new milouv.HttpServer()
        server.listen(() => {
          server.close()
          return new milouv.Response('last')
        })
        parentPort.postMessage(server.port)
      })`
    const worker = new Worker(source, { eval: true })
    const port = await new Promise((resolve) => worker.once('message', resolve))
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    const client = await RawClient.connect(port)
    assert.equal((await client.ask(request('GET /'))).text, 'last')
    assert.equal(await exited, 0)
    await client.closed
  })
})

const EXITS = [
  'exit in a handler',
  'exit in an async handler',
  'exit in a stream',
  'exit in a timer',
  'exit while closing',
  'exit in onError',
  'exit in onClientError',
]

describe('process.exit() under load', () => {
  for (const mode of EXITS) {
    for (const [where, last] of [
      ['main', ''],
      ['worker', 'the worker ended with 0\n'],
    ]) {
      test(`${mode}, ${where}: code 0, no word`, async (t) => {
        const program = startProgram(t, 'busy-server.js', [where, mode])
        const port = await program.message()
        const clients = load(port, { text })
        if (mode === 'exit in onClientError') {
          await clients.answered(10_000)
          ;(await RawClient.connect(port)).send('nonsense\r\n\r\n')
        }
        assert.deepEqual(await program.exited, { code: 0, signal: null })
        assert.equal(program.stderr, last)
        await clients.ended
      })
    }
  }

  test('from outside, by SIGTERM', async (t) => {
    const program = startProgram(t, 'busy-server.js', ['main', 'async'])
    const clients = load(await program.message(), { text })
    await clients.answered(10_000)
    program.kill('SIGTERM')
    assert.deepEqual(await program.exited, { code: null, signal: 'SIGTERM' })
    assert.equal(program.stderr, '')
    await clients.ended
  })
})

describe('uncaught exceptions', () => {
  const cases = {
    'throw in onClientError': 'thrown in onClientError',
    'throw in an abort listener': 'thrown in an abort listener',
    'reject beside the answer': 'rejected beside the answer',
    'throw in a timer': 'thrown in a timer',
  }

  /** Makes the program's code fail once. */
  async function provoke(t, port, mode) {
    const client = await RawClient.connect(port)
    t.after(() => client.destroy())
    client.send(mode.endsWith('onClientError') ? 'nonsense\r\n\r\n' : text)
    if (mode.endsWith('abort listener')) {
      const other = await RawClient.connect(port)
      await other.ask(request('GET /fine'))
      await other.destroy()
      await client.reset()
    }
  }

  for (const [mode, message] of Object.entries(cases)) {
    test(`${mode}: uncaughtException hears of it and the server goes on`, async (t) => {
      const program = startProgram(t, 'busy-server.js', ['main', mode, 'caught'])
      const port = await program.message()
      for (let round = 0; round < 3; round++) {
        await provoke(t, port, mode)
        await program.takeError(new RegExp(`^caught: ${message}\\n`))
        const client = await RawClient.connect(port)
        assert.equal((await client.ask(request('GET /fine'))).text, 'fine')
        await client.destroy()
      }
      assert.equal(program.stderr, '')
    })

    test(`${mode}: without a listener the process ends as Node does it`, async (t) => {
      const program = startProgram(t, 'busy-server.js', ['main', mode])
      await provoke(t, await program.message(), mode)
      assert.deepEqual(await program.exited, { code: 1, signal: null })
      assert.match(program.stderr, new RegExp(`Error: ${message}\\n +at `))
      assert.match(program.stderr, /\nNode\.js v\d/)
    })
  }
})
