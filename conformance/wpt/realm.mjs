// Runs one test file, in a process of its own, and tells its parent what came out. The message that
// starts it says which file, where the copy is and is served, and which classes the file gets.

import { runInThisContext } from 'node:vm'
import { ways } from './classes.mjs'
import { readPage, readSource } from './page.mjs'

const STATUS = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED']

const tell = (message) => process.send(message)
const stray = (error) => tell({ type: 'stray', message: String(error?.stack ?? error) })

function setGlobals({ origin, path }) {
  const location = new URL(`/${path}`, origin)
  const isNot = () => false
  globalThis.self = globalThis
  globalThis.location = location
  // As in a worker: no document, no XMLHttpRequest.
  globalThis.GLOBAL = { isWindow: isNot, isWorker: () => true, isShadowRealm: isNot }
  // What undici's setGlobalOrigin sets, for Node's own as well: relative URLs are resolved by it.
  globalThis[Symbol.for('undici.globalOrigin.1')] = location
}

const evaluate = ({ name, text }) => runInThisContext(text, { filename: name })

async function runFile(config) {
  const { root, origin, path } = config
  setGlobals(config)
  const rest = await ways[config.way](config)
  const page = readPage(root, path, origin)
  evaluate({ name: 'testharness.js', text: readSource(root, '/resources/testharness.js', origin) })
  // For idlharness.js, which wants to know what this global is. Not before testharness.js, which
  // would look for a document.
  globalThis.Window = class Window {}
  globalThis.add_result_callback(({ name, status, message }) => {
    tell({ type: 'result', name, status: STATUS[status], message })
  })
  globalThis.add_completion_callback(async (_tests, { status, message }) => {
    tell({ type: 'complete', status, message, ...(await rest()) })
  })
  // At once: the harness takes the end of this tick for the end of loading.
  for (const script of page) evaluate(script)
}

process.on('uncaughtException', stray)
process.on('unhandledRejection', stray)
// The parent ends this process; a test that waits for nothing but the collector would end it early.
process.channel.ref()
process.once('message', (config) => runFile(config).catch(stray))
