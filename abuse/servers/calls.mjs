// Calls that a program makes in every state of an exchange, and what becomes of them.

/** Where an exchange is when a call is made; how each is brought about is the server's. */
export const STATES = [
  ...['before the answer', 'a turn later', 'in the body', 'behind the body'],
  ...['in the answer', 'behind the answer', 'when the client has left'],
]

export const CALLED = 'called'
/** Ends the server that it is made on: the others are not for that. */
export const CLOSE = 'server.close()'

/** What may be refused, has a code or says by its kind what is wrong with the call. */
function isPlain(error) {
  if (error instanceof DOMException || typeof error?.code === 'string') return true
  return [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind)
}

export class Calls {
  #calls
  #close
  #made = 0
  #refused = 0
  #strange = new Set()
  #spares = 0

  /** `calls`: by name, functions that take what `make` was given; `close`: the one named CLOSE. */
  constructor(calls, close) {
    this.#calls = calls
    this.#close = close
  }

  /** Makes a call; its promise, if it gives one, may settle when it likes. */
  make(name, given) {
    this.#made++
    const refuse = (error) => {
      this.#refused++
      if (!isPlain(error)) this.#strange.add(`${name}: ${error}`)
    }
    try {
      const call = name === CLOSE ? this.#close : this.#calls[name]
      Promise.resolve(call(given)).catch(refuse)
    } catch (error) {
      refuse(error)
    }
  }

  /** A server that is there to be closed; `closed`: settles when it is. */
  watchSpare(closed) {
    this.#spares++
    closed.then(
      () => this.#spares--,
      (error) => this.#strange.add(`a spare server: ${error}`),
    )
  }

  report() {
    return JSON.stringify({
      spares: this.#spares,
      names: Object.keys(this.#calls),
      ...{ made: this.#made, refused: this.#refused, strange: [...this.#strange] },
    })
  }
}
