// The programs that tests start end when the test that started them is killed: nothing of a run
// that was broken off stays behind.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Child, indexUrl } from './support/child.js'
import { eventually } from './support/serve.js'

const urlOf = (path) => JSON.stringify(new URL(path, import.meta.url).href)

const SERVER = `
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
const server = new HttpServer().listen(() => new Response('hello'))
console.log(server.port)
`

/** A test that starts programs in every way there is, and tells their ports. */
const PARENT = `
import { startServer } from ${urlOf('../conformance/lib/start.mjs')}
import { Child } from ${urlOf('support/child.js')}
import { MutationServer } from ${urlOf('support/mutation-run.js')}
import { startProgram } from ${urlOf('support/program.js')}

const t = { after() {} }
const program = (...args) => startProgram(t, ...args).message()
const ports = {
  main: await program('busy-server.js', ['main', 'pending']),
  worker: await program('busy-server.js', ['worker', 'stream']),
  failing: (await program('failing-server.js')).plain,
  mutations: (await MutationServer.start({ timeouts: {} })).port,
  child: await new Child(t, ${JSON.stringify(SERVER)}).message(),
  conformance: (await startServer({ file: 'milouv.mjs' })).address.port,
}
console.log(JSON.stringify(ports))
`

/** 'connect', or why not. */
async function attempt(port) {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return 'connect'
  } catch (error) {
    return error.code
  } finally {
    socket.destroy()
  }
}

test('programs end with the one that started them', async (t) => {
  const parent = new Child(t, PARENT)
  const ports = await parent.message()
  for (const [name, port] of Object.entries(ports)) {
    assert.equal(await attempt(port), 'connect', name)
  }
  await parent.kill()
  for (const [name, port] of Object.entries(ports)) {
    await eventually(async () => assert.equal(await attempt(port), 'ECONNREFUSED', name))
  }
})
