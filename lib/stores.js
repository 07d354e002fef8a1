import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** What the keys of stores are called; undefined where Node keeps stores in another way. */
const STORE = new AsyncLocalStorage().kResourceStore?.description

/**
 * The stores of AsyncLocalStorage that a socket's handlers start with: what one of them enters
 * (`enterWith`) must not be there for the next, which may serve another client. Up to Node 22
 * they are kept on the async resource, and all calls of one socket come in with the same. Later
 * they belong to the callback scope, and that may bring the requests of many clients. In either
 * case they are those that `listen` was called with, as node:http has them.
 */
export class Stores {
  #kept = {}
  #first
  #scope
  // Whether anything was put on the resource since it was as at first.
  #touched = false

  constructor(name) {
    if (STORE === undefined) this.#scope = new AsyncResource(name)
    const touch =
      (method) =>
      (target, ...rest) => {
        this.#touched = true
        return method(target, ...rest)
      }
    /** The async resource of the socket's calls. To be told is cheaper than to look. */
    this.resource = new Proxy(this.#kept, {
      defineProperty: touch(Reflect.defineProperty),
      deleteProperty: touch(Reflect.deleteProperty),
    })
  }

  /** Calls `hook` with them; what it enters is gone behind it. */
  run(hook, argument) {
    if (STORE !== undefined) {
      this.reset()
      return hook(argument)
    }
    return this.#scope.runInAsyncScope(hook, undefined, argument)
  }

  /** A hook that runs with them, whatever its arguments. */
  bind(hook) {
    if (STORE === undefined)
      return (...args) => this.#scope.runInAsyncScope(hook, undefined, ...args)
    return (...args) => {
      this.reset()
      hook(...args)
    }
  }

  /** For a hook that has its callback scope for itself; called before code of the application's. */
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
