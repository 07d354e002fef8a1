// One attack on one server, and what became of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { Target } from './target.mjs'

const MiB = 1024 * 1024
const FILES_KEPT = 5
/** More of JavaScript, once garbage is collected; and of all, for allocators keep some. */
export const HELD_KEPT = 8 * MiB
export const RSS_KEPT = 128 * MiB
const SPINNING = 0.25
const SETTLE_MS = 10_000

/** Waits until the descriptors of the attack have been given back; tells what it takes then. */
async function settled(target, before) {
  for (let left = SETTLE_MS; left > 0; left -= 200) {
    await sleep(200)
    if (!target.isAlive || target.look().files <= before.files + FILES_KEPT) break
  }
  return target.collected()
}

/** What must hold behind every attack; a list of what does not. */
export async function aftermath(target, before) {
  // An end is heard of in the next turn.
  await sleep(100)
  try {
    return await lookAfter(target, before)
  } catch (error) {
    return { faults: [target.isAlive ? error.message : target.end] }
  }
}

async function lookAfter(target, before) {
  if (!target.isAlive) return { faults: [target.end] }
  const faults = []
  await target.serves().catch((error) => faults.push(`behind it, ${error.message}`))
  if (!target.isAlive) return { faults: [...faults, target.end] }
  const after = await settled(target, before)
  const files = after.files - before.files
  if (files > FILES_KEPT) faults.push(`${files} descriptors were kept`)
  const grown = { held: after.held - before.held, rss: after.rss - before.rss }
  if (grown.held > HELD_KEPT) faults.push(`${inMiB(grown.held)} of JavaScript were kept`)
  if (grown.rss > RSS_KEPT) faults.push(`${inMiB(grown.rss)} of memory were kept`)
  const share = await target.idleShare()
  if (share > SPINNING) faults.push(`takes ${(share * 100).toFixed(0)} % of a core, idle`)
  return { faults, after }
}

const inMiB = (bytes) => `${(bytes / MiB).toFixed(0)} MiB`

async function underAttack(target, attack, size, more) {
  await target.warmUp()
  const before = await target.collected()
  target.peak = before.rss
  target.watch()
  const faults = []
  let text = ''
  try {
    const outcome = await attack.run({ ...more, target, size })
    text = outcome.text
    if (!outcome.good) faults.push('not as it should be')
  } catch (error) {
    faults.push(error.message || error.code)
  }
  target.unwatch()
  if (attack.ends) {
    const good = faults.length === 0
    return { text, good, faults, before, peak: target.peak }
  }
  const { after, faults: others } = await aftermath(target, before)
  faults.push(...others)
  const cpu = after === undefined ? undefined : after.cpu - before.cpu
  return { text, good: faults.length === 0, faults, before, after, cpu, peak: target.peak }
}

/** Attacks a server; what is found says `good` or why not, in `faults`. */
export async function assault(server, attack, size, cores) {
  try {
    if (attack.measure) return { faults: [], ...(await attack.measure({ server, size, cores })) }
    const made = attack.environment?.()
    try {
      const options = { ...attack, environment: made?.variables }
      const target = await Target.start(server, options, cores.serverCore)
      try {
        return await underAttack(target, attack, size, made)
      } finally {
        await target.stop()
      }
    } finally {
      made?.remove()
    }
  } catch (error) {
    return { text: '', good: false, faults: [error.message] }
  }
}
