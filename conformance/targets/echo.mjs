// What every target does with a request: README.md in data. A target turns its server's request
// into a `Seen` and the plan that `planFor` makes into its server's answer.

import { setTimeout as delay } from 'node:timers/promises'

export const LATER = 5
const LARGE = 'large '.repeat(40_000)

/**
 * A URL as the platform has it, so that it does not matter how a server gives it.
 * @param {string} target as the server gives it: a path, an absolute URL or `*`
 */
export function locate(target, host = 'unknown') {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(target)
  const origin = `http://${host || 'unknown'}`
  const text = target === '*' ? '/' : target
  const url = URL.canParse(isAbsolute ? text : origin + text)
    ? new URL(isAbsolute ? text : origin + text)
    : new URL('http://unparsable/unparsable')
  return { host: url.host, pathname: url.pathname, search: url.search }
}

/** Whether the answer must be made at once, without a look at the body. */
export const isUnread = (pathname) => pathname.startsWith('/unread')

/** What must be waited for before the answer. */
export const pause = (pathname) => (pathname.startsWith('/later') ? delay(LATER) : null)

const plans = [
  ['/status/', ({ pathname }) => ({ status: Number(pathname.slice('/status/'.length)) })],
  ['/stream', ({ text }) => ({ pieces: [text.slice(0, 10), text.slice(10)] })],
  ['/large', () => ({ text: LARGE })],
  ['/close', () => ({ headers: [['connection', 'close']] })],
  ['/keep', () => ({ headers: [['connection', 'keep-alive']] })],
  ['/hop', () => ({ headers: [['transfer-encoding', 'chunked']] })],
  ['/cookies', () => ({ headers: ['a=1', 'b=2; path=/'].map((each) => ['set-cookie', each]) })],
  ['/field', ({ search }) => ({ headers: [['x-field', decodeURIComponent(search.slice(1))]] })],
  ['/short', () => ({ headers: [['content-length', '10']], pieces: ['12345'] })],
  ['/long', () => ({ headers: [['content-length', '5']], pieces: ['12345', '67890'] })],
  ['/empty', () => ({ text: '' })],
  ['/throw', () => ({ fails: true })],
  ['/break', () => ({ pieces: ['12345', null] })],
  ['/early-hints', () => ({ hints: [['link', '</a.css>; rel=preload']] })],
]

const BODILESS = new Set([204, 205, 304])

/**
 * @param {object} seen method, host, pathname, search, headers, body (latin1 or null), trailers
 * @returns status, headers, and the text or the pieces (null: fail there) of the answer's body
 */
export function planFor(seen) {
  const { method, host, pathname, search, headers, trailers = {} } = seen
  const body = seen.body ?? null
  const target = pathname + search
  const echo = { method, host, target, headers, body: body?.slice(0, 2_000) ?? null, trailers }
  const text = JSON.stringify({ ...echo, bodyLength: body?.length ?? null })
  const found = plans.find(([start]) => pathname.startsWith(start))
  const plan = { status: 200, text, ...(found?.[1]({ ...seen, text }) ?? {}) }
  if (BODILESS.has(plan.status)) plan.text = null
  const marks = [['x-seen', `${method} ${target}`.slice(0, 200)]]
  return { ...plan, headers: [...marks, ...(plan.headers ?? [])] }
}

export class PlannedFailure extends Error {}
