// Errors as Node makes them: a class, a sentence, and a `code` for programs.

import { inspect } from 'node:util'

/** What was given, for a message. It may be any value, and then some cannot even be shown. */
function describe(value) {
  try {
    if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
    const text = inspect(value, { depth: -1, customInspect: false })
    return text.length > 80 ? `${text.slice(0, 80)}...` : text
  } catch {
    return `${typeof value === 'function' ? 'a function' : 'an object'} that cannot be shown`
  }
}

function coded(ErrorClass, code, message, properties) {
  return Object.assign(new ErrorClass(message), { code, ...properties })
}

/** A value of the wrong type. */
export function invalidArgType(name, expected, actual) {
  const message = `${name} must be ${expected}, not ${describe(actual)}`
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', message)
}

/** A value of the right type that means nothing here. */
export function invalidArgValue(name, expected, actual) {
  const message = `${name} must be ${expected}, not ${describe(actual)}`
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', message)
}

/** A number outside its bounds. */
export function outOfRange(name, expected, actual) {
  const message = `${name} must be ${expected}, not ${describe(actual)}`
  return coded(RangeError, 'ERR_OUT_OF_RANGE', message)
}

/** An option that does not exist. */
export function unknownOption(name, known) {
  const message = `${name} is no option of milouv; there are: ${known.join(', ')}`
  return coded(TypeError, 'ERR_UNKNOWN_OPTION', message)
}

/** A call that does not fit what the object is doing. */
export function invalidState(message, code = 'ERR_INVALID_STATE') {
  return coded(Error, code, message)
}

/** A class that only milouv makes objects of. */
export function illegalConstructor(message) {
  return coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', message)
}

/** A feature that milouv does not have. */
export function notSupported(message) {
  return coded(TypeError, 'ERR_NOT_SUPPORTED', message)
}

/** Options that cannot stand together. */
export function incompatibleOptions(name, other) {
  return coded(
    TypeError,
    'ERR_INCOMPATIBLE_OPTION_PAIR',
    `${name} cannot be combined with ${other}`,
  )
}

/**
 * A failed system call, in Node's words: `listen EADDRINUSE: address already in use ::1:80`; no
 * port: the address is a path.
 */
export function systemError({ code, syscall, message, errno }, address, port) {
  const where = port === undefined ? address : `${address}:${port}`
  const properties = { errno, syscall, address, ...(port === undefined ? {} : { port }) }
  return coded(Error, code, `${syscall} ${code}: ${message} ${where}`, properties)
}

/** What became of a connection that did not end well. `detail`: a system call or a sentence. */
export function connectionError(code, detail) {
  if (/\s/.test(detail)) return coded(Error, code, detail)
  return coded(Error, code, `${detail} ${code}`, { syscall: detail })
}

/** The client left before the answer was complete. */
export function abortError(code, detail) {
  const error = new DOMException(detail, 'AbortError')
  // DOMException's own `code` is a number from the nineties; ours tells what happened.
  Object.defineProperty(error, 'code', { value: code, enumerable: true, configurable: true })
  return error
}

/** Whether an error only says again that the client left. */
export function isConsequence(error, aborted) {
  try {
    return error === aborted || error?.cause === aborted
  } catch {
    // A `cause` that throws is not ours.
    return false
  }
}

/** Tells stderr. What was thrown may be any value, also one that throws when it is shown. */
export function report(message, error) {
  try {
    console.error(`${message}:`, error)
  } catch {
    console.error(`${message}: ${describe(error)}`)
  }
}
