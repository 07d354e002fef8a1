// The platform's own Request, Response and Headers. Node loads them on first touch, which costs
// 20 to 30 ms: half as much as starting Node. So milouv touches them only when somebody needs them,
// and yet `instanceof` holds from the moment that anybody has them.
//
// The state is shared by every copy of milouv in this realm, under a registered symbol.

import { invalidState } from './errors.js'

const KEY = Symbol.for('milouv.platform.1')
const UNDICI = 'NativeModule internal/deps/undici/undici'

/** @typedef {'Request' | 'Response' | 'Headers'} ClassName */

const NAMES = ['Request', 'Response', 'Headers']

if (globalThis[KEY] === undefined) {
  const classes = { Request: undefined, Response: undefined, Headers: undefined }
  Object.defineProperty(globalThis, KEY, { value: { classes, globals: undefined } })
}

/** What all copies of milouv in this realm share. */
export const shared = globalThis[KEY]

/** milouv's own classes, which an app may put in the place of the platform's. */
shared.ours ??= new WeakSet()

const isOurs = (Class) =>
  typeof Class === 'function' && (shared.ours.has(Class) || isOurs(Object.getPrototypeOf(Class)))

/**
 * The platform's class, loading it when nobody did before.
 * @param {ClassName} name
 */
export function platform(name) {
  const Class = shared.classes[name] ?? load(name)
  if (Class !== undefined) return Class
  throw invalidState(
    `milouv needs the platform's ${name}, and globalThis.${name} was replaced by milouv's before ` +
      "milouv had seen it: read it once before importing milouv, or leave that to globals: 'fast'",
  )
}

/** Takes all of them at once, which costs no more: what is replaced later stays known. */
function load(name) {
  for (const each of NAMES) {
    if (shared.classes[each] !== undefined) continue
    // To read it may run an accessor that takes it first.
    const Class = globalThis[each]
    if (!isOurs(Class)) shared.classes[each] ??= Class
  }
  return shared.classes[name]
}

// How many modules Node had loaded when undici was not among them; -1: it is.
let modulesSeen = 0

/** Whether anybody can have the platform's classes. */
function isLoaded() {
  if (modulesSeen === -1) return true
  const modules = process.moduleLoadList
  if (modules?.length === modulesSeen) return false
  // Where Node stops telling, it counts as loaded: that costs time and nothing else.
  modulesSeen = modules === undefined || modules.includes(UNDICI) ? -1 : modules.length
  return modulesSeen === -1
}

/**
 * Makes `Ours.prototype` inherit from the platform's prototype as soon as that exists, and
 * `instanceof Ours` true for the platform's instances.
 *
 * A bridge stands between Ours.prototype and Object.prototype until then. Whoever follows the
 * chain of prototypes, as `instanceof` does, comes by and is shown the right way.
 * @param {ClassName} name
 * @param {Function} Ours
 */
export function inherit(name, Ours) {
  shared.ours.add(Ours)
  const bridge = new Proxy(
    {},
    {
      getPrototypeOf() {
        const Class = isLoaded() ? (shared.classes[name] ?? load(name)) : undefined
        if (Class === undefined) return Object.prototype
        Object.setPrototypeOf(Ours.prototype, Class.prototype)
        return Class.prototype
      },
    },
  )
  Object.setPrototypeOf(Ours.prototype, bridge)
  const ordinary = Function.prototype[Symbol.hasInstance]
  Object.defineProperty(Ours, Symbol.hasInstance, {
    configurable: true,
    value(instance) {
      if (Reflect.apply(ordinary, this, [instance])) return true
      return this === Ours && isPlatform(name, instance)
    },
  })
}

/**
 * Whether this is an instance of the platform's class. The tag is asked first, so that the class
 * is not loaded for just any object.
 * @param {ClassName} name
 * @param {unknown} value
 */
export const isPlatform = (name, value) =>
  typeof value === 'object' &&
  value !== null &&
  value[Symbol.toStringTag] === name &&
  isInstance(value, shared.classes[name] ?? load(name))

const isInstance = (value, Class) => Class !== undefined && value instanceof Class

if (isLoaded()) load('Request')
