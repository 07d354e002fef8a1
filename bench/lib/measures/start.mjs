// From the start of a process to its first right answer: the time on the clock and on the CPU.
import { startServer, stopServer, threadMicroseconds } from '../server-process.mjs'
import { verify } from '../verify.mjs'

// One start is over in a moment and varies more than a load does: so many for each round.
const STARTS = 8

export const prepare = () => ({ dispose() {} })

export async function sample({ peer, workload, options }) {
  const started = performance.now()
  const server = await startServer(peer.command(workload.kind), options.serverCore)
  try {
    await verify(workload, server.port, 1)
    const wall = (performance.now() - started) * 1000
    return { wall, cpu: threadMicroseconds(server.pid) }
  } finally {
    await stopServer(server)
  }
}

export function said({ wall, cpu }) {
  return `${(wall / 1000).toFixed(1)} ms, CPU ${(cpu / 1000).toFixed(1)} ms`
}

export const roundsOf = (options) => options.rounds * STARTS

export const secondsOf = () => 0.3
