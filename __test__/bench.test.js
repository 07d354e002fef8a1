// The bench itself: that it measures what it says, refuses wrong answers, and reports no more
// than it has measured. No figure is judged here.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { figures } from '../bench/lib/figures.mjs'
import { verdict } from '../bench/lib/guard.mjs'
import { withOpenFiles } from '../bench/lib/open-files.mjs'
import { merge, reportOf, writeResults } from '../bench/lib/report.mjs'
import { verify } from '../bench/lib/verify.mjs'
import { workloads } from '../bench/lib/workloads.mjs'
import { tool } from './support/tools.js'

const bench = fileURLToPath(new URL('../bench/run.mjs', import.meta.url))
const workload = (name) => workloads.find((one) => one.name === name)

function whyNot() {
  if (process.platform !== 'linux') return 'the bench reads /proc'
  const canUse = (core) => spawnSync('taskset', ['-c', core, 'true']).status === 0
  if (!['0', '1'].every(canUse)) return 'the bench needs the cores 0 and 1, and taskset'
  return tool('wrk').skip
}

function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), 'milouv-bench-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a short run', { skip: whyNot() }, (t) => {
  const folder = folderFor(t)
  const json = join(folder, 'run.json')
  const names = ['hello-64', 'streamed', 'rss-half-head']
  const what = ['--workloads', names.join(','), '--servers', 'milouv,node-http', '--json', json]
  const size = ['--rounds', '1', '--seconds', '1', '--warmup', '0', '--connections', '20']
  const options = { encoding: 'utf8', timeout: 120_000 }
  const { status, stdout, stderr } = spawnSync(process.execPath, [bench, ...what, ...size], options)
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /a short run/)
  const run = JSON.parse(readFileSync(json, 'utf8'))
  assert.deepEqual(
    run.workloads.map(({ name }) => name),
    names,
  )
  const [hello, streamed, memory] = run.workloads
  for (const { name, servers } of run.workloads) {
    assert.deepEqual(servers.map((row) => row.name).sort(), ['milouv', 'node-http'], name)
  }
  for (const { samples } of [...hello.servers, ...streamed.servers]) {
    assert.ok(samples[0].requests > 0 && samples[0].cpu > 0)
  }
  for (const { samples } of memory.servers) assert.ok(samples[0].before > 1_000_000)
  // The one bar that these two servers can be held to is judged, the others are not.
  assert.deepEqual(
    hello.bars.map(({ met }) => met),
    [undefined, undefined],
  )
  assert.equal(typeof streamed.bars[0].met, 'boolean')
  // The same figures make a report.
  const text = reportOf(merge([run]))
  assert.match(text, /^\*\*A short run/m)
  assert.match(
    text,
    /^\| rss-half-head \| milouv: RSS <= 1\.5 KiB per connection \| .* (met|\*\*missed\*\*) \|$/m,
  )
})

test('an unknown name is refused, with the known ones', () => {
  const options = { encoding: 'utf8', timeout: 60_000 }
  const args = [bench, '--workloads', 'hullo']
  const { status, stderr } = spawnSync(process.execPath, args, options)
  assert.equal(status, 1)
  assert.match(stderr, /no hullo; there are: core, .*hello-64/)
})

/** A server that answers each request with the same bytes, whatever it was. */
async function answering(t, bytes) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => socket.write(bytes))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return server.address().port
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'

describe('answers are looked at before anything is timed', () => {
  const right = `${HEAD}content-length: 11\r\n\r\nHello World`
  const chunked = `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n6\r\n World\r\n0\r\n\r\n`
  for (const bytes of [right, chunked]) {
    test(`right: ${bytes.length} bytes`, async (t) => {
      const port = await answering(t, bytes)
      const { answerBytes, dated } = await verify(workload('hello-64'), port)
      assert.deepEqual({ answerBytes, dated }, { answerBytes: bytes.length, dated: false })
    })
  }
  const wrong = [
    [right.replace('World', 'Wurst'), /the body is not the expected one/],
    [right.replace('200', '201'), /answered HTTP\/1\.1 201/],
    [right.replace('text/plain', 'text/html'), /content-type is text\/html/],
    [right.replace('11', '12').replace('World', 'World!'), /the body is not the expected one/],
    [`${right}x`, /sent bytes behind|an answer without|answered/],
    [right + right, /sent more answers than it was asked for/],
  ]
  wrong.forEach(([bytes, why], at) => {
    test(`wrong, case ${at}`, async (t) => {
      const port = await answering(t, bytes)
      await assert.rejects(verify(workload('hello-64'), port), why)
    })
  })
})

const sampleOf = (round, cpu) => ({
  round,
  cpu,
  rps: 1e6 / cpu,
  rate: 11e6 / cpu,
  p50: 100,
  p99: 300,
  rss: 50 << 20,
  busy: 0.99,
  others: 0.01,
  requests: 100_000,
  answerBytes: 130,
  dated: true,
})
const samplesOf = (costs) =>
  new Map(
    Object.entries(costs).map(([name, list]) => [
      name,
      list.map((cpu, round) => sampleOf(round, cpu)),
    ]),
  )

/** A run that has measured one workload: per server, CPU per request of each round. */
function recorded(name, costs, date) {
  const what = workload(name)
  const { about, bulk, chart, connections, measure, perNode } = what
  const result = { name, about, measure, bulk, perNode, chart, connections, left: [] }
  return {
    command: 'npm run bench -- --json run.json',
    machine: {
      cpu: 'A CPU',
      cores: 2,
      kernel: '6',
      node: 'v20',
      libuv: '1',
      wrk: 'wrk',
      load: 0,
      date,
    },
    source: { commit: '0123456789ab', dirty: false },
    settings: { rounds: 5, seconds: 4, warmup: 1, serverCore: 0, clientCore: 1 },
    versions: { milouv: '0.1.0' },
    absent: [],
    workloads: [{ ...result, ...figures(what, samplesOf(costs)) }],
  }
}

const FIVE = [8, 8, 8, 8, 8]
const older = recorded(
  'hello-64',
  { milouv: [16, 16, 16, 16, 16], uwebsockets: FIVE },
  '2026-01-01',
)
const newer = recorded(
  'hello-64',
  // Level in three of five rounds; the floor is at 8 / 1.25.
  { milouv: [8, 9, 8, 7, 8], uwebsockets: FIVE, floor: FIVE.map((cost) => cost / 1.25) },
  '2026-01-02',
)
const other = recorded('json', { milouv: FIVE, deno: [7, 7, 7, 7, 7], bun: FIVE }, '2026-01-01')

describe('the report', () => {
  const merged = merge([newer, other, older])
  const text = reportOf(merged)
  const row = (start) => text.split('\n').find((line) => line.startsWith(start))

  test('takes of each workload the newest figures', () => {
    assert.deepEqual(
      merged.results.map(({ name, run }) => [name, run]),
      [
        ['hello-64', 3],
        ['json', 1],
      ],
    )
  })

  test('says of every bar whether it is met', () => {
    assert.match(text, /^1 met, 2 missed, \d+ not measured\./m)
    const [against, floor] = ['uwebsockets', 'floor'].map((name) => ` x ${name} `)
    const hello = text.split('\n').filter((line) => line.startsWith('| hello-64 |'))
    assert.match(
      hello.find((line) => line.includes(against)),
      /\| 1\.00 \(0\.88-1\.13\) \| met \|$/,
    )
    assert.match(
      hello.find((line) => line.includes(floor)),
      /\| 1\.25 .* \| \*\*missed\*\* \|$/,
    )
    assert.match(row('| json |'), /1\.14 \(1\.14-1\.14\) \| \*\*missed\*\* \|$/)
    for (const { bars, name } of workloads) {
      const lines = text.split('\n').filter((line) => line.startsWith(`| ${name} |`))
      assert.equal(lines.length, bars.length, name)
    }
  })

  test('names machine, commit and command, and is not called short', () => {
    assert.match(text, /`npm run bench -- --json run\.json`/)
    assert.match(text, /commit 0123456789ab$/m)
    assert.match(text, /^- A CPU, 2 cores/m)
    assert.doesNotMatch(text, /short run/)
    assert.doesNotMatch(text, /undefined|NaN/)
  })

  test('comes with a chart that is to scale', (t) => {
    const folder = folderFor(t)
    const [markdown, chart] = writeResults([newer, other], folder)
    assert.equal(readFileSync(markdown, 'utf8'), reportOf(merge([newer, other])))
    const svg = readFileSync(chart, 'utf8')
    assert.doesNotMatch(svg, /undefined|NaN/)
    assert.equal(svg.match(/<g /g).length, 2)
    const names = [...svg.matchAll(/class="name[^>]*>([^<]+)</g)].map(([, name]) => name)
    assert.deepEqual(names, ['floor', 'milouv', 'uwebsockets', 'deno', 'milouv', 'bun'])
    const widths = [...svg.matchAll(/class="bar[^>]* width="([\d.]+)"/g)].map(([, width]) => +width)
    assert.ok(Math.abs(widths[1] / widths[0] - 1.25) < 0.01, `${widths}`)
    assert.ok(Math.abs(widths[3] / widths[4] - 7 / 8) < 0.01, `${widths}`)
  })
})

test('a bar in bytes is a figure of its own', () => {
  const memory = (kib) => ({ round: 0, perConnection: kib * 1024, before: 5e7, rss: 6e7 })
  const { bars } = figures(workload('rss-idle'), new Map([['milouv', [memory(0.9)]]]))
  assert.deepEqual(
    bars.map(({ measured, met }) => [measured.median, met]),
    [[921.6, true]],
  )
  const { bars: over } = figures(workload('rss-idle'), new Map([['milouv', [memory(1.1)]]]))
  assert.equal(over[0].met, false)
})

describe('the guard', () => {
  const judge = (now, before) => {
    const result = figures({ ...workload('json'), bars: [] }, samplesOf({ now, before }))
    return verdict({ name: 'json', ...result }, 'before')
  }
  const five = (cost) => Array(5).fill(cost)
  test('tells slower and faster from what can be chance', () => {
    const { slower, text } = judge(five(9), five(8))
    assert.match(text, /^json: \+12\.5% .*8\.00 -> 9\.00 µs.*: SLOWER$/)
    assert.equal(slower, true)
    assert.match(judge(five(7), five(8)).text, /^json: -12\.5% .*: faster$/)
    const mixed = judge([9, 7.9, 9, 9, 9], five(8)).text
    assert.match(mixed, /rounds -1\.2% to \+12\.5%.*: no clear change$/)
    assert.match(judge(five(8.1), five(8)).text, /^json: \+1\.2% .*: no clear change$/)
  })
  test('does not judge by a few rounds', () => {
    const { slower, text } = judge([9, 9, 9], [8, 8, 8])
    assert.match(text, /^json: \+12\.5% .*: too few rounds to tell$/)
    assert.equal(slower, false)
  })
  test('does not pass what could not be measured', () => {
    assert.equal(judge([], [8]).slower, true)
  })
})

test('a limit on open files that is too low is named', () => {
  assert.throws(() => withOpenFiles(['a'], 10_500, 4096, false), /needs 10500 .* limit is 4096/)
})

for (const [name, args, rows] of [
  ['transfer', ['--bytes', '1000000', '--rounds', '1'], ['milouv', 'node-http']],
  ['workers', ['--seconds', '1', '--rounds', '1'], ['threads 1', 'threads 2', 'processes 2']],
]) {
  test(`${name}.mjs measures`, { skip: whyNot() }, () => {
    const program = join(bench, '..', `${name}.mjs`)
    const ran = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
    assert.equal(ran.status, 0, ran.stderr)
    for (const row of rows) assert.match(ran.stdout, new RegExp(`^${row} +\\d+ \\(`, 'm'))
  })
}
