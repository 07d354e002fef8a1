// The attacks of `npm run abuse` that no other test makes, in small, and what is made of them.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, test } from 'node:test'
import { attacks } from '../abuse/attacks/index.mjs'
import { assault } from '../abuse/lib/assault.mjs'
import { crowd, leave } from '../abuse/lib/crowd.mjs'
import { reportOf } from '../abuse/lib/report.mjs'
import { CALLS } from '../abuse/servers/milouv-calls.mjs'
import { ConnectionInfo } from '../lib/connection-info.js'
import { RawClient, request } from './support/raw-client.js'

const NAMES = [
  'fewer files than clients',
  'clients killed under load',
  'a handler answers twice',
  'a handler closes the server',
  'a handler calls all there is',
  'pipelined and never read',
  'the wall clock jumps',
]

const isReady = process.platform === 'linux' && availableParallelism() > 1
const skip = isReady ? false : 'the attacks look into /proc, and take two cores'
const cores = { serverCore: 0, clientCore: 1 }
const named = (name) => attacks.find((attack) => attack.name === name)

describe('milouv holds', { skip }, () => {
  for (const name of NAMES) {
    test(name, async (t) => {
      const attack = named(name)
      const { good, text, faults } = await assault('milouv', attack, attack.sizes.small, cores)
      if (faults[0]?.startsWith('not run:')) return t.skip(faults[0])
      t.diagnostic(text)
      assert.deepEqual([good, faults], [true, []])
    })
  }
})

test('no member of what a handler is given is left out of the calls', () => {
  const names = Object.getOwnPropertyNames(ConnectionInfo.prototype)
  const called = CALLS.map((call) => call.replace(/\(\)$/, ''))
  const missing = names.filter((name) => !called.includes(`info.${name}`))
  assert.deepEqual(missing, ['constructor'])
  for (const name of ['server.stats', 'request.formData', 'answer.status']) {
    assert.ok(called.includes(name), name)
  }
})

test('a server that ends falls short, and it is said how', { skip }, async () => {
  const { good, faults } = await assault('node-http', named('a handler throws'), 3, cores)
  assert.equal(good, false)
  assert.match(faults.at(-1), /^the process ended \(1\)/)
})

describe('a server that keeps what it got falls short', { skip }, () => {
  const found = async (run) => (await assault('milouv', { run }, 3, cores)).faults

  test('memory', async () => {
    const faults = await found(async ({ target }) => {
      const client = await RawClient.connect(target.port)
      for (let left = 2; left > 0; left--) await client.ask(request('GET /keep'))
      await client.destroy()
      return { text: '', good: true }
    })
    assert.equal(faults.length, 1)
    assert.match(faults[0], /^2\d MiB of JavaScript were kept$/)
  })

  test('descriptors', async (t) => {
    const faults = await found(async ({ target }) => {
      const clients = await crowd(target.port, 10)
      t.after(() => leave(clients))
      return { text: '', good: true }
    })
    assert.equal(faults.length, 1)
    // The one connection that looks at it may be open before, or behind it, too.
    assert.match(faults[0], /^(9|10|11) descriptors were kept$/)
  })
})

describe('the report', () => {
  const MiB = 1024 * 1024
  const held = {
    good: true,
    text: '10 x 200',
    faults: [],
    before: { rss: 50 * MiB, files: 20 },
    after: { rss: 60 * MiB, files: 21 },
    peak: 70 * MiB,
    cpu: 1_500_000,
  }
  const given = {
    results: [
      {
        attack: 'a | b',
        about: 'do harm',
        size: 10_000,
        outcomes: { milouv: held, other: { good: false, text: '', faults: ['it ended'] } },
      },
    ],
    servers: ['milouv', 'other'],
    machine: { date: 'today', cpu: 'a cpu', cores: 2, kernel: '6', node: 'v20', libuv: '1.46' },
    source: { commit: 'abc', dirty: true },
    sizes: 'full',
    versions: 'milouv 1',
    found: '- something',
  }

  test('has a row for each attack, and the figures of each server', () => {
    const lines = reportOf(given).split('\n')
    const row = '| **a \\| b**: clients do harm | 10,000 | holds: 10 x 200 |'
    assert.ok(lines.includes(`${row} **falls short**: it ended |`), lines.join('\n'))
    assert.ok(lines.includes('| a \\| b | 50 / 70 / 60 | 1 | 1.5 | - | - | - |'))
    assert.ok(lines.includes('milouv holds in 1, other holds in 0.'))
    assert.ok(lines.some((line) => line.includes('commit abc and changes')))
    assert.ok(lines.includes('- something'))
  })

  test('says of a small run that it is one', () => {
    const warning = /A run of small sizes/
    assert.doesNotMatch(reportOf(given), warning)
    assert.match(reportOf({ ...given, sizes: 'small' }), warning)
  })
})
