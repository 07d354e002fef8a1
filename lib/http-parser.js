import { isUint8Array } from 'node:util/types'
import binding from './binding.js'
import { invalidArgType } from './errors.js'
import { parserOptions } from './options.js'
import { unshared } from './unshared.js'

/** Milo for JavaScript, as strict as the server: both use the same decoder. */
export class HttpParser {
  #native

  constructor(options) {
    const { maxHeaderSize, maxHeadersCount, maxRequestBodySize } = parserOptions(options)
    this.#native = new binding.NativeHttpParser(maxHeaderSize, maxHeadersCount, maxRequestBodySize)
  }

  execute(bytes) {
    if (!isUint8Array(bytes)) throw invalidArgType('bytes', 'a Uint8Array', bytes)
    const own = unshared(bytes)
    return this.#native.execute(own).map((event) => convert(event, own))
  }

  finish() {
    return this.#native.finish().map((event) => convert(event))
  }
}

function convert(event, bytes) {
  switch (event.kind) {
    case 'request':
      return requestOf(event)
    case 'data':
      return { type: 'data', bytes: bytes.subarray(event.start, event.end) }
    case 'end':
      return { type: 'end', trailers: fieldsOf(event.text) }
    default: {
      const { code, status, reason, offset } = event
      return { type: 'error', code, status, message: reason, offset }
    }
  }
}

function requestOf({ text, http10, keepAlive, offset }) {
  const lineEnd = text.indexOf('\n')
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd)
  const space = line.indexOf(' ')
  return {
    type: 'request',
    method: line.slice(0, space),
    target: line.slice(space + 1),
    version: http10 ? '1.0' : '1.1',
    headers: fieldsOf(lineEnd === -1 ? '' : text.slice(lineEnd + 1)),
    keepAlive,
    offset,
  }
}

/** `name:value` lines; no value can contain a line feed. */
function fieldsOf(text) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    })
}
