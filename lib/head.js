// The packed head of a request: `METHOD SP target LF name:value LF name:value LF`, latin1, names in
// lower case, checked by the parser. Everything is cut out of it only when asked for.

const METHODS = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map((name) => [name, name]),
)

/**
 * The request method. Usual ones come as the constant, which compares by identity.
 * @param {string} head
 * @param {number} length
 */
export function methodOf(head, length) {
  if (length === 3 && head.charCodeAt(0) === 71 && head.charCodeAt(1) === 69) {
    if (head.charCodeAt(2) === 84) return 'GET'
  }
  const method = head.slice(0, length)
  return METHODS.get(method) ?? method
}

/** What stands between the combined lines of a field. The platform has `; ` for cookies. */
export function separatorOf(name) {
  return name === 'cookie' ? '; ' : ', '
}

/**
 * The value of a field, all of its lines combined as the platform does, or null.
 * @param {string} head
 * @param {string} needle LF, name, colon
 * @param {number} start where the header lines begin: the LF behind the target
 */
export function findValue(head, needle, start) {
  let at = head.indexOf(needle, start)
  if (at === -1) return null
  let value = ''
  for (;;) {
    const from = at + needle.length
    const end = head.indexOf('\n', from)
    value += head.slice(from, end)
    at = head.indexOf(needle, end)
    if (at === -1) return value
    value += separatorOf(needle.slice(1, -1))
  }
}

/** The value of a field that the parser lets through only once. */
function findFirst(head, needle, start) {
  const at = head.indexOf(needle, start)
  return at === -1 ? null : head.slice(at + needle.length, head.indexOf('\n', at + needle.length))
}

/**
 * All fields as a flat list of names and values.
 * @param {string} head
 * @param {number} start
 * @returns {string[]}
 */
export function listOfHead(head, start) {
  const list = []
  let at = start + 1
  while (at < head.length) {
    const colon = head.indexOf(':', at)
    const end = head.indexOf('\n', colon)
    list.push(head.slice(at, colon), head.slice(colon + 1, end))
    at = end + 1
  }
  return list
}

// A target made of these characters alone is what the URL parser would make of it, if it has no
// segment of dots (looked for apart). `'` is not among them: a query has it percent-encoded.
const PLAIN_TARGET = /^\/[\w\-.~!$&()*+,;=:@/?%]*$/
const SCHEME_AND_AUTHORITY = /^[a-z][a-z0-9+\-.]*:\/\/[^/?]*/i
const ORIGINS_KEPT = 64
const LONGEST_HOST_KEPT = 256

const origins = new Map()
// Most servers have one name: it is compared before it is looked up.
let lastHost = ''
let lastOrigin = null

/** `http://host` as the URL parser has it, or null where host is none. */
function originOf(host) {
  if (host === lastHost) return lastOrigin
  const origin = lookUp('http', host)
  if (host.length > LONGEST_HOST_KEPT) return origin
  lastHost = host
  lastOrigin = origin
  return origin
}

function lookUp(scheme, host) {
  if (host.length > LONGEST_HOST_KEPT) return parseOrigin(scheme, host)
  // No host has a line end in it.
  const key = scheme === 'http' ? host : `${scheme}\n${host}`
  let origin = origins.get(key)
  if (origin === undefined) {
    origin = parseOrigin(scheme, host)
    if (origins.size >= ORIGINS_KEPT) origins.clear()
    origins.set(key, origin)
  }
  return origin
}

function parseOrigin(scheme, host) {
  // These would make the URL parser see a path, a query, a fragment or a user in it.
  if (host === '' || /[\s/?#@\\]/.test(host)) return null
  const url = parse(`${scheme}://${host}/`)
  return url === null || url.hostname === '' ? null : url.origin
}

function parse(text) {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/**
 * The URL a request is for, as the platform would write it. It never throws.
 * @param {{ head: string, methodLength: number, targetLength: number, authority: string }} exchange
 *   its authority stands in where the client sent no usable Host
 */
export function urlOf(exchange) {
  const { head, methodLength, targetLength } = exchange
  const end = methodLength + 1 + targetLength
  const target = head.slice(methodLength + 1, end)
  const host = findFirst(head, '\nhost:', end)
  const { forwarded } = exchange
  const origin =
    (forwarded === undefined ? null : forwardedOrigin(forwarded, host, exchange)) ??
    (host === null ? null : originOf(host)) ??
    standIn(exchange)
  if (PLAIN_TARGET.test(target) && !target.includes('/.') && !target.includes('/%2')) {
    return origin + target
  }
  return unusualUrl(origin, target, exchange)
}

/** What a trusted proxy was asked for: it may leave out either part, or say what is none. */
function forwardedOrigin({ proto, host: toldHost }, host, { authority }) {
  const scheme = proto?.toLowerCase() === 'https' ? 'https' : 'http'
  for (const each of [toldHost, host, authority]) {
    const origin = typeof each === 'string' ? lookUp(scheme, each) : null
    if (origin !== null) return origin
  }
  return null
}

/** What stands in where the client named no host, or one that no URL can have. */
const standIn = ({ authority }) => originOf(authority) ?? 'http://localhost'

function unusualUrl(origin, target, exchange) {
  if (target.startsWith('/')) return (parse(origin + target) ?? new URL(origin)).href
  // RFC 9112, 3.3: the asterisk stands for the server itself, which has an empty path.
  if (target === '*') return `${origin}/`
  if (exchange.head.startsWith('CONNECT ')) return `${originOf(target) ?? origin}/`
  return absoluteUrl(target, exchange) ?? (parse(`${origin}/${target}`) ?? new URL(origin)).href
}

/** RFC 9112, 3.2.2: an absolute form goes before Host, also where its host is none for a URL. */
function absoluteUrl(target, exchange) {
  const start = SCHEME_AND_AUTHORITY.exec(target)
  if (start === null) return null
  const rest = target.slice(start[0].length)
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const url = parse(target) ?? parse(standIn(exchange) + path)
  if (url === null) return null
  // A Request with credentials in its URL cannot be made, so a copy of this one could not.
  url.username = ''
  url.password = ''
  return url.href
}
