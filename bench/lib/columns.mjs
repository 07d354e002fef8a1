// What a table has in its columns, and how a figure is written; for the terminal and RESULTS.md.

const KIB = 1 << 10
const MIB = 1 << 20
// More of others' work than this on the server's core, and the figures deserve a second look.
const QUIET_SHARE = 0.05

function time(microseconds) {
  if (microseconds < 100) return `${microseconds.toFixed(1)} µs`
  if (microseconds < 10_000) return `${microseconds.toFixed(0)} µs`
  return `${(microseconds / 1000).toFixed(1)} ms`
}

const spread = ({ min, max }, digits, unit = 1) =>
  `${(min / unit).toFixed(digits)}-${(max / unit).toFixed(digits)}`
const middle = ({ median }, digits, unit = 1) => (median / unit).toFixed(digits)
const percent = (share) => `${(share * 100).toFixed(0)}%`

function times(measured) {
  if (!measured) return '-'
  return `${measured.median.toFixed(2)} (${spread(measured, 2)})`
}

const ratio = (title, key) => [title, (row) => times(row.ratios[key])]
const NAME = ['server', (row) => row.name]
const PER_REQUEST = [
  ['CPU µs/req', ({ cpu }) => middle(cpu, 2)],
  ['spread', ({ cpu }) => spread(cpu, 2)],
]
const PER_GB = [
  ['CPU s/GB', ({ cpu }) => middle(cpu, 3, 1e6)],
  ['spread', ({ cpu }) => spread(cpu, 3, 1e6)],
]
const AGAINST = [
  ratio('x uwebsockets', 'cpu/uwebsockets'),
  ratio('x floor', 'cpu/floor'),
  ratio('x best', 'cpu/best'),
]
const AGAINST_NODES = [
  ratio('x bun', 'cpu/bun'),
  ratio('x hono-node-server, same Node', 'cpu/hono-node-server@*'),
]
const RATE = ['MB/s', ({ rate }) => middle(rate, 0, 1e6)]
const SEEN = [
  ['req/s', ({ rps }) => middle(rps, 0)],
  ['p50', ({ p50 }) => time(p50.median)],
]
const UWS_P50 = ratio('x uws p50', 'p50/uwebsockets')
const REST = [
  ['p99', ({ p99 }) => time(p99.median)],
  ['bytes', ({ samples }) => String(samples[0].answerBytes)],
  ['RSS MiB', ({ rss }) => middle(rss, 1, MIB)],
  ['busy', ({ busy }) => percent(busy.median)],
  ['others', ({ others }) => percent(others.max)],
]
const MEMORY = [
  ['KiB/connection', ({ perConnection }) => middle(perConnection, 2, KIB)],
  ['spread', ({ perConnection }) => spread(perConnection, 2, KIB)],
  ['RSS before, MiB', ({ before }) => middle(before, 1, MIB)],
  ['RSS after, MiB', ({ rss }) => middle(rss, 1, MIB)],
]
const START = [
  ['ms', ({ wall }) => middle(wall, 1, 1000)],
  ['spread', ({ wall }) => spread(wall, 1, 1000)],
  ratio('x node-http', 'wall/node-http'),
  ['CPU ms', ({ cpu }) => middle(cpu, 1, 1000)],
  ['spread', ({ cpu }) => spread(cpu, 1, 1000)],
  ratio('x node-http, CPU', 'cpu/node-http'),
]

/** Pairs of a title and what makes the cell of a row. */
export function columnsOf({ bulk, measure, perNode }) {
  if (measure === 'memory') return [NAME, ...MEMORY]
  if (measure === 'start') return [NAME, ...START]
  if (perNode) return [NAME, ...PER_REQUEST, ...AGAINST_NODES, ...SEEN, ...REST]
  if (bulk) return [NAME, ...PER_GB, ...AGAINST, RATE, ...SEEN, UWS_P50, ...REST]
  return [NAME, ...PER_REQUEST, ...AGAINST, ...SEEN, UWS_P50, ...REST]
}

export function barText({ against, metric, most, server }, { bulk }) {
  if (metric === 'perConnection') return `${server}: RSS <= ${most / KIB} KiB per connection`
  const names = { cpu: bulk ? 'CPU per GB' : 'CPU', p50: 'p50', wall: 'time' }
  return `${server}: ${names[metric]} <= ${most.toFixed(2)} x ${against}`
}

export function barMeasured({ measured, metric }) {
  if (!measured) return 'not measured'
  if (metric !== 'perConnection') return times(measured)
  return `${middle(measured, 2, KIB)} (${spread(measured, 2, KIB)}) KiB`
}

/** What a sceptic should know of these rows. */
export function remarks({ left, measure, servers }) {
  const lines = []
  if (measure === 'load') {
    const noisy = servers.filter((row) => row.others.max > QUIET_SHARE).map((row) => row.name)
    const undated = servers.filter((row) => !row.samples[0].dated).map((row) => row.name)
    if (noisy.length) lines.push(`noisy (others > ${percent(QUIET_SHARE)}): ${noisy.join(', ')}`)
    if (undated.length) lines.push(`sends no date field: ${undated.join(', ')}`)
  }
  return [...lines, ...left.map(({ name, why }) => `${name}: left out: ${why}`)]
}
