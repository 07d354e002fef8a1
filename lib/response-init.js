// The arguments of `new Response`, `Response.json` and `Response.redirect`, as WebIDL and Fetch
// have them.

import { addFetchedFields, isFetched } from './fetched.js'
import { addFields } from './headers.js'
import { byteString, dictionary } from './webidl.js'
import { isNullBodyStatus, Wire } from './wire.js'

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/
const REDIRECTS = [301, 302, 303, 307, 308]
/** What undici's `setGlobalOrigin` sets, for the platform's classes too. */
const GLOBAL_ORIGIN = Symbol.for('undici.globalOrigin.1')

/**
 * The wire for an init and a body.
 * @param {unknown} init
 * @param {unknown} source what the body is made of, or null
 * @param {string | null} typeLine the content-type line that goes with it
 * @returns {Wire}
 */
export function wireOfInit(init, source, typeLine) {
  const given = typeof init === 'object' && init !== null ? init : dictionary(init, 'Response')
  const { headers, status, statusText, trailers } = given
  const wire = new Wire(
    status === undefined ? 200 : statusOf(status),
    statusText === undefined ? '' : reasonOf(statusText),
  )
  wire.body = source
  // Not Fetch's yet: the name is that of the Fetch Server API proposal.
  wire.trailers = trailers
  let typed = false
  if (headers !== undefined) {
    if (isFetched(given)) typed = addFetchedFields(given, headers, wire)
    else typed = addFields(headers, wire)
  }
  if (source === null) return wire
  if (isNullBodyStatus(wire.status)) {
    throw new TypeError(`Response constructor: Invalid response status code ${wire.status}`)
  }
  if (typeLine !== null && !typed) {
    wire.headers += typeLine
    wire.count++
  }
  return wire
}

// WebIDL's unsigned short, which is what a status is converted to.
function toUnsignedShort(value) {
  const number = Number(value)
  return Number.isFinite(number) ? ((Math.trunc(number) % 65536) + 65536) % 65536 : 0
}

function statusOf(value) {
  const status = toUnsignedShort(value)
  if (status >= 200 && status <= 599) return status
  throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.')
}

function reasonOf(value) {
  const reason = value === '' ? '' : byteString(value)
  if (!REASON.test(reason)) throw new TypeError('Invalid statusText')
  return reason
}

/**
 * The status of `Response.redirect`.
 * @param {unknown} value
 */
export function redirectStatus(value) {
  const status = toUnsignedShort(value)
  if (!REDIRECTS.includes(status)) throw new RangeError(`Invalid status code ${status}`)
  return status
}

/**
 * The location of `Response.redirect`.
 * @param {unknown} value
 */
export function redirectLocation(value) {
  const text = `${value}`
  try {
    return new URL(text, globalThis[GLOBAL_ORIGIN]).href
  } catch (cause) {
    throw new TypeError(`Failed to parse URL from ${text}`, { cause })
  }
}
