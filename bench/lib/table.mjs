// The figures as text for a terminal.
import { barMeasured, barText, columnsOf, remarks } from './columns.mjs'

function align(lines) {
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)))
  const pad = (cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))
  const text = lines.map((line) => line.map(pad).join('  '))
  return [text[0], '-'.repeat(text[0].length), ...text.slice(1)].join('\n')
}

function barLine(bar, workload) {
  const what = barText(bar, workload)
  if (!bar.measured) return `  bar  not measured  ${what}`
  return `  bar  ${bar.met ? 'met   ' : 'MISSED'}  ${what}: ${barMeasured(bar)}`
}

/** One workload's result: heading, table, bars. */
export function tableOf(result) {
  const { about, bars, connections, name, servers } = result
  const many = connections === 1 ? '1 connection' : `${connections} connections`
  const parts = [`\n${name}  (${about}; ${many})`]
  if (servers.length) {
    const columns = columnsOf(result)
    const header = columns.map(([title]) => title)
    parts.push(align([header, ...servers.map((row) => columns.map(([, cell]) => cell(row)))]))
  }
  parts.push(...remarks(result).map((line) => `  ${line}`))
  parts.push(...bars.map((bar) => barLine(bar, result)))
  return parts.join('\n')
}
