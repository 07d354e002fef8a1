// milouv's Request. One made by the server costs one small object: everything else is cut out of
// the packed head, or asked of the exchange, when somebody looks. One made by an app wraps the
// platform's.

import { AsyncResource } from 'node:async_hooks'
import {
  Body,
  bufferOf,
  cloneBody,
  EXCHANGE,
  isUnusable,
  isUsed,
  readByPlatform,
  streamOf,
  takeBytes,
  takeText,
  textStreamOf,
} from './body.js'
import { findValue, methodOf, urlOf } from './head.js'
import { requestHeaders } from './headers.js'
import { inherit, platform } from './platform.js'
import { buildPlatformRequest, TO_PLATFORM } from './platform-request.js'
import {
  defineInspect,
  defineTextStream,
  finishClass,
  needArguments,
  refuseClone,
} from './webidl.js'

const INTERNAL = Symbol('internal')

/** @type {(request: Request) => Body | null} */
let bodyOf
/** @type {(request: Request) => globalThis.Request | null} what an app's own Request wraps */
let wrappedBy
/** @type {(request: Request) => AbortSignal} */
let signalOf
/** @type {(request: Request) => Request} */
let cloneOf
/** @type {(request: Request) => string | null} */
let contentTypeOf
/** @type {(inner: globalThis.Request) => Request} */
let wrap

class Request {
  #exchange
  #wrapped = null
  #url = null
  #headers = null
  // undefined: nobody asked yet.
  #body = undefined
  #signal = null

  constructor(input, init = undefined) {
    refuseClone(this)
    if (input === INTERNAL) {
      this.#exchange = init
      return
    }
    needArguments(arguments.length, 1, 'Request constructor')
    this.#exchange = null
    this.#wrapped = buildPlatformRequest(platform('Request'), [input, init])
  }

  static {
    wrappedBy = (request) => request.#wrapped
    bodyOf = (request) => {
      if (request.#body === undefined) {
        const exchange = request.#exchange
        request.#body = exchange.hasBody ? new Body(EXCHANGE, exchange) : null
      }
      return request.#body
    }
    signalOf = (request) => {
      request.#signal ??= makeSignal(request.#exchange)
      return request.#signal
    }
    cloneOf = (request) => {
      const body = bodyOf(request)
      if (isUnusable(body)) throw new TypeError('Request.clone: Body has already been consumed.')
      const clone = new Request(INTERNAL, request.#exchange)
      clone.#body = body === null ? null : cloneBody(body)
      // One signal listens to the exchange; the clone's follows it.
      clone.#signal = AbortSignal.any([signalOf(request)])
      return clone
    }
    contentTypeOf = (request) => {
      const { head, methodLength, targetLength } = request.#exchange
      return findValue(head, '\ncontent-type:', methodLength + 1 + targetLength)
    }
    wrap = (inner) => {
      const request = new Request(INTERNAL, null)
      request.#wrapped = inner
      return request
    }
  }

  get method() {
    const exchange = this.#exchange
    if (exchange === null) return this.#wrapped.method
    return methodOf(exchange.head, exchange.methodLength)
  }

  get url() {
    if (this.#url !== null) return this.#url
    const exchange = this.#exchange
    if (exchange === null) return this.#wrapped.url
    this.#url = urlOf(exchange)
    return this.#url
  }

  get headers() {
    if (this.#headers !== null) return this.#headers
    const exchange = this.#exchange
    if (exchange === null) return this.#wrapped.headers
    const start = exchange.methodLength + 1 + exchange.targetLength
    this.#headers = requestHeaders(exchange.head, start)
    return this.#headers
  }

  get signal() {
    return this.#exchange === null ? this.#wrapped.signal : signalOf(this)
  }

  get body() {
    if (this.#exchange === null) return this.#wrapped.body
    const body = bodyOf(this)
    return body === null ? null : streamOf(body)
  }

  get bodyUsed() {
    return this.#exchange === null ? this.#wrapped.bodyUsed : isUsed(bodyOf(this))
  }

  clone() {
    return this.#exchange === null ? wrap(this.#wrapped.clone()) : cloneOf(this)
  }

  async arrayBuffer() {
    if (this.#exchange === null) return this.#wrapped.arrayBuffer()
    return bufferOf(await takeBytes(bodyOf(this)))
  }

  async blob() {
    if (this.#exchange === null) return this.#wrapped.blob()
    return readByPlatform('blob', await takeBytes(bodyOf(this)), contentTypeOf(this))
  }

  async bytes() {
    if (this.#exchange === null) return new Uint8Array(await this.#wrapped.arrayBuffer())
    const bytes = takeBytes(bodyOf(this))
    return bytes instanceof Uint8Array ? bytes : await bytes
  }

  async formData() {
    if (this.#exchange === null) return this.#wrapped.formData()
    return readByPlatform('formData', await takeBytes(bodyOf(this)), contentTypeOf(this))
  }

  async json() {
    if (this.#exchange === null) return this.#wrapped.json()
    const text = takeText(bodyOf(this))
    return JSON.parse(typeof text === 'string' ? text : await text)
  }

  async text() {
    if (this.#exchange === null) return this.#wrapped.text()
    const text = takeText(bodyOf(this))
    return typeof text === 'string' ? text : await text
  }
}

function makeSignal(exchange) {
  const controller = new AbortController()
  const abort = (error) => controller.abort(error)
  // Who listens finds the stores of AsyncLocalStorage of the request, and not of whoever left.
  const resource = new AsyncResource('MILOUVSIGNAL')
  if (exchange.aborted) abort(exchange.aborted)
  else exchange.onAbort((error) => resource.runInAsyncScope(abort, undefined, error))
  return controller.signal
}

// What the platform answers for `new Request(url)`: nothing of this has a meaning on a server.
const CONSTANTS = {
  cache: 'default',
  credentials: 'same-origin',
  destination: '',
  duplex: 'half',
  integrity: '',
  isHistoryNavigation: false,
  isReloadNavigation: false,
  keepalive: false,
  mode: 'cors',
  redirect: 'follow',
  referrer: 'about:client',
  referrerPolicy: '',
}
for (const [name, value] of Object.entries(CONSTANTS)) {
  const get = function () {
    const wrapped = wrappedBy(this)
    return wrapped === null ? value : wrapped[name]
  }
  Object.defineProperty(get, 'name', { value: `get ${name}` })
  Object.defineProperty(Request.prototype, name, { get, set: undefined, configurable: true })
}

const INSPECTED = [
  'destination',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'isReloadNavigation',
  'isHistoryNavigation',
  'signal',
]

finishClass(Request, 'Request')
defineTextStream(Request, (request) => {
  const wrapped = wrappedBy(request)
  return wrapped === null ? textStreamOf(bodyOf(request)) : wrapped.textStream()
})
defineInspect(Request, 'Request', (request) => {
  const shown = { method: request.method, url: request.url, headers: request.headers }
  for (const name of INSPECTED) shown[name] = request[name]
  return shown
})
inherit('Request', Request)

/** For another body than they came with. */
function withoutLength(headers) {
  const copy = new (platform('Headers'))(headers)
  copy.delete('content-length')
  return copy
}

/**
 * The platform's Request for one of ours. The body goes over to it, unless `keepsBody`: then the
 * platform's has none, because its caller brings another.
 * @param {Request} request
 * @param {boolean} keepsBody
 * @returns {globalThis.Request}
 */
function toPlatform(request, keepsBody) {
  const wrapped = wrappedBy(request)
  if (wrapped !== null) return wrapped
  const { method } = request
  const headers = keepsBody ? withoutLength(request.headers) : request.headers
  const init = { method, headers, signal: request.signal }
  // The platform's refuses a body here; ours has it, since clients do send one.
  const body = method === 'GET' || method === 'HEAD' || keepsBody ? null : bodyOf(request)
  if (body !== null) {
    if (isUnusable(body)) {
      throw new TypeError(
        'Cannot construct a Request with a Request object that has already been used.',
      )
    }
    init.duplex = 'half'
    // Bytes that are here have a length, which a proxy then passes on.
    const bytes = body.stream === null && body.kind === EXCHANGE && body.source.takeBytes()
    init.body = bytes || streamOf(body)
    body.used = true
  }
  return new (platform('Request'))(request.url, init)
}
Object.defineProperty(Request.prototype, TO_PLATFORM, {
  value(keepsBody) {
    return toPlatform(this, keepsBody)
  },
})

/** @type {(() => void) | null} */
let beforeNext = null

/**
 * Has something done before the next Request is made.
 * @param {() => void} task
 */
export function beforeNextRequest(task) {
  beforeNext = task
}

/**
 * The Request of an exchange that the server is about to serve.
 * @param {object} exchange
 * @returns {Request}
 */
export function createRequest(exchange) {
  if (beforeNext !== null) {
    const task = beforeNext
    beforeNext = null
    task()
  }
  return new Request(INTERNAL, exchange)
}

/**
 * A platform Request with everything of ours; the body goes over to it.
 * @param {Request} request
 * @returns {globalThis.Request}
 */
export const platformRequest = (request) => toPlatform(request, false)

export { Request }
