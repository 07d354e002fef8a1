// results.svg: CPU time by server, a panel for each of the main workloads. It brings its own
// background, so that it can be read on a light and on a dark page.

const PANEL = { width: 440, title: 46, row: 20, gap: 24 }
const MARGIN = 24
const HEAD = 64
const NAME_WIDTH = 128
const VALUE_WIDTH = 56
const BAR = 12

const STYLE = `
  text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .heading { font-size: 17px; font-weight: 600 }
  .title { font-size: 14px; font-weight: 600 }
  .quiet { fill: #59636e }
  .name, .value { font-variant-numeric: tabular-nums }
  .ours { font-weight: 600 }
  .bar { fill: #a9b4c0 }
  .bar.ours { fill: #0969da }
  .bar.kin { fill: #80b3eb }
  .bar.floor { fill: #dde3e9 }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .page { fill: #0d1117; stroke: #3d444d }
    .quiet { fill: #9198a1 }
    .bar { fill: #57606a }
    .bar.ours { fill: #4493f8 }
    .bar.kin { fill: #285a99 }
    .bar.floor { fill: #2f363d }
    .spread { stroke: #f0f6fc }
  }`

const xml = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

function kindOf(name) {
  if (name === 'milouv') return ' ours'
  if (name.startsWith('milouv-')) return ' kin'
  return name === 'floor' ? ' floor' : ''
}

function barOf(row, at, scale, unit) {
  const y = PANEL.title + at * PANEL.row
  const middle = y + PANEL.row / 2
  const { max, median, min } = row.cpu
  const kind = kindOf(row.name)
  const x = (value) => (NAME_WIDTH + value * scale).toFixed(1)
  const width = (median * scale).toFixed(1)
  const ours = kind === ' ours' ? ' ours' : ''
  const name = `class="name${ours}" x="${NAME_WIDTH - 8}" y="${middle + 4}" text-anchor="end"`
  const value = `class="value${ours}" x="${PANEL.width}" y="${middle + 4}" text-anchor="end"`
  const top = middle - BAR / 2
  const size = `x="${NAME_WIDTH}" y="${top}" width="${width}" height="${BAR}"`
  return [
    `<text ${name}>${xml(row.name)}</text>`,
    `<rect class="bar${kind}" ${size} rx="2"/>`,
    `<line class="spread" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>`,
    `<text ${value}>${(median / unit.size).toFixed(unit.digits)}</text>`,
  ].join('\n')
}

const PER_REQUEST = { text: 'µs of CPU per request', size: 1, digits: 1 }
const PER_GB = { text: 's of CPU per GB', size: 1e6, digits: 2 }

function panelOf(result, x, y) {
  const unit = result.bulk ? PER_GB : PER_REQUEST
  const most = Math.max(...result.servers.map((row) => row.cpu.max))
  const scale = (PANEL.width - NAME_WIDTH - VALUE_WIDTH) / most
  const end = `x="${PANEL.width}" y="14" text-anchor="end"`
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text class="title" x="0" y="14">${xml(result.name)}</text>`,
    `<text class="quiet" ${end}>${xml(unit.text)}</text>`,
    `<text class="quiet" x="0" y="32">${xml(result.about)}</text>`,
    ...result.servers.map((row, at) => barOf(row, at, scale, unit)),
    '</g>',
  ].join('\n')
}

const heightOf = (result) => PANEL.title + result.servers.length * PANEL.row + PANEL.gap

/** Two columns; each panel goes where there is more room. */
function place(results) {
  const ends = [HEAD, HEAD]
  const panels = results.map((result) => {
    const column = ends[0] <= ends[1] ? 0 : 1
    const x = MARGIN + column * (PANEL.width + 2 * PANEL.gap)
    const panel = panelOf(result, x, ends[column])
    ends[column] += heightOf(result)
    return panel
  })
  return { panels, height: Math.max(...ends) + MARGIN - PANEL.gap }
}

/** The chart of merged runs: { runs, results }. */
export function chartOf({ runs, results }) {
  const shown = results.filter(({ chart, servers }) => chart && servers.length > 0)
  const { panels, height } = place(shown)
  const width = 2 * (MARGIN + PANEL.width + PANEL.gap)
  const last = runs.at(-1)
  const about =
    'median of the rounds, the line from the least to the greatest; less is better; ' +
    `${last.machine.cpu}, ${last.machine.date.slice(0, 10)}`
  const page = `width="${width - 1}" height="${height - 1}" rx="8"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="CPU time by server">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" ${page}/>`,
    `<text class="heading" x="${MARGIN}" y="30">CPU time of the server</text>`,
    `<text class="quiet" x="${MARGIN}" y="48">${xml(about)}</text>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n')
}
