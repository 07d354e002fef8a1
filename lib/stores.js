import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks'

/** What the keys of stores are called; undefined where Node keeps stores in another way. */
const STORE = new AsyncLocalStorage().kResourceStore?.description

/**
 * The stores of AsyncLocalStorage that a socket's handlers start with. Up to Node 22 they are
 * kept on the async resource, and all calls of one socket come in with the same: what a handler
 * enters (`enterWith`) must not be there for the next, which may serve another client.
 */
export class Stores {
  #resource
  #first

  /** Called by each hook that runs code of the application's, before that. */
  reset() {
    if (STORE === undefined) return
    this.#resource ??= executionAsyncResource()
    this.#first ??= new Map(this.#keys().map((key) => [key, this.#resource[key]]))
    for (const key of this.#keys()) this.#resource[key] = this.#first.get(key)
  }

  #keys() {
    const keys = Object.getOwnPropertySymbols(this.#resource)
    return keys.length === 0 ? keys : keys.filter(({ description }) => description === STORE)
  }
}
