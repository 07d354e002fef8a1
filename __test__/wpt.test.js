// `npm run wpt` without the Web Platform Tests: what it says then, and, on a harness and tests of
// our own in a folder like theirs, that it can tell passing from failing in each of its ways.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ITSELF, play } from '../conformance/wpt/play.mjs'
import { differencesOf } from '../conformance/wpt/report.mjs'
import { serveResources } from '../conformance/wpt/resource-server.mjs'

const RUN = fileURLToPath(new URL('../conformance/wpt/run.mjs', import.meta.url))

const HARNESS = `
  const callbacks = {}, running = []
  globalThis.add_result_callback = (callback) => { callbacks.result = callback }
  globalThis.add_completion_callback = (callback) => { callbacks.completion = callback }
  globalThis.promise_test = (run, name) => {
    const told = (status, message) => callbacks.result({ name, status, message })
    running.push(run().then(() => told(0, null), (error) => told(1, String(error))))
  }
  queueMicrotask(() => Promise.all(running).then(() => callbacks.completion([], { status: 0 })))
`

const TESTS = `
  // META: script=../helper.js
  promise_test(async () => { same(new Response('x').constructor, Response) }, 'class')
  promise_test(async () => {
    const request = new Request('/here', { method: 'POST', body: 'x', headers: { a: 'b' } })
    same(await request.text(), 'x')
    same(request.url, location.origin + '/here')
    same(request.headers.has('host'), false)
  }, 'no host')
  promise_test(async () => { same((await fetch('../helper.js')).status, 200) }, 'file')
  promise_test(async () => { same(1, 2) }, 'never at ' + location.origin)
`

function folder(t) {
  const root = mkdtempSync(join(tmpdir(), 'milouv-wpt-'))
  t.after(() => rmSync(root, { recursive: true }))
  const files = {
    'resources/testharness.js': HARNESS,
    'fetch/helper.js': 'const same = (a, b) => { if (a !== b) throw new Error(a + " " + b) }',
    'fetch/api/one.any.js': TESTS.replace(/^ +/gm, ''),
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const runWith = (args, env) =>
  spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })

test('without the tests it says how to get them', () => {
  const { status, stderr } = runWith([], { WPT_DIR: undefined })
  assert.equal(status, 1)
  assert.match(stderr, /neither FOLDER nor WPT_DIR was given/)
  assert.match(stderr, /git clone .*web-platform-tests\/wpt/)
  assert.match(runWith([tmpdir()]).stderr, /is no copy of the Web Platform Tests/)
})

test('each way runs the tests with its classes', async (t) => {
  const root = folder(t)
  const { origin, close } = await serveResources(root)
  t.after(close)
  const playAs = (way, more) =>
    play(process.execPath, { root, origin, path: 'fetch/api/one.any.js', way, ...more })
  const statuses = ({ tests }) => Object.fromEntries([...tests].map(([k, v]) => [k, v.status]))
  const usual = { class: 'PASS', 'no host': 'PASS', file: 'PASS', 'never at http://origin': 'FAIL' }

  const platform = await playAs('platform')
  assert.deepEqual(statuses(platform), { ...usual, [ITSELF]: 'PASS' })
  const milouv = await playAs('milouv')
  assert.deepEqual(statuses(milouv), { ...usual, [ITSELF]: 'PASS' })
  const { requests } = (await playAs('record')).extra
  assert.equal(requests.length, 1)
  const served = await playAs('served', { requests })
  assert.equal(served.extra.served, 1)
  // This one came over a socket: a client said which host it means.
  assert.deepEqual(statuses(served), { ...usual, 'no host': 'FAIL', [ITSELF]: 'PASS' })

  const rows = [{ file: 'one', outcomes: { platform, milouv, served } }]
  const found = differencesOf([{ version: '1', undici: '1', rows }])
  assert.deepEqual(
    found.map(({ way, test, worse, entry }) => ({ way, test, worse, entry })),
    [{ way: 'served', test: 'no host', worse: true, entry: undefined }],
  )
})
