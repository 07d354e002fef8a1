// What WebIDL asks of a class that a JavaScript class does not do by itself, and the conversions
// that Request, Response and Headers share.

// Where the platform's objects refuse structuredClone, ours do. Older Nodes clone both to `{}`.
const { markAsUncloneable } =
  Number.parseInt(process.versions.node, 10) >= 22
    ? process.getBuiltinModule('node:worker_threads')
    : {}

/**
 * Makes structuredClone and postMessage refuse an object.
 * @type {(instance: object) => void}
 */
export const refuseClone = markAsUncloneable ?? (() => {})

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Makes the members enumerable, gives the class its tag, and says how `util.inspect` shows it.
 * @param {Function} Class
 * @param {string} tag
 * @param {string[]} hidden members that stay as they are
 */
export function finishClass(Class, tag, hidden = []) {
  for (const target of [Class, Class.prototype]) {
    for (const key of Object.getOwnPropertyNames(target)) {
      if (['constructor', 'prototype', 'length', 'name', ...hidden].includes(key)) continue
      Object.defineProperty(target, key, { enumerable: true })
    }
  }
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: tag, configurable: true })
}

/**
 * Defines `util.inspect` for a class: its name and the given properties.
 * @param {Function} Class
 * @param {string} tag
 * @param {(instance: object) => object} properties
 */
export function defineInspect(Class, tag, properties) {
  Object.defineProperty(Class.prototype, INSPECT, {
    configurable: true,
    writable: true,
    value(depth, options) {
      // Not imported: that would cost every start several milliseconds.
      const { formatWithOptions } = process.getBuiltinModule('node:util')
      const inner = { ...options, depth: options.depth ?? depth ?? 2 }
      return `${tag} ${formatWithOptions(inner, properties(this))}`
    },
  })
}

/**
 * Throws the platform's error when a call has too few arguments.
 * @param {number} given
 * @param {number} wanted
 * @param {string} where
 */
export function needArguments(given, wanted, where) {
  if (given >= wanted) return
  const plural = wanted === 1 ? '' : 's'
  const found = given === 0 ? '0' : `only ${given}`
  throw new TypeError(`${where}: ${wanted} argument${plural} required, but ${found} found.`)
}

/**
 * WebIDL's ByteString: one character, one byte.
 * @param {unknown} value
 * @returns {string}
 */
export function byteString(value) {
  const text = typeof value === 'string' ? value : `${value}`
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255) {
      throw new TypeError(
        `Cannot convert argument to a ByteString because the character at index ${i} has a ` +
          `value of ${code} which is greater than 255.`,
      )
    }
  }
  return text
}

const isObject = (value) => typeof value === 'object' || typeof value === 'function'

/**
 * WebIDL's dictionary: undefined and null are an empty one.
 * @param {unknown} value
 * @param {string} where
 * @returns {object}
 */
export function dictionary(value, where) {
  if (value === undefined || value === null) return {}
  if (isObject(value)) return value
  throw new TypeError(`${where}: Expected ${value} to be one of: Null, Undefined, Object.`)
}

/**
 * Adds `textStream` where the platform's bodies have it.
 * @param {Function} Class
 * @param {(instance: object) => ReadableStream<string>} textStreamOf
 */
export function defineTextStream(Class, textStreamOf) {
  if (Number.parseInt(process.versions.undici, 10) < 8) return
  Object.defineProperty(Class.prototype, 'textStream', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: {
      textStream() {
        return textStreamOf(this)
      },
    }.textStream,
  })
}
