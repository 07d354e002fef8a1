// Bytes that both sides can make from two numbers, so that each body can be verified.
import { SeededRandom } from '../../__test__/support/seeded-random.js'

const POOL = 1024 * 1024
const SEED = 1
const pool = Buffer.allocUnsafe(2 * POOL)
const random = new SeededRandom(SEED)
for (let at = 0; at < POOL; at += 4) pool.writeUInt32LE(random.next(), at)
pool.copy(pool, POOL, 0, POOL)

/** So many bytes from that place on; never written to. Up to 1 MiB they are no copy. */
export function bytesAt(seed, length) {
  const start = seed % POOL
  if (length <= POOL) return pool.subarray(start, start + length)
  const pieces = []
  for (let at = 0; at < length; at += POOL) {
    pieces.push(pool.subarray(start, start + Math.min(POOL, length - at)))
  }
  return Buffer.concat(pieces, length)
}

/** Takes the pieces of a body as they come, and tells whether they are what was expected. */
export class Verifier {
  #seed
  #length
  #at = 0

  constructor(seed, length) {
    this.#seed = seed
    this.#length = length
  }

  /** Throws at the first piece that is wrong. */
  take(piece) {
    for (let taken = 0; taken < piece.length; ) {
      const place = this.#at % POOL
      const count = Math.min(piece.length - taken, POOL - place)
      const start = (this.#seed % POOL) + place
      const expected = pool.subarray(start, start + count)
      if (!expected.equals(piece.subarray(taken, taken + count))) {
        throw new Error(`other bytes than expected, ${this.#at} of ${this.#length} in`)
      }
      taken += count
      this.#at += count
    }
    if (this.#at > this.#length) throw new Error(`more than ${this.#length} bytes`)
  }

  end() {
    if (this.#at !== this.#length) throw new Error(`${this.#at} of ${this.#length} bytes`)
  }
}

/** Verifies a whole body. */
export function verify(body, seed, length) {
  const verifier = new Verifier(seed, length)
  verifier.take(body)
  verifier.end()
}
