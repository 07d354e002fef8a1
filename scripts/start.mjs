// `npm start`: sets up what is missing, then serves examples/hello.js.

import { setup } from './setup.mjs'
import { runMain, SetupError } from './toolchain.mjs'

async function start() {
  setup()
  try {
    await import('../examples/hello.js')
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error
    const why = `another program listens on ${error.address}:${error.port}`
    throw new SetupError('the port is taken', why, 'PORT=3001 npm start (0 takes a free port)')
  }
}

runMain(start)
