// `npm run soak`: mixed load on a server in a process of its own, every body verified, for ten
// minutes or as long as is said. Ten minutes and more write RESULTS.md and results.svg.
// usage: node soak/run.mjs [--minutes=10] [--seed=NUMBER] [--server=FILE] [--out=FOLDER]
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, sourceState } from '../bench/lib/machine.mjs'
import { writeResults } from './lib/report.mjs'
import { soak } from './lib/soak.mjs'

const FULL_MINUTES = 10
const MiB = 1024 * 1024
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

function numberOf(values, name) {
  const number = Number(values[name])
  if (!(number > 0)) throw new RangeError(`--${name} takes a number above 0`)
  return number
}

function options() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: String(FULL_MINUTES) },
      seed: { type: 'string', default: String(Date.now() >>> 0) },
      server: { type: 'string' },
      out: { type: 'string' },
    },
  })
  const minutes = numberOf(values, 'minutes')
  return {
    minutes,
    seed: numberOf(values, 'seed'),
    script: values.server === undefined ? here('server.mjs') : resolve(values.server),
    out: values.out ?? (minutes >= FULL_MINUTES ? here('.') : undefined),
  }
}

function teller() {
  let next = 0
  return ({ at, rss, heapUsed, connections, requests }) => {
    if (at < next) return
    next = at + 30
    const figures = `RSS ${(rss / MiB).toFixed(1)} MiB, heap ${(heapUsed / MiB).toFixed(1)} MiB`
    console.log(`${at.toFixed(0)} s: ${requests} requests, ${connections.open} open, ${figures}`)
  }
}

async function main() {
  if (process.platform !== 'linux') throw new Error('the soak reads /proc: it runs on Linux only')
  const { out, ...given } = options()
  const found = await soak({ ...given, told: teller() })
  const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
  const versions = `milouv ${version}`
  const where = { machine: machine(), source: sourceState(), versions }
  if (out !== undefined)
    console.log(`wrote ${writeResults({ ...found, ...where }, out).join(', ')}`)
  const all = found.tally.rows.reduce((sum, { exchanges }) => sum + exchanges, 0)
  console.log(`${all} exchanges verified, ${found.tally.failed} failed; seed ${given.seed}`)
  for (const { what, ratio, rise, judged } of found.trends) {
    console.log(
      `${what}: ratio ${ratio?.toFixed(3)}, line ${rise?.toFixed(3)}` +
        (judged ? '' : ', not judged'),
    )
  }
  for (const fault of found.faults) console.error(`fault: ${fault}`)
  process.exitCode = found.faults.length === 0 ? 0 : 1
}

await main()
