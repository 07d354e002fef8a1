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

const METRICS = ['cpu', 'rps', 'p50', 'p99', 'rss', 'busy', 'others']

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
  for (const sample of samples.get(server) ?? []) {
    const base = baseOf(samples, sample.round, against, metric)
    if (base > 0) values.push(sample[metric] / base)
  }
  return values.length ? summary(values) : undefined
}

/** All figures of one workload. samples: Map of server name to samples with a round number. */
export function figures(workload, samples) {
  const servers = []
  for (const [name, list] of samples) {
    if (list.length === 0) continue
    const metrics = METRICS.map((metric) => [metric, summary(list.map((one) => one[metric]))])
    const ratios = {}
    for (const against of ['uwebsockets', 'floor', 'best']) {
      ratios[against] = {
        cpu: ratio(samples, name, against, 'cpu'),
        p50: ratio(samples, name, against, 'p50'),
      }
    }
    servers.push({ name, ...Object.fromEntries(metrics), ratios, samples: list })
  }
  servers.sort((a, b) => a.cpu.median - b.cpu.median)
  return { servers, bars: workload.bars.map((bar) => judge(bar, samples)) }
}

function judge(bar, samples) {
  const measured = ratio(samples, bar.server, bar.against, bar.metric)
  return { ...bar, measured, met: measured ? measured.median <= bar.most : undefined }
}
