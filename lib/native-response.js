// Responses that are not milouv's: the platform's own, and those of another realm or a ponyfill.

import { isDisturbed } from 'node:stream'
import { copyOf } from './body.js'
import { BriefBody } from './brief-body.js'
import { addFetchedFields, hasUrl, isFetched, isFetchedBody } from './fetched.js'
import { addFields, addPairs, eachField } from './headers.js'
import { isPlatform, platform } from './platform.js'
import { bodyOfPlatform, SOON } from './platform-body.js'
import { invalidResponse, spentBody, TO_WIRE, Wire } from './wire.js'

/**
 * What the server sends for a Response that is not this copy's own.
 * @param {unknown} value
 * @param {boolean} mayWait
 * @returns {Wire | undefined} undefined: come again after a microtask
 */
export function wireOfOther(value, mayWait) {
  if (typeof value?.[TO_WIRE] === 'function') return value[TO_WIRE]()
  if (isPlatform('Response', value)) return wireOfPlatform(platform('Response'), value, mayWait)
  return wireOfForeign(value)
}

function wireOfPlatform(Class, response, mayWait) {
  let body
  // A subclass may have put its own members before what the internals say.
  if (Object.getPrototypeOf(response) === Class.prototype) {
    body = bodyOfPlatform(Class, response)
    if (body === SOON && mayWait) return undefined
  }
  const wire = new Wire(checkedStatus(response.status), response.statusText)
  const { headers } = response
  const stream = isHere(body) ? null : response.body
  if (isFetched(response) || isFetchedBody(stream)) addFetchedFields(response, headers, wire)
  else addPairs(headers, wire)
  wire.body = isHere(body) || body instanceof BriefBody ? body : streamToSend(stream)
  return wire
}

const isHere = (body) => body === null || typeof body === 'string' || body instanceof Uint8Array

function checkedStatus(status) {
  if (status === 0) throw invalidResponse('The handler returned Response.error().')
  if (Number.isInteger(status) && status >= 200 && status <= 999) return status
  if (status >= 100 && status < 200) {
    throw invalidResponse(`The handler returned status ${status}, which is no final answer.`)
  }
  throw invalidResponse(`The handler returned a Response with the status ${String(status)}.`)
}

function streamToSend(stream) {
  if (stream === null) return null
  if (isDisturbed(stream)) throw spentBody('was already read or sent')
  if (stream.locked) throw spentBody('is locked')
  return stream
}

// By shape alone: what a library brought along, or a Response of another realm.
function wireOfForeign(value) {
  if (typeof value !== 'object' || value === null || typeof value.status !== 'number') {
    throw invalidResponse(`The handler returned ${nameIt(value)} instead of a Response.`)
  }
  const { headers } = value
  if (typeof headers?.forEach !== 'function' && typeof headers?.[Symbol.iterator] !== 'function') {
    throw invalidResponse('The handler returned an object with a status, but without headers.')
  }
  if (value.bodyUsed) throw spentBody('was already read or sent')
  const reason = typeof value.statusText === 'string' ? value.statusText : ''
  const wire = new Wire(checkedStatus(value.status), reason)
  try {
    const pairs = pairsOfForeign(headers)
    // Of another fetch, such as undici's or node-fetch's: they decode as the platform's does.
    if (hasUrl(value)) addFetchedFields(value, inLowerCase(pairs), wire)
    else addFields(pairs, wire)
  } catch (cause) {
    throw invalidResponse(
      `The handler returned a Response with a bad header: ${cause.message}`,
      cause,
    )
  }
  wire.body = foreignBody(value)
  return wire
}

function nameIt(value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
}

function pairsOfForeign(headers) {
  const pairs = []
  const add = (name, value) => {
    pairs.push([name, value])
  }
  if (typeof headers[Symbol.iterator] === 'function') eachField(headers, add)
  else {
    headers.forEach((value, name) => {
      add(name, value)
    })
  }
  // Ponyfills join cookies by commas, which cannot be undone; most have a way around.
  const cookies = headers.getSetCookie?.() ?? headers.raw?.()['set-cookie']
  if (!Array.isArray(cookies)) return pairs
  const others = pairs.filter(([name]) => `${name}`.toLowerCase() !== 'set-cookie')
  return [...others, ...cookies.map((cookie) => ['set-cookie', cookie])]
}

const inLowerCase = (pairs) => pairs.map(([name, value]) => [`${name}`.toLowerCase(), `${value}`])

function foreignBody(value) {
  const { body } = value
  if (body === null || typeof body === 'string') return body
  if (ArrayBuffer.isView(body)) return copyOf(body)
  if (typeof body?.getReader === 'function') {
    if (body.locked) throw spentBody('is locked')
    return body
  }
  if (typeof body?.[Symbol.asyncIterator] === 'function') return body
  if (typeof value.arrayBuffer === 'function') return readLater(value)
  throw invalidResponse('The handler returned a Response whose body cannot be read.')
}

async function* readLater(value) {
  yield new Uint8Array(await value.arrayBuffer())
}
