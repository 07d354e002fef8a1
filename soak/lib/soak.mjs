// One soak: a server, the load, and what is seen of the server meanwhile and behind it.
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from './load.mjs'
import { ServerProcess } from './process.mjs'
import { Tally } from './tally.mjs'
import { BOUNDS, trendOf } from './trend.mjs'

const SAMPLES = 120
const LEAST_INTERVAL_MS = 500
/** A load that has just begun says nothing about what it will come to. */
const JUDGED_MINUTES = 2
const FILES_KEPT = 5
const SPINNING = 0.05
const SETTLE_MS = 20_000
const IDLE_MS = 2_000

async function sampled(server, seconds, over, told) {
  const samples = []
  const started = performance.now()
  const interval = Math.max(LEAST_INTERVAL_MS, (seconds * 1000) / SAMPLES)
  let isOver = false
  over.then(() => {
    isOver = true
  })
  while (!isOver && server.isAlive) {
    const report = await server.report()
    samples.push({ at: (performance.now() - started) / 1000, ...report })
    told(samples.at(-1))
    await Promise.race([sleep(interval), over])
  }
  return samples
}

/** What it takes once all have left: fetch keeps its connections for some seconds. */
async function settled(server, before) {
  for (let left = SETTLE_MS; ; left -= 500) {
    const report = await server.report()
    const isBack = report.connections.open === 0 && report.files <= before.files + FILES_KEPT
    if (isBack || left <= 0) return report
    await sleep(500)
  }
}

async function idleShare(server) {
  const before = server.look().cpu
  await sleep(IDLE_MS)
  return (server.look().cpu - before) / (IDLE_MS * 1000)
}

function faultsOf({ server, tally, trends, before, after, idle }) {
  const faults = []
  if (tally.failed > 0) faults.push(`${tally.failed} exchanges failed`, ...tally.failures)
  for (const { what, good, judged } of trends) {
    if (judged && !good) faults.push(`${what} grows beyond its bound`)
  }
  const { open } = after.connections
  if (open > 0) faults.push(`${open} connections were kept`)
  const files = after.files - before.files
  if (files > FILES_KEPT) faults.push(`${files} descriptors were kept`)
  if (idle > SPINNING) faults.push(`takes ${(idle * 100).toFixed(0)} % of a core, idle`)
  faults.push(...after.troubles.slice(0, 10).map((trouble) => trouble.split('\n')[0]))
  if (server.errors !== '') faults.push(`on stderr: ${server.errors.split('\n')[0]}`)
  return faults
}

/** Soaks the server that the script starts; `told` hears of each sample. */
export async function soak({ script, minutes, seed, told = () => undefined }) {
  const server = await ServerProcess.start(script)
  try {
    const before = await server.report()
    const seconds = minutes * 60
    const over = sleep(seconds * 1000)
    const tally = new Tally()
    const [samples] = await Promise.all([
      sampled(server, seconds, over, told),
      load({ port: server.port, seed, over, tally }),
    ])
    const after = await settled(server, before)
    const idle = await idleShare(server)
    const judged = minutes >= JUDGED_MINUTES
    const trends = Object.keys(BOUNDS).map((what) => ({
      ...trendOf(samples, what, seconds),
      judged,
    }))
    const found = { minutes, seed, seconds, samples, trends, before, after, idle, tally }
    return { ...found, faults: faultsOf({ ...found, server }) }
  } finally {
    await server.stop()
  }
}
