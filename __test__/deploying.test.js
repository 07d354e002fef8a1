// What docs/deploying.md promises, beyond that its blocks run: how the server of that page ends,
// that nobody kills it before, and that a stream comes through its nginx piece by piece.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { HttpServer, Response } from 'milouv'
import { root, which } from '../scripts/toolchain.mjs'
import { blocksOf } from './documents/blocks.js'
import { nginxMissing, parseUnit, parseYaml, withNginx } from './documents/files.js'
import { ask, Session } from './documents/session.js'
import { eventually } from './support/serve.js'

const blocks = blocksOf(readFileSync(join(root, 'docs/deploying.md'), 'utf8'))
const blockOf = (language) => blocks.find((block) => block.language === language)
const server = blockOf('js').text
const [, grace, timeout] = /grace: (\S+), timeout: (\S+) /
  .exec(server)
  .map((text) => Number(text.replaceAll('_', '')))

/** Starts server.js at a free port, in an environment with these programs before it. */
async function start(t, { before = [], text = server } = {}) {
  const session = await Session.open()
  t.after(() => session.close())
  const file = session.write('server.mjs', text)
  const [program, ...args] = [...before, process.execPath, file]
  const env = { ...process.env, PORT: '0' }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const target = { host: '127.0.0.1', port: Number(new URL(line.split(' ').at(-1)).port) }
  return { child, ended, target }
}

describe('server.js', () => {
  test('says on SIGTERM that it is leaving, serves meanwhile, and ends by itself', async (t) => {
    const { child, ended, target } = await start(t)
    const get = (path) => ask(target, { method: 'GET', path })
    assert.equal((await get('/ready')).status, 204)
    child.kill('SIGTERM')
    await eventually(async () => assert.equal((await get('/ready')).status, 503))
    const { status, text, headers } = await get('/')
    assert.deepEqual([status, text, headers.connection], [200, 'hello\n', 'close'])
    assert.deepEqual(await ended, [0, null])
  })

  const namespace = ['unshare', '--pid', '--fork', '--kill-child']
  const isAllowed = () => spawnSync(namespace[0], [...namespace.slice(1), 'true']).status === 0
  const skip = (which('unshare') === null || !isAllowed()) && 'it takes the right to unshare'
  test('ends on SIGTERM as the first process, too', { skip }, async (t) => {
    // The same with less patience.
    const text = server.replace('5_000', '50')
    const { child, ended } = await start(t, { before: namespace, text })
    const list = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    process.kill(Number(list()), 'SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })
})

describe('nobody is killed before close() is over', () => {
  test('its timeout is longer than its grace', () => assert.ok(timeout > grace))
  test('systemd', () => {
    assert.ok(Number(parseUnit(blockOf('systemd').text).Service.TimeoutStopSec) * 1000 > timeout)
  })
  test('docker', () => {
    const [, seconds] = blocks.map(({ text }) => /--stop-timeout (\d+)/.exec(text)).find(Boolean)
    assert.ok(Number(seconds) * 1000 > timeout)
  })
  test('Kubernetes, with preStop', () => {
    const [{ spec }] = parseYaml(blockOf('yaml').text)
    const { terminationGracePeriodSeconds: whole, containers } = spec.template.spec
    const [program, seconds] = containers[0].lifecycle.preStop.exec.command
    assert.equal(program, 'sleep')
    assert.ok(whole * 1000 > Number(seconds) * 1000 + timeout)
  })
})

describe('nginx', () => {
  const { text } = blockOf('nginx')
  const skip = nginxMissing(text)

  /** A server whose stream sends its second piece when it is told to. */
  function stream(t, headers = {}) {
    let goOn
    const told = new Promise((resolve) => {
      goOn = resolve
    })
    async function* pieces() {
      yield 'first'
      await told
      yield 'second'
    }
    const streaming = new HttpServer()
    streaming.listen(() => new Response(pieces(), { headers }))
    t.after(() => streaming.close({ timeout: 0 }))
    return { port: streaming.port, goOn }
  }

  async function firstPiece(t, path, headers) {
    const session = await Session.open()
    t.after(() => session.close())
    const { port, goOn } = stream(t, headers)
    const own = text.replace('127.0.0.1:3000', `127.0.0.1:${port}`)
    const { target } = await withNginx(t, session, own)
    const asked = request({ socketPath: target.socketPath, path, rejectUnauthorized: false }).end()
    const [answer] = await once(asked, 'response')
    const [piece] = await once(answer.setEncoding('utf8'), 'data')
    goOn()
    assert.equal(piece, 'first')
    assert.equal((await once(answer, 'data'))[0], 'second')
  }

  test('passes a stream on where the page turns buffering off', { skip }, (t) =>
    firstPiece(t, '/events'),
  )
  test('and where the handler does', { skip }, (t) =>
    firstPiece(t, '/', { 'x-accel-buffering': 'no' }),
  )
})
