// Whom options say that is believed: addresses and networks, and names of some.

import { invalidArgType, invalidArgValue, outOfRange } from './errors.js'
import { isIP, newBlockList } from './node-net.js'

const EXPECTED = "an IP address, a network such as '10.0.0.0/8', or a name of some"

/** As proxy-addr names them, which Express and Fastify use. */
const NAMED = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
])
const EVERYBODY = ['0.0.0.0/0', '::/0']

/** Whoever connects to the server's path, in a list for trustProxy. */
const UNIX = 'unix'

const MAPPED = /^::ffff:(?=\d+\.)/i
const HOPS_MAX = 2 ** 32 - 1

/** An IPv4 address that came to an IPv6 socket, as what it is. */
export function unmapped(address) {
  return address.replace(MAPPED, '')
}

/** `10.0.0.0/8` of `10.0.0.0/8`, `10.0.0.1/32` of `10.0.0.1`; undefined: it is none. */
function networkOf(entry) {
  const [address, prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || /%|^::ffff:/i.test(address)) return undefined
  const longest = family === 4 ? 32 : 128
  if (prefix === undefined) return `${address}/${longest}`
  const isLength = /^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= longest
  return isLength ? entry : undefined
}

/** The entries of a list, or of a text with commas. */
function entriesOf(value, name, expected) {
  const list = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list)) throw invalidArgType(name, expected, value)
  return list.map((entry) => {
    if (typeof entry !== 'string') throw invalidArgType(name, expected, value)
    return entry.trim()
  })
}

function networksOf(entries, name, value) {
  return entries.flatMap((entry) => {
    const network = networkOf(entry)
    const found = network === undefined ? NAMED.get(entry) : [network]
    if (found === undefined) throw invalidArgValue(name, EXPECTED, value)
    return found
  })
}

/** Whether these are all that there are, as `true` means. */
export const isEverybody = (networks) => EVERYBODY.every((network) => networks.includes(network))

/** The networks that may send a header of the PROXY protocol; undefined: nothing was said. */
export function trustedNetworks(value, name) {
  if (value === undefined) return undefined
  if (value === true) return EVERYBODY
  const entries = entriesOf(value, name, 'true, a string or an array of strings')
  return networksOf(entries, name, value)
}

/**
 * What tells whether a hop's word on the one before it is taken: a function of its address, as
 * `{ address, family }`, and its distance; undefined: nobody's is.
 */
export function trustedHops(value, name) {
  if (value === undefined || value === false) return undefined
  if (value === true) return () => true
  if (typeof value === 'function') {
    return ({ address }, hop) => answerOf(value(unmapped(address), hop), name)
  }
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0 || value > HOPS_MAX) {
      throw outOfRange(name, `a whole number from 0 to ${HOPS_MAX}`, value)
    }
    return value === 0 ? undefined : (_, hop) => hop < value
  }
  const expected = 'a boolean, a number, a string, an array of strings or a function'
  const entries = entriesOf(value, name, expected)
  const networks = networksOf(
    entries.filter((entry) => entry !== UNIX),
    name,
    value,
  )
  return inList(networks, entries.includes(UNIX))
}

/** A promise, which an async function gives, would count as true whatever it brings. */
function answerOf(answer, name) {
  if (typeof answer?.then !== 'function') return Boolean(answer)
  throw invalidArgType(`what ${name} gives`, 'a boolean', answer)
}

function inList(networks, trustsUnix) {
  const list = newBlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), familyOf(address))
  }
  return ({ address, family }) => {
    if (family === 'Unix') return trustsUnix
    const plain = unmapped(address)
    // Nobody knows any more where a client was that has gone.
    return plain !== '' && list.check(plain, familyOf(plain))
  }
}

const familyOf = (address) => (isIP(address) === 4 ? 'ipv4' : 'ipv6')
