// `npm run soak` in small: it verifies what it says, and what it makes of it.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KINDS } from '../soak/lib/load.mjs'
import { writeResults } from '../soak/lib/report.mjs'
import { soak } from '../soak/lib/soak.mjs'
import { trendOf } from '../soak/lib/trend.mjs'

const skip = process.platform === 'linux' ? false : 'the soak looks into /proc'
const script = fileURLToPath(new URL('../soak/server.mjs', import.meta.url))
const wrong = fileURLToPath(new URL('support/wrong-soak-server.js', import.meta.url))
const MINUTES = 0.1
const where = {
  machine: { date: '2026-01-01T00:00:00Z', cpu: 'a <cpu>', cores: 2, kernel: '6', node: 'v20' },
  source: { commit: 'abc', dirty: false },
  versions: 'milouv 1',
}

test('every body of some seconds is right, and the report says so', { skip }, async (t) => {
  const found = await soak({ script, minutes: MINUTES, seed: 1 })
  assert.deepEqual(found.faults, [])
  const kinds = found.tally.rows.map(({ kind }) => kind)
  const missing = Object.keys(KINDS).filter((kind) => !kinds.includes(kind))
  assert.deepEqual(missing, [])
  assert.ok(found.samples.length > 3, `${found.samples.length} samples`)
  const folder = mkdtempSync(join(tmpdir(), 'milouv-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [report, chart] = writeResults({ ...found, ...where }, folder).map((file) =>
    readFileSync(file, 'utf8'),
  )
  assert.match(report, /^\*\*A short run, of 0\.1 min/m)
  assert.match(report, /^\*\*It holds\*\*: [\d,]+ exchanges, every body verified;$/m)
  for (const kind of kinds) assert.ok(report.includes(`| ${kind} | `), kind)
  assert.match(report, /^\| RSS \| [\d.]+ \| .* not judged \|$/m)
  assert.equal(chart.match(/<polyline class="line" points="[\d., ]+"/g).length, 2)
  assert.match(chart, /a &lt;cpu>/)
})

test('a byte that was changed on its way is found', { skip }, async () => {
  const { faults, tally } = await soak({ script: wrong, minutes: MINUTES, seed: 1 })
  assert.ok(tally.failed > 0)
  assert.match(faults[0], /^\d+ exchanges failed$/)
  const differs = /other bytes than expected, \d+ of \d+ in/
  assert.ok(
    faults.some((fault) => differs.test(fault)),
    faults.join('\n'),
  )
})

test('a server that ends is a failure of the soak', { skip }, async () => {
  const none = fileURLToPath(new URL('support/no-such-server.js', import.meta.url))
  await assert.rejects(soak({ script: none, minutes: MINUTES, seed: 1 }), /the server ended \(1\)/)
})

describe('what is judged a leak', () => {
  const MiB = 1024 * 1024
  const SECONDS = 600
  /** Grows while it warms up, then by so many KiB in each sample; with some noise. */
  const samples = (grows) =>
    Array.from({ length: 120 }, (_, at) => {
      const warming = Math.min(at, 24)
      const level = (20 + warming) * MiB + Math.max(0, at - 24) * grows * 1024
      return { at: at * 5, rss: level + (at % 3) * MiB }
    })
  const trend = (grows) => trendOf(samples(grows), 'rss', SECONDS)

  test('not what grows during warm-up only', () => {
    const { good, ratio, rise } = trend(0)
    assert.deepEqual([good, ratio.toFixed(2), rise.toFixed(2)], [true, '1.00', '1.00'])
  })

  test('a little more in each sample', () => {
    const { good, perMinute } = trend(100)
    assert.equal(good, false)
    assert.ok(Math.abs(perMinute / MiB - 1.17) < 0.05, `${perMinute / MiB} MiB/min`)
  })

  test('what has no samples behind warm-up', () => {
    assert.equal(trendOf([], 'rss', SECONDS).good, false)
  })
})
