// One workload: round after round, each server in turn, the order rotated by one every round.
import { figures } from './figures.mjs'
import * as load from './measures/load.mjs'
import * as memory from './measures/memory.mjs'
import * as start from './measures/start.mjs'

const MEASURES = { load, memory, start }

const say = (text) => console.error(text)
export const reason = (error) => (error instanceof Error ? error.message : String(error))
const rotate = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)]

/** Those of the servers that take part in a workload, each once per Node where that is asked. */
export function takersOf(workload, present, nodes) {
  const takers = present.filter(
    (peer) =>
      (!peer.kinds || peer.kinds.includes(workload.kind)) &&
      (!workload.only || workload.only.includes(peer.name)),
  )
  if (!workload.perNode) return takers
  return takers.flatMap((peer) => (peer.on ? nodes.map((node) => peer.on(node)) : [peer]))
}

/** About how many seconds a workload takes. */
export function secondsOf(workload, takers, options) {
  const measure = MEASURES[workload.measure]
  return takers.length * measure.roundsOf(options) * measure.secondsOf(options)
}

async function runRounds({ workload, takers, client, options, connections, samples, left }) {
  const measure = MEASURES[workload.measure]
  const rounds = measure.roundsOf(options)
  for (let round = 0; round < rounds; round++) {
    const order = rotate(takers, round).filter((peer) => !left.some((l) => l.name === peer.name))
    for (const peer of order) {
      const what = `  ${workload.name} ${round + 1}/${rounds} ${peer.name}`
      try {
        const one = await measure.sample({ peer, workload, client, options, connections })
        samples.get(peer.name).push({ round, ...one })
        say(`${what}: ${measure.said(one, workload)}`)
      } catch (error) {
        // One failure is enough: figures of a server that loses answers mean nothing.
        samples.delete(peer.name)
        left.push({ name: peer.name, why: reason(error) })
        say(`${what}: ${reason(error)}`)
      }
    }
  }
}

export async function runWorkload(workload, takers, options) {
  const connections = options.connections ?? workload.connections
  const samples = new Map(takers.map((peer) => [peer.name, []]))
  const left = []
  if (takers.length > 0) {
    const client = MEASURES[workload.measure].prepare(workload, options)
    try {
      await runRounds({ workload, takers, client, options, connections, samples, left })
    } finally {
      client.dispose()
    }
  }
  const { about, bulk, chart, measure, name, perNode } = workload
  const what = { name, about, measure, bulk, perNode, chart, connections }
  return { ...what, left, ...figures(workload, samples) }
}
