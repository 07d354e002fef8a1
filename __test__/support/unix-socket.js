// Unix domain sockets of a test: where they are, and clients of them.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RawClient } from './raw-client.js'

/** Where a socket can be, in a folder of its own that goes away with the test. */
export async function socketPath(t) {
  const folder = await mkdtemp(join(tmpdir(), 'milouv-unix-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'socket')
}

/** A raw client, gone with the test. */
export async function connectToPath(t, path) {
  const client = await RawClient.connect(undefined, { path })
  t.after(() => client.destroy())
  return client
}
