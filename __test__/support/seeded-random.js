// Random numbers that come back: the same seed gives the same run on every machine.

const DEFAULT_SEED = 20_260

/** The seed of this run: MILOUV_SEED as a number, or `random`; else always the same one. */
export function seedOfRun() {
  const given = process.env.MILOUV_SEED
  if (given === undefined || given === '') return DEFAULT_SEED
  if (given === 'random') return Date.now() >>> 0
  const seed = Number(given)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new TypeError(`MILOUV_SEED: ${given}`)
  return seed
}

/** The generator known as mulberry32. */
export class SeededRandom {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** For the case of a run that has this number, so that each can be had alone. */
  static forCase(seed, index) {
    return new SeededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  }

  /** From 0 to 2^32 - 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound) {
    return Math.floor((this.next() / 2 ** 32) * bound)
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  chance(probability) {
    return this.next() / 2 ** 32 < probability
  }

  /** `count` bytes as a latin1 string. */
  bytes(count) {
    return Array.from({ length: count }, () => String.fromCharCode(this.below(256))).join('')
  }
}
