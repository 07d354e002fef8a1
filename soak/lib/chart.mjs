// results.svg: the server's memory over the time of a soak, a panel for RSS and one for the heap.
// It brings its own background, so that it can be read on a light and on a dark page.
import { behindWarmUp, lineThrough, WARM_UP } from './trend.mjs'

const PANEL = { width: 440, height: 180, gap: 48 }
const MARGIN = { left: 64, top: 88, bottom: 48, right: 24 }
const MiB = 1024 * 1024

const STYLE = `
  text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .heading { font-size: 17px; font-weight: 600 }
  .title { font-size: 14px; font-weight: 600 }
  .quiet { fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .warm { fill: #eef1f4 }
  .line { fill: none; stroke: #0969da; stroke-width: 1.5 }
  .trend { stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 5 4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .page { fill: #0d1117; stroke: #3d444d }
    .quiet { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .warm { fill: #1a2029 }
    .line { stroke: #4493f8 }
    .trend { stroke: #f0883e }
  }`

const xml = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const titles = { rss: 'RSS', heapUsed: 'heap in use, garbage collected' }

/** A round number of MiB above all of them. */
function topOf(values) {
  const most = Math.max(...values, 1)
  const step = 10 ** Math.floor(Math.log10(most))
  return Math.ceil(most / step) * step
}

function axes(top, seconds, y) {
  const marks = [0, 0.5, 1].map((share) => {
    const at = y(share * top)
    const label = `x="-8" y="${at + 4}" text-anchor="end"`
    return (
      `<line class="grid" x1="0" x2="${PANEL.width}" y1="${at}" y2="${at}"/>` +
      `<text class="quiet" ${label}>${Number((share * top).toFixed(1))}</text>`
    )
  })
  const below = PANEL.height + 18
  const end = Number((seconds / 60).toFixed(2))
  return [
    ...marks,
    `<text class="quiet" x="0" y="${below}">0</text>`,
    `<text class="quiet" x="${PANEL.width}" y="${below}" text-anchor="end">${end} min</text>`,
  ]
}

function panelOf(samples, what, seconds, left) {
  const points = samples.map((sample) => [sample.at, sample[what] / MiB])
  const top = topOf(points.map(([, value]) => value))
  const x = (at) => Number(((at / seconds) * PANEL.width).toFixed(1))
  const y = (value) => Number((PANEL.height - (value / top) * PANEL.height).toFixed(1))
  const corners = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')
  const rest = behindWarmUp(samples, seconds)
  const line = lineThrough(rest.map((sample) => [sample.at, sample[what] / MiB]))
  const [from, to] = [rest[0]?.at ?? 0, rest.at(-1)?.at ?? 0]
  const ends = `x1="${x(from)}" x2="${x(to)}" y1="${y(line.at(from))}" y2="${y(line.at(to))}"`
  const shade = `width="${WARM_UP * PANEL.width}" height="${PANEL.height}"`
  return [
    `<g transform="translate(${left} ${MARGIN.top})">`,
    `<rect class="warm" x="0" y="0" ${shade}/>`,
    `<text class="title" x="0" y="-12">${xml(titles[what])}</text>`,
    `<text class="quiet" x="${PANEL.width}" y="-12" text-anchor="end">MiB</text>`,
    ...axes(top, seconds, y),
    `<polyline class="line" points="${corners}"/>`,
    rest.length > 1 ? `<line class="trend" ${ends}/>` : '',
    '</g>',
  ].join('\n')
}

export function chartOf({ samples, seconds, machine }) {
  const whats = Object.keys(titles)
  const width = whats.length * (PANEL.width + MARGIN.left) + MARGIN.right + PANEL.gap / 2
  const height = MARGIN.top + PANEL.height + MARGIN.bottom
  const about =
    'shaded: warm-up; dashed: the line of least squares behind it; ' +
    `${machine.cpu}, ${machine.date.slice(0, 10)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img" aria-label="memory of the server over time">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="heading" x="24" y="30">Memory of the server under mixed load</text>`,
    `<text class="quiet" x="24" y="48">${xml(about)}</text>`,
    ...whats.map((what, at) =>
      panelOf(samples, what, seconds, MARGIN.left + at * (PANEL.width + MARGIN.left)),
    ),
    '</svg>',
    '',
  ].join('\n')
}
