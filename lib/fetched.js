// A Response that came from fetch is no answer yet: its body was decoded, and some of its header
// fields spoke of the connection it came by.

import { fieldLine, fieldName } from './header-fields.js'
import { isPlatform, shared } from './platform.js'

const HOP_BY_HOP = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const DECODED = ['gzip', 'x-gzip', 'deflate', 'br']

// The platform decodes zstd since undici 7.12, where zlib can.
const [major, minor] = (process.versions.undici ?? '0.0').split('.').map(Number)
if ((major > 7 || (major === 7 && minor >= 12)) && process.versions.zstd !== undefined) {
  DECODED.push('zstd')
}

// Bodies that the fetch of `globals: 'compat'` got: a Response that the platform makes of one does
// not tell where that came from.
shared.fetchedBodies ??= new WeakSet()
const { fetchedBodies } = shared

/**
 * @param {globalThis.Response} response just got by fetch
 * @returns {globalThis.Response} the same
 */
export function rememberFetched(response) {
  if (isPlatform('Response', response) && response.body !== null) fetchedBodies.add(response.body)
  return response
}

/**
 * Whether this stream came from fetch.
 * @param {ReadableStream | null} body
 */
export const isFetchedBody = (body) => fetchedBodies.has(body)

/**
 * Whether this Response, of whatever kind, was got by a fetch: only that knows where it came from.
 * @param {{ url?: unknown }} response
 */
export const hasUrl = ({ url }) => typeof url === 'string' && url !== ''

/**
 * Whether this is the platform's Response, got by fetch.
 * @param {unknown} value
 */
export const isFetched = (value) => hasUrl(value) && isPlatform('Response', value)

/**
 * Adds the fields of a fetched Response that hold for its answer too.
 * @param {{ body: unknown }} response
 * @param {Iterable<[string, string]>} headers with lower-case names
 * @param {{ headers: string, count: number }} wire
 * @returns {boolean} whether there is a content-type among them
 */
export function addFetchedFields(response, headers, wire) {
  const pairs = [...headers]
  const dropped = droppedFields(response, new Map(pairs))
  let typed = false
  for (const [key, value] of pairs) {
    const name = fieldName(key, 'Headers.append')
    if (dropped.has(name.lower) || name.lower.startsWith('proxy-')) continue
    wire.headers += fieldLine(name, value, 'Headers.append')
    wire.count++
    typed ||= name.isContentType
  }
  return typed
}

function droppedFields(response, fields) {
  const dropped = new Set(HOP_BY_HOP)
  for (const named of (fields.get('connection') ?? '').split(',')) {
    dropped.add(named.trim().toLowerCase())
  }
  const codings = fields.get('content-encoding')
  // An answer to HEAD, or a 304, has no body: its fields tell of the one a GET would bring. And
  // a body in a coding that the platform does not know comes as it was sent.
  if (codings !== undefined && response.body !== null && wasDecoded(codings)) {
    dropped.add('content-encoding').add('content-length')
  }
  return dropped
}

const wasDecoded = (codings) =>
  codings.split(',').every((coding) => DECODED.includes(coding.trim().toLowerCase()))
