// A server under load: its CPU time divided by what it did, and what the client saw.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  coreBusyMicroseconds,
  cpuBetween,
  cpuTime,
  rssBytes,
  startServer,
  stopServer,
} from '../server-process.mjs'
import { uploaderFor } from '../uploader.mjs'
import { verify } from '../verify.mjs'
import { bodyOf } from '../workloads.mjs'
import { clientFor } from '../wrk.mjs'

// After the warm-up, a moment in which garbage and closed sockets are dealt with.
const SETTLE_MS = 100
// From here on a body is uploaded by our own client, which ends at the end of one.
const BIG_BODY = 1 << 20
const GB = 1e9

const isBig = (workload) => workload.bodySize >= BIG_BODY

export function prepare(workload, options) {
  const client = isBig(workload) ? uploaderFor : clientFor
  return client(workload, options.clientCore)
}

/** Bytes of bodies that went through: of an answer that was cut off at the end, what had come. */
function bodyBytes(workload, report, answerBytes) {
  if (report.sent !== undefined) return report.sent
  return (report.bytes * Buffer.byteLength(bodyOf(workload.kind))) / answerBytes
}

/** The load of one server in one round; throws when any answer was lost or wrong. */
async function underLoad(server, client, options, connections) {
  const { seconds, serverCore, warmup } = options
  if (warmup > 0) await client.load(server.port, warmup, connections)
  await sleep(SETTLE_MS)
  const cpuBefore = cpuTime(server.pid)
  const coreBefore = coreBusyMicroseconds(serverCore)
  const wallBefore = process.hrtime.bigint()
  const report = await client.load(server.port, seconds, connections)
  const wall = Number(process.hrtime.bigint() - wallBefore) / 1000
  const cpu = cpuBetween(cpuBefore, cpuTime(server.pid))
  const core = coreBusyMicroseconds(serverCore) - coreBefore
  const wrong = Object.entries(report.errors).filter(([, count]) => count > 0)
  if (wrong.length > 0) {
    const counts = wrong.map(([kind, count]) => `${count} ${kind}`).join(', ')
    throw new Error(`the client saw errors: ${counts} in ${report.requests} requests`)
  }
  if (report.requests === 0) throw new Error('the client got no answer')
  return { report, cpu, wall, core }
}

/** A fresh process each time: how a heap or a JIT happens to settle is part of the spread. */
export async function sample({ peer, workload, client, options, connections }) {
  const server = await startServer(peer.command(workload.kind), options.serverCore)
  try {
    const { answerBytes, dated } = await verify(workload, server.port)
    const { report, cpu, wall, core } = await underLoad(server, client, options, connections)
    const bytes = bodyBytes(workload, report, answerBytes)
    return {
      cpu: workload.bulk ? (cpu * GB) / bytes : cpu / report.requests,
      rps: (report.requests * 1e6) / report.microseconds,
      rate: (bytes * 1e6) / report.microseconds,
      p50: report.p50,
      p99: report.p99,
      rss: rssBytes(server.pid),
      busy: cpu / wall,
      others: Math.max(0, (core - cpu) / wall),
      requests: report.requests,
      answerBytes,
      dated,
    }
  } finally {
    await stopServer(server)
  }
}

export function said(one, workload) {
  const cost = workload.bulk ? `${(one.cpu / 1e6).toFixed(3)} s/GB` : `${one.cpu.toFixed(2)} µs/req`
  return `${cost}, ${one.rps.toFixed(0)} req/s`
}

export const roundsOf = (options) => options.rounds

/** What one sample takes: the start, the verifying and the tidying are some 1.2 s. */
export const secondsOf = (options) => options.warmup + options.seconds + 1.2
