// milouv's Response. Its constructor writes what goes on the wire; headers and body become objects
// only when somebody asks for them. So one with text or bytes can be sent any number of times.

import {
  BLOB,
  Body,
  BYTES,
  bufferOf,
  cloneBody,
  extractBody,
  ITERABLE,
  isUnusable,
  isUsed,
  readByPlatform,
  streamOf,
  TEXT,
  takeBytes,
  takeText,
  textStreamOf,
} from './body.js'
import { responseHeaders, versionOf, wireTextOf } from './headers.js'
import { wireOfOther } from './native-response.js'
import { inherit } from './platform.js'
import { redirectLocation, redirectStatus, wireOfInit } from './response-init.js'
import {
  defineInspect,
  defineTextStream,
  finishClass,
  needArguments,
  refuseClone,
} from './webidl.js'
import { invalidResponse, spentBody, TO_WIRE, Wire } from './wire.js'

const INTERNAL = Symbol('internal')
const TEXT_LINE = 'content-type: text/plain;charset=UTF-8\r\n'
const JSON_LINE = 'content-type: application/json\r\n'

/** @type {(value: unknown) => boolean} */
let isOurs
/** @type {(response: Response) => Wire | null} the wire, if nothing needs a second look */
let readyWire
/** @type {(response: Response) => Wire} */
let toWireSlowly
/** @type {(response: Response) => Body | null} */
let bodyOf
/** @type {(response: Response) => Response} */
let cloneOf
/** @type {(response: Response) => void} from now on the wire needs a second look */
let touch
/** @type {(wire: Wire, type: string, immutable: boolean) => Response} */
let make

class Response {
  #wire
  // While true, nobody has seen headers or body: the wire can be sent as it is.
  #ready = true
  #headers = null
  // The version of the headers that the wire shows.
  #version = 0
  // undefined: the wire's text, bytes or null.
  #body = undefined
  #type = 'default'
  #immutable = false

  constructor(body = null, init = undefined) {
    refuseClone(this)
    if (body === INTERNAL) {
      this.#wire = init
      return
    }
    let type = null
    let source = null
    if (typeof body === 'string') {
      source = body
      type = TEXT_LINE
    } else if (body !== null) {
      const extracted = extractBody(body)
      this.#body = extracted.body
      this.#ready = extracted.body.kind <= BYTES
      source = extracted.body.source
      if (extracted.type !== null) type = `content-type: ${extracted.type}\r\n`
    }
    this.#wire = init === undefined ? plainWire(source, type) : wireOfInit(init, source, type)
  }

  static {
    isOurs = (value) => typeof value === 'object' && value !== null && #wire in value
    readyWire = (response) => (response.#ready ? response.#wire : null)
    touch = (response) => {
      response.#ready = false
    }
    make = (wire, type, immutable) => {
      const response = new Response(INTERNAL, wire)
      response.#type = type
      response.#immutable = immutable
      response.#ready = type === 'default'
      return response
    }
    bodyOf = (response) => {
      if (response.#body === undefined) {
        const { body } = response.#wire
        if (body === null) response.#body = null
        else response.#body = new Body(typeof body === 'string' ? TEXT : BYTES, body)
      }
      return response.#body
    }
    toWireSlowly = (response) => {
      showHeaders(response)
      return wireWithBody(response.#wire, bodyOf(response))
    }
    const showHeaders = (response) => {
      const headers = response.#headers
      if (headers === null || versionOf(headers) === response.#version) return
      const { text, count } = wireTextOf(headers)
      response.#wire = changedWire(response.#wire, { headers: text, count })
      response.#version = versionOf(headers)
    }
    cloneOf = (response) => {
      const body = bodyOf(response)
      if (isUnusable(body)) throw new TypeError('Response.clone: Body has already been consumed.')
      showHeaders(response)
      const clone = make(response.#wire, response.#type, response.#immutable)
      clone.#body = body === null ? null : cloneBody(body)
      clone.#ready = response.#type === 'default' && (body === null || body.kind <= BYTES)
      return clone
    }
  }

  static error() {
    return make(new Wire(0, ''), 'error', true)
  }

  static json(data, init = undefined) {
    needArguments(arguments.length, 1, 'Response.json')
    const text = JSON.stringify(data)
    if (text === undefined) throw new TypeError('Value is not JSON serializable')
    const wire = init === undefined ? plainWire(text, JSON_LINE) : wireOfInit(init, text, JSON_LINE)
    return new Response(INTERNAL, wire)
  }

  static redirect(url, status = 302) {
    needArguments(arguments.length, 1, 'Response.redirect')
    const location = redirectLocation(url)
    const wire = new Wire(redirectStatus(status), '')
    wire.headers = `location: ${location}\r\n`
    wire.count = 1
    return make(wire, 'default', true)
  }

  get type() {
    return this.#type
  }

  get url() {
    checked(this)
    return ''
  }

  get redirected() {
    checked(this)
    return false
  }

  get status() {
    return this.#wire.status
  }

  get ok() {
    const { status } = this.#wire
    return status >= 200 && status <= 299
  }

  get statusText() {
    return this.#wire.reason
  }

  get headers() {
    if (this.#headers === null) {
      this.#headers = responseHeaders(this.#wire.headers, this.#immutable)
      this.#ready = false
    }
    return this.#headers
  }

  get body() {
    const body = bodyOf(this)
    if (body === null) return null
    touch(this)
    return streamOf(body)
  }

  get bodyUsed() {
    return isUsed(bodyOf(this))
  }

  clone() {
    return cloneOf(this)
  }

  async arrayBuffer() {
    return bufferOf(await takeBytes(bodyToRead(this)))
  }

  async blob() {
    return readByPlatform('blob', await takeBytes(bodyToRead(this)), contentTypeOf(this))
  }

  async bytes() {
    return takeBytes(bodyToRead(this))
  }

  async formData() {
    return readByPlatform('formData', await takeBytes(bodyToRead(this)), contentTypeOf(this))
  }

  async json() {
    return JSON.parse(await takeText(bodyToRead(this)))
  }

  async text() {
    return takeText(bodyToRead(this))
  }
}

// Only fetch makes one with a URL; but the getters still throw for what is no Response.
const checked = (response) => readyWire(response)

function bodyToRead(response) {
  const body = bodyOf(response)
  if (body !== null) touch(response)
  return body
}

const contentTypeOf = (response) => response.headers.get('content-type')

function plainWire(source, typeLine) {
  const wire = new Wire(200, '')
  wire.body = source
  if (typeLine !== null) {
    wire.headers = typeLine
    wire.count = 1
  }
  return wire
}

const changedWire = (wire, changes) =>
  Object.assign(new Wire(wire.status, wire.reason), wire, changes)

function wireWithBody(wire, body) {
  if (wire.status === 0) throw invalidResponse('The handler returned Response.error().')
  if (body === null) return wire
  if (isUnusable(body)) throw spentBody(isUsed(body) ? 'was already read or sent' : 'is locked')
  if (body.kind === TEXT || body.kind === BYTES) return wire
  const length = body.kind === BLOB ? body.source.size : -1
  // Strings in an async iterable are sent as they are, so it goes without a stream.
  const direct = body.kind === ITERABLE && body.stream === null
  const streamed = changedWire(wire, { body: direct ? body.source : streamOf(body), length })
  body.used = true
  return streamed
}

finishClass(Response, 'Response')
defineTextStream(Response, (response) => textStreamOf(bodyToRead(response)))
defineInspect(Response, 'Response', (response) => {
  const { status, statusText, headers, body, bodyUsed, ok, redirected, type, url } = response
  return { status, statusText, headers, body, bodyUsed, ok, redirected, type, url }
})
Object.defineProperty(Response.prototype, TO_WIRE, {
  value() {
    // Asked of a stand-in, toWire would come back here for ever.
    if (!isOurs(this)) {
      throw invalidResponse('The handler returned what only inherits from a Response, or a Proxy.')
    }
    return toWire(this)
  },
})
inherit('Response', Response)

/**
 * What the server sends for what a handler returned. Throws a TypeError with the code
 * ERR_INVALID_RESPONSE for what cannot be sent.
 * @param {unknown} value
 * @param {boolean} mayWait the caller can come again: undefined then says that one microtask later
 *   (once, with false) the answer costs less. Node 24 closes a new Response's body that late.
 * @returns {Wire | undefined}
 */
export function toWire(value, mayWait = false) {
  if (isOurs(value)) return readyWire(value) ?? toWireSlowly(value)
  return wireOfOther(value, mayWait)
}

export { isOurs as isResponse, Response }
