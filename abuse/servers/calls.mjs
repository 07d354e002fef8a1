// Calls that a program makes in every state of an exchange, and what becomes of them.

/** Where an exchange is when a call is made; how each is brought about is the server's. */
export const STATES = [
  ...['before the answer', 'a turn later', 'in the body', 'behind the body'],
  ...['in the answer', 'behind the answer', 'when the client has left'],
]

export const CALLED = 'called'

/** What may be refused, has a code or says by its kind what is wrong with the call. */
function isPlain(error) {
  if (error instanceof DOMException || typeof error?.code === 'string') return true
  return [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind)
}

export class Calls {
  #calls
  #made = 0
  #refused = 0
  #strange = new Set()

  /** `calls`: by name, functions that take what `make` was given. */
  constructor(calls) {
    this.#calls = calls
  }

  /** Makes a call; its promise, if it gives one, may settle when it likes. */
  make(name, given) {
    this.#made++
    const refuse = (error) => {
      this.#refused++
      if (!isPlain(error)) this.#strange.add(`${name}: ${error}`)
    }
    try {
      Promise.resolve(this.#calls[name](given)).catch(refuse)
    } catch (error) {
      refuse(error)
    }
  }

  report() {
    return JSON.stringify({
      ...{ names: Object.keys(this.#calls), states: STATES },
      ...{ made: this.#made, refused: this.#refused, strange: [...this.#strange] },
    })
  }
}
