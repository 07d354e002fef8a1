// npm run bench: milouv beside its peers, in one run. How to read what it prints: README.md.
import { writeFileSync } from 'node:fs'
import { capture } from '../scripts/toolchain.mjs'
import { guard } from './lib/guard.mjs'
import { checkMachine, machine, sourceState, stayOnCore } from './lib/machine.mjs'
import { nodesOf } from './lib/nodes.mjs'
import { HELP, readOptions } from './lib/options.mjs'
import { peers } from './lib/peers.mjs'
import { isShort, writeResults } from './lib/report.mjs'
import { reason, runWorkload, secondsOf, takersOf } from './lib/rounds.mjs'
import { tableOf } from './lib/table.mjs'
import { workloads } from './lib/workloads.mjs'

/** Names what is not here and how to get it; gives the rest. */
function presentOf(servers) {
  const absent = []
  const present = servers.filter((peer) => {
    const why = peer.missing()
    if (why) absent.push({ name: peer.name, why })
    return !why
  })
  for (const { name, why } of absent) console.log(`skipped: ${name}: ${why}`)
  return { present, absent }
}

const minutes = (seconds) => `${Math.max(1, Math.round(seconds / 60))} min`

function list(options, nodes) {
  console.log(`servers: ${peers.map((peer) => peer.name).join(', ')}`)
  let all = 0
  let group
  for (const workload of options.workloads) {
    if (workload.group !== group) console.log(`${workload.group}:`)
    group = workload.group
    const seconds = secondsOf(workload, takersOf(workload, options.servers, nodes), options)
    all += seconds
    const time = minutes(seconds).padStart(6)
    console.log(`  ${workload.name.padEnd(15)}${time}  ${workload.about}`)
  }
  console.log(`together about ${minutes(all)}`)
}

function versionsOf(present, nodes) {
  const versions = Object.fromEntries(present.map((peer) => [peer.name, peer.version()]))
  for (const { line, path } of nodes) versions[`node@${line}`] = capture(path, ['--version'])
  return versions
}

function printHead(about, versions) {
  console.log(`${about.cpu}, ${about.cores} cores, Linux ${about.kernel}, load ${about.load}`)
  console.log(`Node ${about.node}, libuv ${about.libuv}, ${about.wrk}`)
  const all = Object.entries(versions)
  console.log(all.map(([name, is]) => `${name} ${is}`).join(', '))
}

async function measureAll(options) {
  // Anything else that is fetched or built comes first; from here on the core is the server's.
  const isPerNode = options.workloads.some(({ perNode }) => perNode)
  const nodes = isPerNode ? nodesOf(options.nodes) : []
  const { present, absent } = presentOf(options.servers)
  stayOnCore(options.clientCore)
  const { rounds, seconds, warmup, serverCore, clientCore } = options
  const run = {
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    machine: machine(),
    source: sourceState(),
    settings: { rounds, seconds, warmup, serverCore, clientCore },
    versions: versionsOf(present, nodes),
    absent,
    workloads: [],
  }
  printHead(run.machine, run.versions)
  for (const workload of options.workloads) {
    const takers = takersOf(workload, present, nodes)
    const result = await runWorkload(workload, takers, options)
    console.log(tableOf(result))
    run.workloads.push(result)
    // After each: a long run that is broken off has not been for nothing.
    if (options.json) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`)
  }
  return run
}

async function main() {
  const options = readOptions(process.argv.slice(2), peers, workloads)
  if (options.help) return console.log(HELP)
  if (options.list)
    return list(
      options,
      nodesOf(options.nodes, (line) => line),
    )
  checkMachine(options)
  if (options.guard) {
    if (await guard(options)) process.exitCode = 1
    return
  }
  const run = await measureAll(options)
  if (options.results) console.log(`\nwrote ${writeResults([run]).join(', ')}`)
  if (isShort(run)) {
    console.log('\na short run: a look at the bench, not figures to quote')
  }
  // A run without milouv, or without a server that was asked for by name, has failed.
  const lost = [...run.absent, ...run.workloads.flatMap(({ left }) => left)]
  const wanted = ({ name }) => options.namedServers || name.startsWith('milouv')
  if (lost.some(wanted)) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${error?.explain?.() ?? reason(error)}`)
  process.exitCode = 1
}
