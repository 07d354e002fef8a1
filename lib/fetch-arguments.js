// What the platform's fetch makes of a request that goes on. It fails of the fields that tell of
// the connection the request came by; they mean nothing on the next one, so they stay behind. And
// it hangs where the length of one body is said of another.

import { isHeaders } from './headers.js'
import { isPlatform, platform } from './platform.js'
import { swapArguments } from './platform-request.js'

const REFUSED = ['transfer-encoding', 'keep-alive', 'upgrade', 'expect']
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * The arguments of fetch, as the platform's takes them.
 * @param {unknown[]} args
 * @returns {unknown[]}
 */
export function fetchArguments(args) {
  const [input, init, ...rest] = swapArguments(args)
  const given = init?.headers
  const refused = hasLength(init?.body) ? [...REFUSED, 'content-length'] : REFUSED
  if (given !== undefined && given !== null) {
    const isObject = isHeaders(given) || isPlatform('Headers', given)
    const headers = isObject ? without(refused, given) : given
    return headers === given ? [input, init, ...rest] : [input, onward(init, headers), ...rest]
  }
  if (!isPlatform('Request', input)) return [input, init, ...rest]
  const headers = without(refused, input.headers)
  return headers === input.headers ? [input, init, ...rest] : [input, { ...init, headers }, ...rest]
}

/** Members of a Request are no own properties of it, those of most other inits are. */
const onward = (init, headers) =>
  isPlatform('Request', init) ? new (platform('Request'))(init, { headers }) : { ...init, headers }

/** Of text, bytes, a Blob or a form fetch finds out the length; of a stream it has to be told. */
const hasLength = (body) =>
  body !== undefined && body !== null && typeof body[Symbol.asyncIterator] !== 'function'

function without(names, headers) {
  const connection = headers.get('connection')
  const refused = names.filter((name) => headers.has(name))
  if (connection !== null && !['close', 'keep-alive'].includes(connection)) {
    const named = connection.split(',').map((name) => name.trim())
    refused.push('connection', ...named.filter((name) => TOKEN.test(name)))
  }
  if (refused.length === 0) return headers
  const copy = new (platform('Headers'))(headers)
  for (const name of refused) copy.delete(name)
  return copy
}
