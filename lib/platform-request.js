// How the platform's Request constructor and fetch come to accept milouv's Request.

/** By this every copy of milouv in a process gets the platform's Request of another one's. */
export const TO_PLATFORM = Symbol.for('milouv.toPlatformRequest.1')

/** Whether this is a Request of some copy of milouv. @param {unknown} value */
export const isSwappable = (value) =>
  typeof value === 'object' && value !== null && typeof value[TO_PLATFORM] === 'function'

/**
 * The arguments of `new Request` or `fetch`, with milouv's requests swapped for the platform's.
 * @param {unknown[]} args
 * @returns {unknown[]}
 */
export function swapArguments(args) {
  const [input, init] = args
  const swapsInput = isSwappable(input)
  const swapsInit = isSwappable(init)
  if (!swapsInput && !swapsInit) return args
  const swapped = [...args]
  // An init with a body replaces the input's, which then stays unread.
  if (swapsInput) swapped[0] = input[TO_PLATFORM](init?.body !== undefined && init.body !== null)
  if (swapsInit) swapped[1] = init[TO_PLATFORM](false)
  return swapped
}

/**
 * Constructs the platform's Request.
 * @param {Function} Class
 * @param {unknown[]} args
 * @param {Function} newTarget
 */
export const buildPlatformRequest = (Class, args, newTarget = Class) =>
  Reflect.construct(Class, swapArguments(args), newTarget)
