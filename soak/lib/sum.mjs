// What each side makes of an upload, to compare.
import { createHash } from 'node:crypto'

export class SumOfBody {
  #hash = createHash('sha1')
  #length = 0

  take(piece) {
    this.#hash.update(piece)
    this.#length += piece.length
  }

  report() {
    return { length: this.#length, sha1: this.#hash.digest('hex') }
  }
}
