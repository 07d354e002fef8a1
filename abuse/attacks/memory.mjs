// What a connection costs that does nothing, by the bench's own measure.
import { prepare, sample } from '../../bench/lib/measures/memory.mjs'
import { workloads } from '../../bench/lib/workloads.mjs'
import { aftermath } from '../lib/assault.mjs'
import { commandOf, Target } from '../lib/target.mjs'

const KiB = 1024
// Nobody is to be closed while the others are still coming.
const config = { timeout: 600_000 }
const WARM_UP_S = 1

function crowdOf(name, workloadName, about, bar) {
  const workload = workloads.find((one) => one.name === workloadName)
  return {
    name,
    about,
    sizes: { full: 10_000, small: 100 },
    /** In place of `run`: it starts its server by itself. */
    async measure({ server, size, cores }) {
      const peer = { command: () => commandOf(server, config) }
      const options = { ...cores, warmup: WARM_UP_S }
      const client = prepare(workload, options)
      let before
      let behind
      const around = {
        before: async (process) => {
          // Nothing is collected: what garbage there is belongs to the bench's measure.
          before = Target.of(process).look()
        },
        behind: async (process) => {
          behind = await aftermath(Target.of(process), before)
        },
      }
      const given = { peer, workload, client, options, connections: size, around }
      const { perConnection, rss } = await sample(given)
      const { faults, after } = behind
      // A few connections say nothing about one.
      const isWithin = size < 1_000 || perConnection <= bar * KiB
      return {
        text: `${(perConnection / KiB).toFixed(2)} KiB for each`,
        good: isWithin && faults.length === 0,
        ...{ faults, before, after, peak: rss },
        cpu: after && after.cpu - before.cpu,
      }
    },
  }
}

export const idle = crowdOf(
  'idle connections',
  'rss-idle',
  'had an answer and are idle; bar: 1 KiB for each; all get another answer',
  1,
)

export const halfHeads = crowdOf(
  'half-sent heads',
  'rss-half-head',
  'have sent 300 bytes of a head; bar: 1.5 KiB for each; all can complete it',
  1.5,
)
