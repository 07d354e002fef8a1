// npm run bench: milouv beside its peers, in one run. How to read what it prints: README.md.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { figures } from './lib/figures.mjs'
import { HELP, readOptions } from './lib/options.mjs'
import { peers } from './lib/peers.mjs'
import {
  coreBusyMicroseconds,
  cpuMicroseconds,
  rssBytes,
  startServer,
  stopServer,
} from './lib/server-process.mjs'
import { tableOf } from './lib/table.mjs'
import { need } from './lib/tools.mjs'
import { verify } from './lib/verify.mjs'
import { workloads } from './lib/workloads.mjs'
import { clientFor } from './lib/wrk.mjs'

// After the warm-up, a moment in which garbage and closed sockets are dealt with.
const SETTLE_MS = 100
// Below these a run shows that the bench works, and nothing about the servers.
const FEW_ROUNDS = 5
const FEW_SECONDS = 3

const say = (text) => console.error(text)
const reason = (error) => (error instanceof Error ? error.message : String(error))

/** The load of one server in one round; throws when any answer was lost or wrong. */
async function measure(server, client, options, connections) {
  const { seconds, serverCore, warmup } = options
  if (warmup > 0) await client.load(server.port, warmup, connections)
  await sleep(SETTLE_MS)
  const cpuBefore = cpuMicroseconds(server.pid)
  const coreBefore = coreBusyMicroseconds(serverCore)
  const wallBefore = process.hrtime.bigint()
  const report = await client.load(server.port, seconds, connections)
  const wall = Number(process.hrtime.bigint() - wallBefore) / 1000
  const cpu = cpuMicroseconds(server.pid) - cpuBefore
  const core = coreBusyMicroseconds(serverCore) - coreBefore
  const wrong = Object.entries(report.errors).filter(([, count]) => count > 0)
  if (wrong.length > 0) {
    const counts = wrong.map(([kind, count]) => `${count} ${kind}`).join(', ')
    throw new Error(`wrk saw errors: ${counts} in ${report.requests} requests`)
  }
  if (report.requests === 0) throw new Error('wrk got no answer')
  return {
    cpu: cpu / report.requests,
    rps: (report.requests * 1e6) / report.microseconds,
    p50: report.p50,
    p99: report.p99,
    rss: rssBytes(server.pid),
    busy: cpu / wall,
    others: Math.max(0, (core - cpu) / wall),
    requests: report.requests,
  }
}

/** A fresh process each time: how a heap or a JIT happens to settle is part of the spread. */
async function sample(peer, workload, client, options, connections) {
  const server = await startServer(peer.command(workload.kind), options.serverCore)
  try {
    const { answerBytes, dated } = await verify(workload, server.port)
    const figure = await measure(server, client, options, connections)
    return { ...figure, answerBytes, dated }
  } finally {
    await stopServer(server)
  }
}

const rotate = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)]

async function runRounds({ workload, takers, client, options, connections, samples, left }) {
  for (let round = 0; round < options.rounds; round++) {
    const order = rotate(takers, round).filter((peer) => !left.some((l) => l.name === peer.name))
    for (const peer of order) {
      try {
        const one = await sample(peer, workload, client, options, connections)
        samples.get(peer.name).push({ round, ...one })
        const cost = `${one.cpu.toFixed(2)} µs/req, ${one.rps.toFixed(0)} req/s`
        say(`  ${workload.name} ${round + 1}/${options.rounds} ${peer.name}: ${cost}`)
      } catch (error) {
        // One failure is enough: figures of a server that loses answers mean nothing.
        samples.delete(peer.name)
        left.push({ name: peer.name, why: reason(error) })
        say(`  ${workload.name} ${round + 1}/${options.rounds} ${peer.name}: ${reason(error)}`)
      }
    }
  }
}

async function runWorkload(workload, present, options) {
  const connections = options.connections ?? workload.connections
  const takes = (peer) =>
    (!peer.kinds || peer.kinds.includes(workload.kind)) &&
    (!workload.only || workload.only.includes(peer.name))
  const takers = present.filter(takes)
  const samples = new Map(takers.map((peer) => [peer.name, []]))
  const left = []
  const client = clientFor(workload, options.clientCore)
  try {
    if (takers.length > 0) {
      await runRounds({ workload, takers, client, options, connections, samples, left })
    }
  } finally {
    client.dispose()
  }
  const result = figures(workload, samples)
  console.log(tableOf(workload, connections, result, left))
  return { name: workload.name, about: workload.about, connections, left, ...result }
}

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

function machine() {
  const wrkSays = () => {
    try {
      return execFileSync('wrk', ['-v'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    } catch (error) {
      // wrk -v prints its version and ends with status 1.
      return String(error.stdout ?? '')
    }
  }
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    libuv: process.versions.uv,
    wrk: wrkSays().split('\n')[0].split(' Copyright')[0],
    load: loadavg()[0],
    date: new Date().toISOString(),
  }
}

function checkMachine(options) {
  if (process.platform !== 'linux') throw new Error('the bench reads /proc: it runs on Linux only')
  const cores = cpus().length
  const highest = Math.max(options.serverCore, options.clientCore)
  if (highest >= cores) throw new Error(`core ${highest} is not there: the machine has ${cores}`)
  if (options.serverCore === options.clientCore) {
    throw new Error('server and client need a core each: --server-core, --client-core')
  }
  need('taskset', 'util-linux')
  need('wrk')
}

async function main() {
  const options = readOptions(process.argv.slice(2), peers, workloads)
  if (options.help) return console.log(HELP)
  if (options.list) {
    console.log(`servers: ${peers.map((peer) => peer.name).join(', ')}`)
    for (const { name, about } of workloads) console.log(`  ${name.padEnd(14)}${about}`)
    return
  }
  checkMachine(options)
  const about = machine()
  console.log(`${about.cpu}, ${about.cores} cores, Linux ${about.kernel}, load ${about.load}`)
  console.log(`Node ${about.node}, libuv ${about.libuv}, ${about.wrk}`)
  const { present, absent } = presentOf(options.servers)
  const versions = Object.fromEntries(present.map((peer) => [peer.name, peer.version()]))
  console.log(
    Object.entries(versions)
      .map(([name, is]) => `${name} ${is}`)
      .join(', '),
  )

  const results = []
  for (const workload of options.workloads) {
    results.push(await runWorkload(workload, present, options))
  }
  if (options.json) {
    const { rounds, seconds, warmup, serverCore, clientCore } = options
    const settings = { rounds, seconds, warmup, serverCore, clientCore }
    const all = { machine: about, settings, versions, absent, workloads: results }
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`)
  }
  if (options.rounds < FEW_ROUNDS || options.seconds < FEW_SECONDS) {
    console.log('\na short run: a look at the bench, not figures to quote')
  }
  // A run without milouv, or without a server that was asked for by name, has failed.
  const lost = [...absent, ...results.flatMap(({ left }) => left)]
  const wanted = ({ name }) => options.namedServers || name.startsWith('milouv')
  if (lost.some(wanted)) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${reason(error)}`)
  process.exitCode = 1
}
