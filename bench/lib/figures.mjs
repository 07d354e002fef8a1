// From samples to figures: medians, their spread, and ratios that are taken within a round.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** What the bars call "the best of them". */
export const BEST_OF = ['uwebsockets', 'bun', 'deno', 'node-http']

/** What each way of measuring gives, what is put in relation to what, and what rows go by. */
const METRICS = {
  load: ['cpu', 'rps', 'rate', 'p50', 'p99', 'rss', 'busy', 'others'],
  memory: ['perConnection', 'before', 'rss'],
  start: ['wall', 'cpu'],
}
const RATIOS = {
  load: ['cpu/uwebsockets', 'cpu/floor', 'cpu/best', 'p50/uwebsockets'],
  memory: [],
  start: ['wall/node-http', 'cpu/node-http'],
}
// Where several Nodes run side by side, @* is the Node of the server that is looked at.
const NODE_RATIOS = ['cpu/bun', 'cpu/hono-node-server@*']
const ORDER = { load: 'cpu', memory: 'perConnection', start: 'wall' }

export const ratiosOf = ({ measure, perNode }) => (perNode ? NODE_RATIOS : RATIOS[measure])

/** The value to divide by in a round: a server's, or the least of the best of them. */
function baseOf(samples, round, against, metric) {
  const names = against === 'best' ? BEST_OF : [against]
  const values = names
    .map((name) => samples.get(name)?.find((sample) => sample.round === round)?.[metric])
    .filter((value) => value !== undefined)
  return values.length ? Math.min(...values) : undefined
}

/** value / base of the same round, over the rounds that have both; undefined when none has. */
export function ratio(samples, server, against, metric) {
  const values = []
  const [, line] = server.split('@')
  const other = against.replace('*', line ?? '')
  for (const sample of samples.get(server) ?? []) {
    const base = baseOf(samples, sample.round, other, metric)
    if (base > 0) values.push(sample[metric] / base)
  }
  return values.length ? summary(values) : undefined
}

/** All figures of one workload. samples: Map of server name to samples with a round number. */
export function figures(workload, samples) {
  const servers = []
  for (const [name, list] of samples) {
    if (list.length === 0) continue
    const metrics = METRICS[workload.measure].map((metric) => [
      metric,
      summary(list.map((one) => one[metric])),
    ])
    const ratios = ratiosOf(workload).map((key) => {
      const [metric, against] = key.split('/')
      return [key, ratio(samples, name, against, metric)]
    })
    servers.push({
      name,
      ...Object.fromEntries(metrics),
      ratios: Object.fromEntries(ratios),
      samples: list,
    })
  }
  const order = ORDER[workload.measure]
  servers.sort((a, b) => a[order].median - b[order].median)
  return { servers, bars: workload.bars.map((bar) => judge(bar, samples)) }
}

/** A bar without a server to compare with is a figure in itself. */
function judge(bar, samples) {
  const { against, metric, most, server } = bar
  const alone = () => {
    const values = (samples.get(server) ?? []).map((sample) => sample[metric])
    return values.length ? summary(values) : undefined
  }
  const measured = against ? ratio(samples, server, against, metric) : alone()
  return { ...bar, measured, met: measured ? measured.median <= most : undefined }
}
