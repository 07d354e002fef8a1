// Long bodies: one upload to a handler that counts and one download from a stream, milouv beside
// node:http in one run, every byte verified. What it prints is explained in README.md.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { need } from '../scripts/tools.mjs'
import { summary } from './lib/figures.mjs'
import { cpuBetween, cpuTime, startServer, stopServer } from './lib/server-process.mjs'
import { download, upload } from './lib/transfer-client.mjs'

const HELP = `node bench/transfer.mjs [options]

  --bytes N        of each body (1073741824)
  --rounds N       (5)
  --server-core N  the core servers run on (0)
  --client-core N  the core the client runs on (1)`

const OPTIONS = {
  bytes: { type: 'string', default: String(1024 ** 3) },
  rounds: { type: 'string', default: '5' },
  'server-core': { type: 'string', default: '0' },
  'client-core': { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
}

const GB = 1e9
/** Moved before the clock starts: buffers have grown and the code is compiled. */
const WARM_UP = 64 * 1024 ** 2
const SERVERS = ['milouv', 'node-http']
const WAYS = {
  upload: (port, total) => upload(port, '/count', total),
  download: (port, total) => download(port, total),
}

function assertWhole(what, { length, wrong }, total) {
  if (length === total && wrong === -1) return
  throw new Error(`${what}: ${length} bytes of ${total}, the first wrong one at ${wrong}`)
}

/** A fresh process for each body. The clock runs until the client knows that all is through. */
async function sample(name, way, { total, serverCore }) {
  const file = fileURLToPath(new URL(`servers/transfer-${name}.mjs`, import.meta.url))
  const server = await startServer([process.execPath, file], serverCore)
  try {
    const transfer = WAYS[way]
    if (way === 'upload') {
      assertWhole(`${name} upload`, await upload(server.port, '/check', WARM_UP), WARM_UP)
    }
    assertWhole(`${name} ${way}`, await transfer(server.port, WARM_UP), WARM_UP)
    const before = cpuTime(server.pid)
    const began = performance.now()
    assertWhole(`${name} ${way}`, await transfer(server.port, total), total)
    const seconds = (performance.now() - began) / 1000
    const cpu = cpuBetween(before, cpuTime(server.pid)) / 1e6
    return { rate: total / 1e6 / seconds, cpu: (cpu * GB) / total }
  } finally {
    await stopServer(server)
  }
}

function print(way, samples) {
  console.log(
    `\n${way}\n${'server'.padEnd(12)}MB/s (spread)         CPU s/GB (spread)    x node-http`,
  )
  const shown = ({ median, min, max }, digits) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
  const base = samples.get('node-http')
  for (const [name, list] of samples) {
    const rate = shown(summary(list.map((one) => one.rate)), 0)
    const cpu = shown(summary(list.map((one) => one.cpu)), 2)
    const times = shown(summary(list.map((one, round) => one.cpu / base[round].cpu)), 2)
    console.log(`${name.padEnd(12)}${rate.padEnd(22)}${cpu.padEnd(21)}${times}`)
  }
}

async function main() {
  const { values } = parseArgs({ args: process.argv.slice(2), options: OPTIONS })
  if (values.help) return console.log(HELP)
  const [total, rounds, serverCore, clientCore] = [
    values.bytes,
    values.rounds,
    values['server-core'],
    values['client-core'],
  ].map(Number)
  if (!(total > 0 && rounds > 0 && serverCore !== clientCore)) throw new Error('see --help')
  need('taskset', 'util-linux')
  execFileSync('taskset', ['-acp', String(clientCore), String(process.pid)])
  console.log(`${total} bytes, ${rounds} rounds, Node ${process.version}`)
  for (const way of Object.keys(WAYS)) {
    const samples = new Map(SERVERS.map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? SERVERS : SERVERS.toReversed()
      for (const name of order)
        samples.get(name).push(await sample(name, way, { total, serverCore }))
    }
    print(way, samples)
  }
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
