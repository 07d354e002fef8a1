// Reading options: every name, type and bound is checked here, so what reaches the addon is right.

import {
  incompatibleOptions,
  invalidArgType,
  invalidArgValue,
  notSupported,
  outOfRange,
  unknownOption,
} from './errors.js'
import { isEverybody, trustedHops, trustedNetworks } from './trusted.js'

const UINT32_MAX = 2 ** 32 - 1
const INT32_MAX = 2 ** 31 - 1

function boolean(fallback) {
  return (value, name) => {
    if (value === undefined) return fallback
    if (typeof value !== 'boolean') throw invalidArgType(name, 'a boolean', value)
    return value
  }
}

function checkInteger(value, name, min, max) {
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  const bounds = `a whole number from ${min} to ${max}`
  if (!Number.isInteger(value) || value < min || value > max) throw outOfRange(name, bounds, value)
  return value
}

/** @returns {(value: unknown, name: string) => number} */
export function integer(fallback, min, max) {
  return (value, name) => (value === undefined ? fallback : checkInteger(value, name, min, max))
}

/** A size in bytes, for which Infinity is no limit. */
function size(fallback) {
  return (value, name) => {
    if (value === undefined) return fallback
    if (value === Number.POSITIVE_INFINITY) return value
    return checkInteger(value, name, 0, Number.MAX_SAFE_INTEGER)
  }
}

function hostname(value, name) {
  if (value === undefined) return '127.0.0.1'
  if (typeof value !== 'string') throw invalidArgType(name, 'a string', value)
  if (value === '' || value.includes('\0')) throw invalidArgValue(name, 'a host name', value)
  // As in a URL; getaddrinfo knows no brackets.
  return value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value
}

/** A socket's file, or a name in Linux's abstract namespace. */
function path(value, name) {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalidArgType(name, 'a string', value)
  const isAbstract = process.platform === 'linux' && value.startsWith('\0')
  const rest = isAbstract ? value.slice(1) : value
  if (rest === '' || rest.includes('\0')) {
    throw invalidArgValue(name, 'a path, or on Linux a name behind one NUL', value)
  }
  return value
}

/** TCP keep-alive: seconds until the first probe, 0 for none. */
function keepAlive(value, name) {
  if (value === undefined || value === false) return 0
  if (value === true) return 60
  if (typeof value !== 'number') throw invalidArgType(name, 'a boolean or a number', value)
  return checkInteger(value, name, 0, 32_767)
}

function oneOf(fallback, allowed) {
  return (value, name) => {
    if (value === undefined) return fallback
    const expected = `one of ${allowed.map((option) => `'${option}'`).join(', ')}`
    if (typeof value !== 'string') throw invalidArgType(name, expected, value)
    if (!allowed.includes(value)) throw invalidArgValue(name, expected, value)
    return value
  }
}

function httpVersion(value, name) {
  if (value === undefined || value === '1.1') return '1.1'
  if (typeof value !== 'string') throw invalidArgType(name, "the string '1.1'", value)
  if (value === '2' || value === '3') throw notSupported(`${name}: HTTP/${value} is not supported`)
  throw invalidArgValue(name, "'1.1'", value)
}

function signal(value, name) {
  if (value === undefined) return undefined
  if (!(value instanceof AbortSignal)) throw invalidArgType(name, 'an AbortSignal', value)
  return value
}

function callback(value, name) {
  if (value === undefined) return undefined
  if (typeof value !== 'function') throw invalidArgType(name, 'a function', value)
  return value
}

function group(schema) {
  return (value, name) => readOptions(schema, value, `${name}.`)
}

const proxyProtocolSchema = {
  trust: trustedNetworks,
  timeout: integer(undefined, 0, INT32_MAX),
}

function proxyProtocol(value, name) {
  if (value === undefined || value === false) return undefined
  return readOptions(proxyProtocolSchema, value, `${name}.`)
}

const socketSchema = {
  hostname,
  port: integer(0, 0, 65_535),
  backlog: integer(511, 1, INT32_MAX),
  reusePort: boolean(false),
  ipv6Only: boolean(false),
  path,
  readableAll: boolean(false),
  writableAll: boolean(false),
  noDelay: boolean(true),
  keepAlive,
  proxyProtocol,
}

const limitsSchema = {
  maxHeaderSize: integer(16_384, 1, INT32_MAX),
  maxHeadersCount: integer(200, 1, UINT32_MAX),
  maxRequestBodySize: size(128 * 1024 * 1024),
  maxConnections: integer(0, 0, UINT32_MAX),
  maxRequestsPerConnection: integer(0, 0, UINT32_MAX),
}

const timeoutsSchema = {
  headers: integer(15_000, 0, INT32_MAX),
  receive: integer(60_000, 0, INT32_MAX),
  send: integer(60_000, 0, INT32_MAX),
  idle: integer(65_000, 0, INT32_MAX),
}

const overloadSchema = {
  maxConcurrentRequests: integer(0, 0, UINT32_MAX),
  retryAfter: integer(1, 0, INT32_MAX),
}

const serverSchema = {
  ...socketSchema,
  highWaterMark: integer(64 * 1024, 1024, 1024 ** 3),
  signal,
  timeouts: group(timeoutsSchema),
  limits: group(limitsSchema),
  overload: group(overloadSchema),
  httpVersion,
  trustProxy: trustedHops,
  forwardedBy: oneOf('x-forwarded', ['x-forwarded', 'forwarded']),
  onError: callback,
  onClientError: callback,
  globals: oneOf('compat', ['compat', 'fast', 'none']),
}

const parserSchema = {
  maxHeaderSize: limitsSchema.maxHeaderSize,
  maxHeadersCount: limitsSchema.maxHeadersCount,
  maxRequestBodySize: limitsSchema.maxRequestBodySize,
}

const closeSchema = {
  timeout: (value, name) =>
    value === undefined ? undefined : checkInteger(value, name, 0, INT32_MAX),
  grace: integer(0, 0, INT32_MAX),
}

/** What only a TCP port has, and what only a socket's file has. */
const OF_A_PORT = ['hostname', 'port', 'reusePort', 'ipv6Only']
const OF_A_FILE = ['readableAll', 'writableAll']

/** At a path nobody has an address. The file says who may connect, where there is one. */
function trustedAtPath(path, { trust }) {
  const isFile = !path.startsWith('\0')
  if (trust === undefined ? isFile : isEverybody(trust)) return
  const expected = isFile
    ? 'true, or left out, with options.path'
    : 'true at an abstract options.path, to which anybody may connect'
  throw invalidArgValue('options.proxyProtocol.trust', expected, trust)
}

/** A socket is at a path or at a port; what belongs to the other is a mistake. */
function placed(result, given) {
  const { path } = result
  const asked = (name) => given?.[name] !== undefined && given[name] !== false
  const others = path === undefined ? OF_A_FILE : OF_A_PORT
  const conflict = others.find(asked)
  if (conflict !== undefined) {
    const other = path === undefined ? 'a port: it is for options.path' : 'options.path'
    throw incompatibleOptions(`options.${conflict}`, other)
  }
  if (path?.startsWith('\0') && OF_A_FILE.some(asked)) {
    throw incompatibleOptions(`options.${OF_A_FILE.find(asked)}`, 'an abstract options.path')
  }
  const { proxyProtocol } = result
  if (path === undefined && proxyProtocol !== undefined && proxyProtocol.trust === undefined) {
    const expected = 'true, a string or an array of strings: whose header is believed'
    throw invalidArgType('options.proxyProtocol.trust', expected, undefined)
  }
  if (path !== undefined && proxyProtocol !== undefined) trustedAtPath(path, proxyProtocol)
  return path === undefined ? result : { ...result, hostname: '' }
}

function readOptions(schema, options, prefix = 'options.') {
  const name = prefix.slice(0, -1)
  const given = options === undefined ? {} : options
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw invalidArgType(name, 'an object', given)
  }
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema, key)) throw unknownOption(`${prefix}${key}`, Object.keys(schema))
  }
  const result = {}
  for (const [key, read] of Object.entries(schema)) {
    result[key] = read(given[key], `${prefix}${key}`)
  }
  return result
}

export const socketOptions = (options) => placed(readOptions(socketSchema, options), options)
export const serverOptions = (options) => placed(readOptions(serverSchema, options), options)
export const parserOptions = (options) => readOptions(parserSchema, options)
export const closeOptions = (options) => readOptions(closeSchema, options)
