// What milouv does to the globals while a server listens. `compat`: `new Request(input)` and
// `fetch(input)` learn to take milouv's Request. `fast`: besides, the global Response is milouv's.
// `none`: nothing is touched.
//
// It is counted in state that all copies of milouv in this realm share: one of them does it, the
// last server to close undoes it, and what somebody else put there meanwhile stays.

import { fetchArguments } from './fetch-arguments.js'
import { rememberFetched } from './fetched.js'
import { platform, shared } from './platform.js'
import { buildPlatformRequest } from './platform-request.js'
import { beforeNextRequest } from './request.js'
import { Response } from './response.js'

/** @typedef {'compat' | 'fast' | 'none'} GlobalsMode */

shared.globals ??= { compat: 0, fast: 0, installed: new Map() }
const { globals } = shared

/**
 * A server begins to listen.
 * @param {GlobalsMode} mode
 */
export function installGlobals(mode) {
  if (mode === 'none') return
  if (mode === 'fast') {
    if (globals.fast === 0) installResponse()
    globals.fast++
  }
  globals.compat++
  // Else not before there is a Request to be taken: it may load the platform's, which costs 25 ms.
  if (shared.classes.Request === undefined) beforeNextRequest(installCompat)
  else installCompat()
}

function installResponse() {
  // Somebody did it before, maybe ahead of anyone who had seen the platform's.
  if (shared.ours.has(current('Response')?.value)) return
  platform('Response')
  install('Response', () => Response)
}

function installCompat() {
  if (globals.compat === 0 || globals.installed.has('fetch')) return
  install('fetch', proxyOfFetch)
  // Up to Node 22.12 or so an accessor; later to look at it is to load the class.
  const descriptor = current('Request')
  if (descriptor?.get === undefined) install('Request', proxyOfRequest)
  else installLazily(descriptor)
}

/**
 * A server that called `installGlobals` closed.
 * @param {GlobalsMode} mode
 */
export function uninstallGlobals(mode) {
  if (mode === 'none') return
  if (mode === 'fast' && --globals.fast === 0) uninstall('Response')
  if (--globals.compat > 0) return
  uninstall('fetch')
  uninstall('Request')
}

const current = (name) => Object.getOwnPropertyDescriptor(globalThis, name)
const define = (name, descriptor) => Object.defineProperty(globalThis, name, descriptor)

function install(name, makeReplacement) {
  const saved = current(name)
  // Somebody's own accessor is left alone, and so is what was made immovable.
  if (saved === undefined || saved.get !== undefined || !saved.configurable) return
  const replacement = makeReplacement(saved.value)
  if (name === 'Request') setConstructor(platform(name), replacement)
  globals.installed.set(name, { saved, replacement })
  define(name, { ...saved, value: replacement })
}

// An accessor in place of Node's, which does the same and installs the proxy then.
function installLazily(saved) {
  const get = () => {
    const wasOurs = current('Request')?.get === get
    const Class = Reflect.apply(saved.get, globalThis, [])
    // Node's accessor overwrites the global with the class, and so undoes this one. Somebody's own
    // does not, and is left alone.
    if (!wasOurs || current('Request')?.get === get) return Class
    shared.classes.Request ??= Class
    globals.installed.delete('Request')
    install('Request', proxyOfRequest)
    return globalThis.Request
  }
  const set = (value) => {
    define('Request', { value, writable: true, enumerable: saved.enumerable, configurable: true })
  }
  globals.installed.set('Request', { saved, replacement: get })
  define('Request', { get, set, enumerable: saved.enumerable, configurable: true })
}

function uninstall(name) {
  const installed = globals.installed.get(name)
  globals.installed.delete(name)
  if (installed === undefined) return
  const { saved, replacement } = installed
  const { Request } = shared.classes
  if (name === 'Request' && Request?.prototype.constructor === replacement) {
    setConstructor(Request, Request)
  }
  const now = current(name)
  if (now !== undefined && (now.value ?? now.get) === replacement) define(name, saved)
}

// So that `request.constructor === Request` holds with the proxy as it did without.
function setConstructor(Class, value) {
  const descriptor = { value, writable: true, enumerable: false, configurable: true }
  Object.defineProperty(Class.prototype, 'constructor', descriptor)
}

function proxyOfRequest(Class) {
  const proxy = new Proxy(Class, {
    construct(target, args, newTarget) {
      return buildPlatformRequest(target, args, newTarget === proxy ? target : newTarget)
    },
  })
  return proxy
}

const proxyOfFetch = (fetch) =>
  new Proxy(fetch, {
    apply(target, self, args) {
      try {
        const answer = Reflect.apply(target, self, fetchArguments(args))
        // What somebody else's fetch gives is their business.
        return answer instanceof Promise ? answer.then(rememberFetched) : answer
      } catch (error) {
        // fetch never throws: what swapping found out is told as fetch tells it.
        return Promise.reject(error)
      }
    },
  })
