// One worker and two, in threads and in processes, each measured next to the other in one run.
// What it prints is explained in README.md.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { need } from '../scripts/tools.mjs'
import { summary } from './lib/figures.mjs'
import { runProgram } from './lib/run-program.mjs'
import { startServer, stopServer } from './lib/server-process.mjs'

const HELP = `node bench/workers.mjs [options]

  --rounds N   (5)
  --seconds N  of load for each measurement (3)
  --workers N  beside one (2)`

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' },
  workers: { type: 'string', default: '2' },
  help: { type: 'boolean', default: false },
}

const program = fileURLToPath(new URL('servers/workers.mjs', import.meta.url))
const KINDS = ['threads', 'processes']
const CONNECTIONS = 64
const GRACE_MS = 15_000

/** Requests per second; any error that wrk saw ends the run. */
async function load(port, seconds) {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`]
  const text = await runProgram('wrk', args, seconds * 1000 + GRACE_MS)
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(text)
  if (rate === null || /^\s*(Socket errors|Non-2xx)/m.test(text)) throw new Error(text)
  return Number(rate[1])
}

async function sample(kind, count, seconds) {
  const command = [process.execPath, program, kind, String(count)]
  const server = await startServer(command, `0-${availableParallelism() - 1}`)
  try {
    await load(server.port, 1)
    return await load(server.port, seconds)
  } finally {
    await stopServer(server)
  }
}

function print(kind, counts, samples) {
  const shown = ({ median, min, max }, digits) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
  for (const count of counts) {
    const list = samples.get(count)
    const times = list.map((rate, round) => rate / samples.get(1)[round])
    const label = `${kind} ${count}`.padEnd(14)
    console.log(`${label}${shown(summary(list), 0).padEnd(24)}${shown(summary(times), 2)}`)
  }
}

async function main() {
  const { values } = parseArgs({ args: process.argv.slice(2), options: OPTIONS })
  if (values.help) return console.log(HELP)
  const [rounds, seconds, workers] = [values.rounds, values.seconds, values.workers].map(Number)
  if (!(rounds > 0 && seconds > 0 && workers > 1)) throw new Error('see --help')
  need('wrk', 'wrk')
  const counts = [1, workers]
  console.log(`${availableParallelism()} cores, ${rounds} rounds, Node ${process.version}`)
  console.log(`${'workers'.padEnd(14)}${'req/s (spread)'.padEnd(24)}x one worker (spread)`)
  for (const kind of KINDS) {
    const samples = new Map(counts.map((count) => [count, []]))
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? counts : counts.toReversed()
      for (const count of order) samples.get(count).push(await sample(kind, count, seconds))
    }
    print(kind, counts, samples)
  }
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
