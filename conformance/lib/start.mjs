// Starts the servers that the suite knows, each in a process of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { peer } from './peers.mjs'

/** Name and file of each; a peer that is not installed is left out. */
export function knownServers() {
  const servers = [
    { name: 'milouv', file: 'milouv.mjs' },
    { name: 'node:http', file: 'node-http.mjs' },
  ]
  if (peer('uwebsockets') !== null) servers.push({ name: 'uwebsockets', file: 'uwebsockets.mjs' })
  return servers
}

/** Starts one; `stop()` settles when its process is gone. */
export async function startServer({ file }) {
  const path = fileURLToPath(new URL(`../targets/${file}`, import.meta.url))
  // What a handler throws on purpose is told on stderr, which is kept for a server that dies.
  const stdio = ['ignore', 'pipe', 'pipe', 'ipc']
  const child = spawn(process.execPath, [...endsWithParent, path], { stdio })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (bytes) => {
    errors = (errors + bytes).slice(-4_000)
  })
  const lines = createInterface({ input: child.stdout })
  const port = await Promise.race([
    once(lines, 'line').then(([line]) => Number(line)),
    exited.then(() => Promise.reject(new Error(`${file} did not start:\n${errors}`))),
  ])
  const stop = async () => {
    child.kill()
    await exited
  }
  return {
    address: { host: '127.0.0.1', port },
    stop,
    died: () => child.exitCode !== null,
    errors: () => errors,
  }
}
