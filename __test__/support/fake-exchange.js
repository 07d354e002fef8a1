// An exchange as lib/exchange.js gives it, without a socket.

/**
 * @param {string} head packed: 'METHOD target\nname:value\n'
 * @param {{ body?: string | Uint8Array, pieces?: Uint8Array[], authority?: string }} options
 *   `body` is here at once, `pieces` come by and by
 */
export function fakeExchange(head, { body, pieces, authority = '127.0.0.1:3000' } = {}) {
  const methodLength = head.indexOf(' ')
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const waiting = pieces === undefined ? [] : [...pieces]
  let rest = bytes
  const take = () => {
    const taken = rest
    rest = undefined
    return taken === undefined ? undefined : new Uint8Array(taken)
  }
  return {
    head,
    methodLength,
    targetLength: head.indexOf('\n') - methodLength - 1,
    authority,
    hasBody: body !== undefined || pieces !== undefined,
    aborted: null,
    callbacks: [],
    cancelled: undefined,
    takeText() {
      const taken = take()
      return taken === undefined ? undefined : new TextDecoder().decode(taken)
    },
    takeBytes: take,
    async pull() {
      if (this.aborted !== null) throw this.aborted
      return take() ?? waiting.shift() ?? null
    },
    cancelBody(reason) {
      this.cancelled = { reason }
    },
    onAbort(callback) {
      this.callbacks.push(callback)
    },
    abort(error) {
      this.aborted = error
      for (const callback of this.callbacks) callback(error)
    },
  }
}
