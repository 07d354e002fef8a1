// Two copies of the package that share one file on disk, as pnpm makes them by hard links: the
// system loads the addon once, and Node gives it an environment for each copy.

import assert from 'node:assert/strict'
import { cpSync, linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { artifactPath } from '../scripts/artifact.mjs'
import { Child } from './support/child.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
// Beside the original: there are no hard links from one file system to another.
mkdirSync(join(root, '.cache'), { recursive: true })
const copy = mkdtempSync(join(root, '.cache', 'copy-'))
after(() => rmSync(copy, { recursive: true, force: true }))
for (const name of ['package.json', 'dist']) {
  cpSync(join(root, name), join(copy, name), { recursive: true })
}
linkSync(artifactPath(), join(copy, basename(artifactPath())))

const URLS = [root, copy].map((folder) => pathToFileURL(join(folder, 'dist', 'milouv.js')).href)

/** Both copies serve in both ways, and each one's fast Response goes through the other's server. */
const SERVE_WITH_BOTH = `
  async function serveWithBoth() {
    const copies = await Promise.all(${JSON.stringify(URLS)}.map((url) => import(url)))
    const [first, second] = copies
    const texts = []
    for (const [mine, other] of [[first, second], [second, first]]) {
      const server = new mine.HttpServer().listen(() => new other.Response('served'))
      texts.push(await (await fetch(server.url)).text())
      const raw = new mine.InboundTcpSocket().listen((_, connection) => {
        connection.end('HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\nraw')
      })
      texts.push(await (await fetch('http://127.0.0.1:' + raw.port)).text())
      new mine.HttpParser().execute(new Uint8Array(1))
    }
    return [first.HttpServer === second.HttpServer, ...texts]
  }`
const EXPECTED = [false, 'served', 'raw', 'served', 'raw']

test('in a worker thread that is terminated: both serve, and nothing crashes', async () => {
  const source = `${SERVE_WITH_BOTH}
    serveWithBoth().then((seen) => require('node:worker_threads').parentPort.postMessage(seen))`
  for (let round = 0; round < 10; round++) {
    const worker = new Worker(source, { eval: true })
    const seen = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    assert.deepEqual(seen, EXPECTED)
    assert.equal(await worker.terminate(), 1)
  }
})

test('in a process that ends', async (t) => {
  const source = `${SERVE_WITH_BOTH}
    console.log(JSON.stringify(await serveWithBoth()))
    process.exit()`
  const child = new Child(t, source)
  assert.deepEqual(await child.message(), EXPECTED)
  const { code, signal, stderr } = await child.ended()
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
})
