// What the servers that are attacked have in common.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** What `/` answers: the bench's clients ask for it, too. */
export const HELLO = 'Hello World'

/** An answer that no socket takes at once. */
export const LARGE = Buffer.alloc(10 * 1024 * 1024, 'large ')

/** As large, with bytes of its own: only what is written to is held. */
export const made = () => Buffer.alloc(LARGE.length, 'made ')

/** Of 64 KiB, in a streamed answer. */
export const PIECES = 160

/** Bytes of JavaScript that are held, garbage aside. */
export async function held() {
  // Finalizers let go of what they stood for in a turn of their own.
  for (let round = 0; round < 3; round++) {
    globalThis.gc()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const BLOCKED_MS = 3_000

/** Keeps the event loop from all else. */
export function block() {
  const until = performance.now() + BLOCKED_MS
  while (performance.now() < until);
}
