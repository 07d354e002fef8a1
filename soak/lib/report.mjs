// RESULTS.md and results.svg, made from what a soak found.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartOf } from './chart.mjs'
import { BOUNDS, WARM_UP } from './trend.mjs'

const MiB = 1024 * 1024
/** A shorter one shows that the soak works, and no more. */
const FULL_MINUTES = 10

const cell = (text) => String(text).replaceAll('|', '\\|')
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`
const table = (header, rows, words = 1) => [
  line(header),
  line(header.map((_, at) => (at < words ? '---' : '---:'))),
  ...rows.map(line),
]

const inMiB = (bytes) => (bytes / MiB).toFixed(1)
const count = (number) => number.toLocaleString('en-US')
const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`
const names = { rss: 'RSS', heapUsed: 'heap' }

function trendRow({ what, warm, end, ratio, rise, perMinute, bound, good, judged }) {
  const verdict = judged ? (good ? 'holds' : '**grows**') : 'not judged'
  if (warm === undefined) return [names[what], '-', '-', '-', '-', '-', '-', verdict]
  const slope = `${(perMinute / MiB).toFixed(3)} MiB/min`
  const figures = [inMiB(warm), inMiB(end), ratio.toFixed(3), slope, percent(rise)]
  return [names[what], ...figures, `${bound} and ${percent(bound)}`, verdict]
}

function loadTable({ rows }) {
  const body = rows.map(({ kind, exchanges, left, sent, received, failures }) => [
    ...[kind, count(exchanges), count(left), count(Math.round(sent / MiB))],
    ...[count(Math.round(received / MiB)), failures],
  ])
  const header = ['clients', 'verified', 'left', 'MiB sent', 'MiB received', 'wrong or missing']
  return table(header, body)
}

function verdictOf({ faults, tally }) {
  const sumOf = (what) => tally.rows.reduce((sum, row) => sum + row[what], 0)
  const [all, left] = [sumOf('exchanges'), sumOf('left')]
  if (faults.length === 0) {
    return [
      `**It holds**: ${count(all)} exchanges, every body verified;`,
      `${count(left)} more, whose clients left before their end.`,
    ]
  }
  return [`**It falls short**, in ${count(all)} exchanges:`, '', ...faults.map((one) => `- ${one}`)]
}

/** What it took before, in and behind the load. */
function aroundIt({ seconds, samples, before, after, idle }) {
  const said = ({ rss, heapUsed, files }) =>
    `${inMiB(rss)} MiB of RSS, ${inMiB(heapUsed)} MiB of heap and ${files} descriptors`
  const files = Math.max(0, ...samples.map((sample) => sample.files))
  const cpu = (after.cpu - before.cpu) / 1e6
  return [
    `- before the load: ${said(before)}`,
    `- in it: ${files} descriptors at most, and ${Math.round((cpu / seconds) * 100)} % of a core`,
    `- behind it, when all clients had left: ${said(after)}, ` +
      `${after.connections.open} connections, ` +
      `${(idle * 100).toFixed(1)} % of a core`,
  ]
}

export function reportOf(found) {
  const { minutes, seed, trends, machine, source, versions } = found
  const commit = source === undefined ? '' : `, commit ${source.commit}`
  const changed = source?.dirty ? ' and changes' : ''
  const short = [`**A short run, of ${minutes} min: it shows that the soak works.**`, '']
  return [
    '# Soak',
    '',
    'Made by `npm run soak` from what it saw, and never by hand. A server in a process of its own',
    `is under mixed load for ${minutes} minutes; it is looked at from outside (/proc), and tells`,
    'its heap each time garbage has been collected. Every body, both ways, is compared with what',
    'it must be.',
    '',
    ...(minutes < FULL_MINUTES ? short : []),
    ...verdictOf(found),
    '',
    '## Memory',
    '',
    `Warm-up is the first ${100 * WARM_UP} % of the time. Behind it, "at first" and "at the end"`,
    'are the medians of the first and the last fifth of what is left, the slope is that of the',
    `line of least squares. RSS may grow by ${percent(BOUNDS.rss)}, the heap by`,
    `${percent(BOUNDS.heapUsed)}, by either measure.`,
    '',
    '![memory of the server over time](results.svg)',
    '',
    ...table(
      ['MiB', 'at first', 'at the end', 'ratio', 'slope', 'rise of the line', 'bound', ''],
      trends.map(trendRow),
    ),
    '',
    ...aroundIt(found),
    '',
    '## Load',
    '',
    ...loadTable(found.tally),
    '',
    '## Where',
    '',
    `${machine.date}${commit}${changed}; ${machine.cpu}, ${machine.cores} cores, ` +
      `Linux ${machine.kernel}; Node ${machine.node}, libuv ${machine.libuv}; ${versions}; ` +
      `seed ${seed}.`,
    '',
  ].join('\n')
}

/** Writes both files; gives their paths. */
export function writeResults(found, folder) {
  const files = [join(folder, 'RESULTS.md'), join(folder, 'results.svg')]
  writeFileSync(files[0], reportOf(found))
  writeFileSync(files[1], chartOf(found))
  return files
}
