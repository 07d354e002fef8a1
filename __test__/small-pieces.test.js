// The tests of pipelining, streaming and aborts once more, with clients that write seven bytes at
// a time; and, where Linux lets this process make a network of its own, with sockets that hold
// one KiB of what is sent, so that nothing leaves in one write.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const FILES = [
  ...['http-handlers', 'http-server', 'http-info', 'stale-info', 'pipelining-backpressure'],
  ...['request-body', 'expect-continue', 'response-body', 'abort'],
]
const PIECE = '7'
/** They bring little that the others do not, and much that takes long. */
const SLOW = new Set(['http-server', 'http-info', 'pipelining-backpressure'])

/** With small buffers a MiB takes a second: what is large elsewhere is 64 KiB here. */
const UNIT = '65536'

/** A network namespace with small buffers; what follows runs in it. */
const SMALL_BUFFERS = [
  'ip link set lo up',
  'echo "1024 1024 1024" > /proc/sys/net/ipv4/tcp_wmem',
  'exec "$@"',
].join(' && ')
const inSmallNetwork = (command) => ['unshare', '-rn', 'sh', '-c', SMALL_BUFFERS, 'sh', ...command]

function canMakeNetworks() {
  const [command, ...args] = inSmallNetwork(['true'])
  return process.platform === 'linux' && spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

async function run(t, name, wrap, settings = {}) {
  const file = join(here, `${name}.test.js`)
  const [command, ...args] = wrap([process.execPath, '--test-reporter=tap', file])
  const env = { ...process.env, MILOUV_TEST_PIECE: PIECE, ...settings }
  // It would take itself for a part of this run, and report in its own way.
  delete env.NODE_TEST_CONTEXT
  const child = spawn(command, args, { env })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const [code] = await once(child, 'close')
  assert.equal(code, 0, output.split('\n').slice(-300).join('\n'))
  const [, passed] = /^# pass (\d+)$/m.exec(output)
  assert.ok(Number(passed) > 3, `${passed} tests passed`)
}

describe('in pieces of seven bytes', () => {
  for (const name of FILES) test(name, (t) => run(t, name, (command) => command))
})

const skip = !canMakeNetworks() && 'no network of its own can be made here'
describe('in pieces of seven bytes, with a send buffer of 1 KiB', { skip }, () => {
  const settings = { MILOUV_TEST_UNIT: UNIT }
  for (const name of FILES) {
    if (!SLOW.has(name)) test(name, (t) => run(t, name, inSmallNetwork, settings))
  }
})
