// What the clients did, by their kind.

const KEPT_FAILURES = 20

export class Tally {
  #kinds = new Map()
  failures = []

  #of(kind) {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const made = { kind, exchanges: 0, left: 0, sent: 0, received: 0, failures: 0 }
    this.#kinds.set(kind, made)
    return made
  }

  /** One exchange that was verified; the bytes are those of the bodies. */
  count(kind, sent = 0, received = 0) {
    const row = this.#of(kind)
    row.exchanges++
    row.sent += sent
    row.received += received
  }

  /** One that its client has left before there was anything to verify. */
  leave(kind) {
    this.#of(kind).left++
  }

  fail(kind, error) {
    this.#of(kind).failures++
    const text = `${kind}: ${error.code ?? ''} ${error.message}`.split('\n')[0].slice(0, 300)
    if (this.failures.length < KEPT_FAILURES) this.failures.push(text)
  }

  get rows() {
    return [...this.#kinds.values()]
  }

  get failed() {
    return this.rows.reduce((sum, { failures }) => sum + failures, 0)
  }
}
