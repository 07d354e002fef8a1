// NODE_DEBUG=milouv: what happens, on stderr, in Node's own way. Requests are heard of through the
// channels that anybody can subscribe to, so that nothing is asked where the variable is not set.

import { subscribe } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

const log = debuglog('milouv')

const seen = new WeakMap()
let requests = 0
let subscribed = false

/** Whether something is written; from the first time on, requests are. */
export function isLogging() {
  if (log.enabled && !subscribed) {
    subscribed = true
    subscribe('milouv.server.request.start', logStart)
    subscribe('milouv.server.response.finish', logFinish)
    subscribe('milouv.server.request.refused', logRefusal)
  }
  return log.enabled
}

export function logListening(address) {
  log('listening at %s', placeOf(address))
}

export function logClosed(address) {
  log('closed at %s', placeOf(address))
}

export function logOpened(remoteAddress) {
  log('connection of %s opened', placeOf(remoteAddress))
}

/** `code` and `detail` say why; without both, there is nothing to say about it. */
export function logGone(remoteAddress, { code, detail, bytesRead, bytesWritten }) {
  const reason = [code, detail].filter(Boolean).join(', ') || 'it is over'
  const bytes = `${bytesRead} bytes in, ${bytesWritten} out`
  log('connection of %s closed: %s (%s)', placeOf(remoteAddress), reason, bytes)
}

function logStart(message) {
  const { request, info } = message
  const number = ++requests
  seen.set(message, { number, started: performance.now() })
  const version = `HTTP/${info.httpVersion}`
  log('request %d: %s %s %s', number, request.method, urlOf(request), version)
}

function logFinish(message) {
  const known = seen.get(message)
  // It began before anybody listened.
  if (known === undefined) return
  const { number, started } = known
  const { status = 'no answer', error, reason } = message
  const took = `${(performance.now() - started).toFixed(1)} ms`
  log('request %d: %s, %s after %s', number, status, reason, took)
  if (error !== undefined) log('request %d: %s', number, textOf(error))
}

function logRefusal({ status, code, reason, offset, remoteAddress }) {
  const answer = status === 0 ? 'without an answer' : `with ${status}`
  const fault = `${code} at byte ${offset}: ${reason}`
  log('request of %s refused %s: %s', placeOf(remoteAddress), answer, fault)
}

/** The application says whom to trust on it, and may throw. */
function urlOf(request) {
  try {
    return request.url
  } catch {
    return 'a URL that cannot be told'
  }
}

function placeOf({ address, port, family }) {
  if (family === 'Unix') return address === '' ? 'a Unix domain socket' : address
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

/** What was thrown may be any value, also one that throws when it is shown. */
function textOf(error) {
  try {
    const code = typeof error?.code === 'string' ? `${error.code} ` : ''
    return `${code}${error}`
  } catch {
    return 'an error that cannot be shown'
  }
}
