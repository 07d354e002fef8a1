// Whether memory has come to its level: after warm-up it must stay where it is.

/** The share of the time that heap and memory are given to grow to what the load takes. */
export const WARM_UP = 0.2
/** Each end of the rest is looked at by the median of this share of the samples. */
const END = 0.2

/** How much more than after warm-up may be there at the end, and how far the line may rise. */
export const BOUNDS = { rss: 1.15, heapUsed: 1.1 }

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** The line of least squares through points `[x, y]`: its slope, and where it is at x. */
export function lineThrough(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const sum = (of) => points.reduce((total, point) => total + of(point[0] - x, point[1] - y), 0)
  const spread = sum((dx) => dx * dx)
  const slope = spread === 0 ? 0 : sum((dx, dy) => dx * dy) / spread
  return { slope, at: (place) => y + slope * (place - x) }
}

/** The samples behind warm-up; each has `at`, its time in seconds. */
export const behindWarmUp = (samples, seconds) =>
  samples.filter(({ at }) => at >= WARM_UP * seconds)

/** What became of one quantity, `rss` or `heapUsed`, in a soak of so many seconds. */
export function trendOf(samples, what, seconds) {
  const rest = behindWarmUp(samples, seconds)
  if (rest.length === 0) return { what, bound: BOUNDS[what], good: false }
  const count = Math.max(1, Math.round(rest.length * END))
  const values = rest.map((sample) => sample[what])
  const [warm, end] = [median(values.slice(0, count)), median(values.slice(-count))]
  const line = lineThrough(rest.map((sample) => [sample.at, sample[what]]))
  const [first, last] = [line.at(rest[0].at), line.at(rest.at(-1).at)]
  const [ratio, rise] = [end / warm, last / first]
  const bound = BOUNDS[what]
  const perMinute = line.slope * 60
  return { what, warm, end, ratio, rise, perMinute, bound, good: ratio <= bound && rise <= bound }
}
