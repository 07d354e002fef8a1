// RESULTS.md and results.svg, made from the JSON of one or several runs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartOf } from './chart.mjs'
import { barMeasured, barText, columnsOf, remarks } from './columns.mjs'
import { workloads } from './workloads.mjs'

const here = fileURLToPath(new URL('..', import.meta.url))
// Below these a run shows that the bench works, and nothing about the servers.
const FEW_ROUNDS = 5
const FEW_SECONDS = 3

export const isShort = ({ settings }) =>
  settings.rounds < FEW_ROUNDS || settings.seconds < FEW_SECONDS

/** Each workload once, from the newest run that has it, in the order of the bench. */
export function merge(runs) {
  const inOrder = [...runs].sort((a, b) => a.machine.date.localeCompare(b.machine.date))
  const newest = new Map()
  inOrder.forEach((run, at) => {
    for (const result of run.workloads) newest.set(result.name, { ...result, run: at + 1 })
  })
  const known = workloads.filter(({ name }) => newest.has(name)).map(({ name }) => name)
  const others = [...newest.keys()].filter((name) => !known.includes(name))
  return { runs: inOrder, results: [...known, ...others].map((name) => newest.get(name)) }
}

const cellOf = (text) => String(text).replaceAll('|', '\\|')
const line = (cells) => `| ${cells.map(cellOf).join(' | ')} |`

/** The first columns hold words, the others figures. */
function markdownTable(header, rows, words = 1) {
  const rule = `|${header.map((_, at) => (at < words ? '---' : '---:')).join('|')}|`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

const verdictOf = ({ measured, met }) => (measured ? (met ? 'met' : '**missed**') : 'not measured')

/** The bars of what was measured, and of what was not. */
function barsOf(results) {
  const unmeasured = workloads
    .filter(({ name }) => !results.some((result) => result.name === name))
    .map((workload) => ({ ...workload, run: '-' }))
  const all = [...results, ...unmeasured]
  const rank = (name) => workloads.findIndex((workload) => workload.name === name)
  all.sort((a, b) => rank(a.name) - rank(b.name))
  return all.flatMap((workload) => workload.bars.map((bar) => ({ workload, bar })))
}

function barSection(results) {
  const bars = barsOf(results)
  const count = (verdict) => bars.filter(({ bar }) => verdictOf(bar) === verdict).length
  const rows = bars.map(({ workload, bar }) => [
    workload.name,
    barText(bar, workload),
    barMeasured(bar),
    verdictOf(bar),
  ])
  return [
    '## Bars',
    '',
    `${count('met')} met, ${count('**missed**')} missed, ${count('not measured')} not measured. ` +
      'A bar is met when the median of the rounds is at most the figure; least and greatest ' +
      'round in brackets.',
    '',
    markdownTable(['workload', 'bar', 'measured', ''], rows, 4),
  ]
}

function sourceOf({ source }) {
  if (!source) return 'unknown'
  return source.dirty ? `${source.commit} and changes` : source.commit
}

function runSection(run, at) {
  const { absent, machine, settings, versions } = run
  const { clientCore, rounds, seconds, serverCore, warmup } = settings
  const load = machine.load.toFixed(2)
  const servers = Object.entries(versions).map(([name, is]) => `${name} ${is}`)
  const lines = [
    `- \`${run.command}\``,
    `- ${machine.date}, commit ${sourceOf(run)}`,
    `- ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load ${load} at the start`,
    `- Node ${machine.node}, libuv ${machine.libuv}, ${machine.wrk}`,
    `- rounds: ${rounds}, of ${seconds} s after ${warmup} s to warm up`,
    `- server on core ${serverCore}, client on core ${clientCore}`,
    `- ${servers.join(', ')}`,
  ]
  if (absent.length) lines.push(`- not there: ${absent.map(({ name }) => name).join(', ')}`)
  const short = ['**A short run: it shows that the bench works, and no more.**', '']
  return [`### Run ${at + 1}`, '', ...(isShort(run) ? short : []), ...lines, '']
}

function workloadSection(result, several) {
  const columns = columnsOf(result)
  const many = result.connections === 1 ? '1 connection' : `${result.connections} connections`
  const where = several ? `; run ${result.run}` : ''
  const lines = [`### ${result.name}`, '', `${result.about}; ${many}${where}.`, '']
  if (result.servers.length) {
    const rows = result.servers.map((row) => columns.map(([, cell]) => cell(row)))
    const header = columns.map(([title]) => title)
    lines.push(markdownTable(header, rows), '')
  }
  const notes = remarks(result).map((text) => `- ${text}`)
  return notes.length ? [...lines, ...notes, ''] : lines
}

export function reportOf({ runs, results }) {
  return [
    '# Results',
    '',
    'Made by the bench from what it measured; [README.md](README.md) tells how it measures and how',
    'to read this. `npm run bench -- --results` or `node bench/report.mjs` makes it anew.',
    '',
    '![CPU time by server](results.svg)',
    '',
    ...barSection(results),
    '',
    '## Runs',
    '',
    ...runs.flatMap(runSection),
    '## Workloads',
    '',
    ...results.flatMap((result) => workloadSection(result, runs.length > 1)),
  ].join('\n')
}

/** Writes both files; gives their paths. */
export function writeResults(runs, folder = here) {
  const merged = merge(runs)
  const files = [join(folder, 'RESULTS.md'), join(folder, 'results.svg')]
  writeFileSync(files[0], reportOf(merged))
  writeFileSync(files[1], chartOf(merged))
  return files
}
