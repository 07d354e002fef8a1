// The addon itself, without lib/: each of its functions that takes a key, with arguments that do
// something where the key is good, and what it gives where it names nothing.

import binding from '../../lib/binding.js'

const large = new Uint8Array(100_000)
const nothing = { args: [], gone: undefined }

/** Functions of a connection's key. */
export const connectionCalls = {
  destroy: nothing,
  peerAddress: { args: [], gone: null },
  socketPeerAddress: { args: [], gone: null },
  localAddress: { args: [], gone: null },
  counters: { args: [], gone: null },
  writeRaw: { args: ['text'], gone: -1 },
  endRaw: nothing,
  pause: nothing,
  resume: nothing,
  setTimeout: { args: [60_000], gone: undefined },
  setNoDelay: { args: [false], gone: undefined },
  setKeepAlive: { args: [true, 60], gone: undefined },
  setConnectionRef: { args: [false], gone: undefined },
  respond: { args: [200, '', 0, large, undefined], gone: false },
  // With whatever status and header lines are in the registers.
  respondKept: { args: ['text'], gone: false },
  breakOff: nothing,
  writeData: { args: [large], gone: -1 },
  endData: { args: ['', 0], gone: false },
  sendInformational: { args: [103, '', 0], gone: false },
  takeBodyText: { args: [], gone: null },
  takeBody: { args: [], gone: null },
  readBody: { args: [], gone: null },
  discardBody: nothing,
  bodyTrailers: { args: [], gone: null },
  watchCompletion: { args: [99, false], gone: null },
}

/** Functions of a listener's key. */
export const listenerCalls = {
  closeListener: nothing,
  retireListener: nothing,
  turnAway: nothing,
  setListenerRef: { args: [true], gone: undefined },
  closeIdleConnections: nothing,
  closeAllConnections: nothing,
  listenerStats: { args: [], gone: null },
}

export const allCalls = { ...connectionCalls, ...listenerCalls }

/** What the addon has besides: these take no key. */
export const WITHOUT_KEY = ['NativeHttpParser', 'keepHeaders', 'libuvCheck', 'listen', 'registers']

/** Numbers that are no key of anything, or of a slot's other lives. */
export function nonsenseKeys(key) {
  const generation = 2 ** 21
  return [
    ...[Number.NaN, 0, -0, -1, 0.5, -key, Infinity, -Infinity, 1e300, Number.MIN_VALUE],
    ...[Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 32, 2 ** 31, 2 ** 63, 2 ** 64, generation - 1],
    ...[key + 0.5, key + generation, key + 2 * generation, key - generation, key + 1000],
  ]
}

export const notNumbers = ['1', '', null, undefined, true, {}, [], 1n, Symbol('1'), () => 1]

/** Errors that say what the call may not do now. A panic, and anything of V8's, is none. */
const REFUSALS = /^(HTTP_[A-Z_]+|ERR_INVALID_STATE|ERR_INVALID_ARG_TYPE)$/

/** Calls a function of the addon; what it refuses is no failure, and given as its code. */
export function call(name, key, args = allCalls[name].args) {
  try {
    return binding[name](key, ...args)
  } catch (error) {
    if (REFUSALS.test(error.code)) return error.code
    throw new Error(`${name}(${key}): ${error.code}`, { cause: error })
  }
}

const timeouts = { headersTimeout: 0, receiveTimeout: 0, sendTimeout: 0, idleTimeout: 0 }

const SOCKET = {
  hostname: '127.0.0.1',
  port: 0,
  backlog: 128,
  reusePort: false,
  ipv6Only: false,
  readableAll: false,
  writableAll: false,
  noDelay: true,
  keepAlive: 0,
}

const HTTP = {
  maxHeaderSize: 16_384,
  maxHeadersCount: 100,
  maxRequestBodySize: 1e6,
  maxRequestsPerConnection: 0,
  maxConnections: 0,
  maxConcurrentRequests: 0,
  retryAfter: 1,
  highWaterMark: 65_536,
  watchConnections: true,
  ...timeouts,
}

const RAW_HOOKS = ['onOpen', 'onData', 'onDrain', 'onEnd', 'onClose', 'onClosed']
const HTTP_HOOKS = [
  ...['onRequest', 'onBody', 'onDrain', 'onAbort', 'onComplete', 'onClientError'],
  ...['onConnection', 'onClosed'],
]

/** Listens with these hooks; those that are not given do nothing. */
export function listenBare(kind, given) {
  const hooks = { resource: {} }
  for (const name of kind === 'http' ? HTTP_HOOKS : RAW_HOOKS)
    hooks[name] = given[name] ?? (() => {})
  const options = kind === 'http' ? { ...SOCKET, http: HTTP } : SOCKET
  const { key, address } = binding.listen(options, hooks)
  return { key, port: address.port }
}
