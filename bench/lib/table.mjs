// The figures as text for a terminal.

const MIB = 1 << 20
// More of others' work than this on the server's core, and the figures deserve a second look.
const QUIET_SHARE = 0.05

function time(microseconds) {
  if (microseconds < 100) return `${microseconds.toFixed(1)} µs`
  if (microseconds < 10_000) return `${microseconds.toFixed(0)} µs`
  return `${(microseconds / 1000).toFixed(1)} ms`
}

const spread = ({ min, max }, digits) => `${min.toFixed(digits)}-${max.toFixed(digits)}`
const percent = (share) => `${(share * 100).toFixed(0)}%`

function times(measured) {
  if (!measured) return '-'
  return `${measured.median.toFixed(2)} (${spread(measured, 2)})`
}

const COLUMNS = [
  ['server', (row) => row.name],
  ['CPU µs/req', (row) => row.cpu.median.toFixed(2)],
  ['spread', (row) => spread(row.cpu, 2)],
  ['x uwebsockets', (row) => times(row.ratios.uwebsockets.cpu)],
  ['x floor', (row) => times(row.ratios.floor.cpu)],
  ['x best', (row) => times(row.ratios.best.cpu)],
  ['req/s', (row) => row.rps.median.toFixed(0)],
  ['p50', (row) => time(row.p50.median)],
  ['x uws p50', (row) => times(row.ratios.uwebsockets.p50)],
  ['p99', (row) => time(row.p99.median)],
  ['bytes', (row) => String(row.samples[0].answerBytes)],
  ['RSS MiB', (row) => (row.rss.median / MIB).toFixed(1)],
  ['busy', (row) => percent(row.busy.median)],
  ['others', (row) => percent(row.others.max)],
]

function align(lines) {
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)))
  const pad = (cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))
  const text = lines.map((line) => line.map(pad).join('  '))
  return [text[0], '-'.repeat(text[0].length), ...text.slice(1)].join('\n')
}

function barLine({ server, metric, against, most, measured, met }) {
  const what = `${server}: ${metric} <= ${most.toFixed(2)} x ${against}`
  if (!measured) return `  bar  not measured  ${what}`
  return `  bar  ${met ? 'met   ' : 'MISSED'}  ${what}: ${times(measured)}`
}

/** What a sceptic should know of these rows. */
function remarks(servers) {
  const noisy = servers.filter((row) => row.others.max > QUIET_SHARE).map((row) => row.name)
  const undated = servers.filter((row) => !row.samples[0].dated).map((row) => row.name)
  const lines = []
  if (noisy.length) {
    lines.push(`  noisy (others > ${percent(QUIET_SHARE)}): ${noisy.join(', ')}`)
  }
  if (undated.length) lines.push(`  sends no date field: ${undated.join(', ')}`)
  return lines
}

/** One workload: heading, table, bars. */
export function tableOf(workload, connections, { servers, bars }, left) {
  const heading = `${workload.name}  (${workload.about}; ${connections} connections)`
  const parts = [`\n${heading}`]
  if (servers.length) {
    const header = COLUMNS.map(([title]) => title)
    parts.push(align([header, ...servers.map((row) => COLUMNS.map(([, cell]) => cell(row)))]))
  }
  parts.push(...remarks(servers))
  for (const { name, why } of left) parts.push(`  ${name}: left out: ${why}`)
  parts.push(...bars.map(barLine))
  return parts.join('\n')
}
