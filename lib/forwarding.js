// What proxies say of the client, and how far they are believed: from the one that has connected to
// us, hop by hop, to the first that is not trusted.

import binding from './binding.js'
import { findValue } from './head.js'
import { noAddress } from './no-address.js'
import { isIP } from './node-net.js'
import { unmapped } from './trusted.js'

const FOR = '\nx-forwarded-for:'
const PROTO = '\nx-forwarded-proto:'
const HOST = '\nx-forwarded-host:'
const FORWARDED = '\nforwarded:'

// RFC 7239, 4: pairs of a token and a token or quoted string, semicolons between them.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
const ONE_PAIR = `(${TOKEN})=(${TOKEN}|${QUOTED})`
// Each blank can be taken in one way only: many of them must not take for ever.
const ELEMENT = new RegExp(`^[ \\t]*${ONE_PAIR}[ \\t]*(?:;[ \\t]*(?:${ONE_PAIR}[ \\t]*)?)*$`)
const PAIR = new RegExp(ONE_PAIR, 'g')

// A port may be hidden where the address is not (RFC 7239, 6.3).
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::(?:(\d{1,5})|_[\w.-]+))?$/

/** Where a node is (RFC 7239, 6; also a bare IPv6 address); null: it is hidden, or no node. */
function nodeOf(text) {
  const [, inBrackets, bare, digits] = isIP(text) === 6 ? ['', text] : (WITH_PORT.exec(text) ?? [])
  const address = unmapped(inBrackets ?? bare ?? '')
  const version = isIP(address)
  const port = Number(digits ?? 0)
  if (version === 0 || address.includes('%') || port > 65_535) return null
  if (inBrackets !== undefined && isIP(inBrackets) !== 6) return null
  return { address, port, family: version === 4 ? 'IPv4' : 'IPv6' }
}

const listOf = (value) => (value === null ? [] : value.split(',').map((entry) => entry.trim()))

/** One of a list from the right that has as many as there are hops; else what the last hop said. */
function saidAt(list, hops, hop) {
  return list.at(list.length === hops && hop > 0 ? -hop : -1)
}

/** Follows X-Forwarded-For; Proto and Host are the same hop's, where each hop has added one. */
function followLists(head, start, peer, trusts) {
  if (!trusts(peer, 0)) return { client: peer }
  const nodes = listOf(findValue(head, FOR, start))
  let client = peer
  let hop = 0
  while (hop < nodes.length && trusts(client, hop)) {
    hop += 1
    const node = nodeOf(nodes.at(-hop))
    if (node === null) break
    client = node
  }
  const proto = saidAt(listOf(findValue(head, PROTO, start)), nodes.length, hop)
  const host = saidAt(listOf(findValue(head, HOST, start)), nodes.length, hop)
  return { client, proto, host }
}

/**
 * The last element of a Forwarded field, and what is before it; undefined: there is none. Read from
 * the right: whatever a client made up stands to the left of what our proxies have added.
 */
function lastElement(text) {
  for (let end = text.length; end >= 0; ) {
    const comma = end === 0 ? -1 : text.lastIndexOf(',', end - 1)
    const element = text.slice(comma + 1)
    if (ELEMENT.test(element)) return { element, before: text.slice(0, Math.max(comma, 0)) }
    end = comma
  }
  return undefined
}

function pairsOf(element) {
  const pairs = new Map()
  for (const [, name, value] of element.matchAll(PAIR)) {
    const key = name.toLowerCase()
    // No parameter may stand twice.
    if (pairs.has(key)) return new Map()
    pairs.set(key, value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value)
  }
  return pairs
}

/** Follows Forwarded: what the outermost trusted hop did not say, the next one may have. */
function followElements(head, start, peer, trusts) {
  let client = peer
  let proto
  let host
  let rest = findValue(head, FORWARDED, start) ?? ''
  for (let hop = 0; trusts(client, hop); hop += 1) {
    const found = lastElement(rest)
    if (found === undefined) break
    const pairs = pairsOf(found.element)
    proto = pairs.get('proto') ?? proto
    host = pairs.get('host') ?? host
    const node = nodeOf(pairs.get('for') ?? '')
    if (node === null) break
    client = node
    rest = found.before
  }
  return { client, proto, host }
}

/** Made for a server that trusts proxies. */
export class Forwarding {
  #trusts
  #follow

  constructor(trusts, forwardedBy) {
    this.#trusts = trusts
    this.#follow = forwardedBy === 'forwarded' ? followElements : followLists
  }

  /** `{ client, proto, host }` of a request; the last two where nobody trusted said: undefined. */
  of({ head, key, methodLength, targetLength, lastAddress }) {
    const peer = binding.peerAddress(key) ?? lastAddress ?? noAddress()
    return this.#follow(head, methodLength + 1 + targetLength, peer, this.#trusts)
  }
}
