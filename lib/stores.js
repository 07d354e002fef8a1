import { AsyncLocalStorage } from 'node:async_hooks'

/** What the keys of stores are called; undefined where Node keeps stores in another way. */
const STORE = new AsyncLocalStorage().kResourceStore?.description

/**
 * The stores of AsyncLocalStorage that a socket's handlers start with. Up to Node 22 they are
 * kept on the async resource, and all calls of one socket come in with the same: what a handler
 * enters (`enterWith`) must not be there for the next, which may serve another client.
 */
export class Stores {
  #kept = {}
  #first
  // Whether anything was put on the resource since it was as at first.
  #touched = false

  constructor() {
    const touch = (method) => (target, ...rest) => {
      this.#touched = true
      return method(target, ...rest)
    }
    /** The async resource of the socket's calls. To be told is cheaper than to look. */
    this.resource = new Proxy(this.#kept, {
      defineProperty: touch(Reflect.defineProperty),
      deleteProperty: touch(Reflect.deleteProperty),
    })
  }

  /** Called by each hook that runs code of the application's, before that. */
  reset() {
    if (this.#touched || this.#first === undefined) this.#restore()
  }

  #restore() {
    this.#touched = false
    if (STORE === undefined) {
      this.#first = null
      return
    }
    const keys = Object.getOwnPropertySymbols(this.#kept)
    const stores = keys.filter(({ description }) => description === STORE)
    // What `listen` was called with is put there before the first call.
    this.#first ??= new Map(stores.map((key) => [key, this.#kept[key]]))
    for (const key of stores) this.#kept[key] = this.#first.get(key)
  }
}
