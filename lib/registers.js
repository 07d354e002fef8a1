// Numbers that pass between the addon and the hooks without a call; see src/server/registers.rs.

import binding from './binding.js'

/** With a request: the key of its connection. */
export const KEY = 0
/** With a request: how its head is to be cut, see Exchange. */
export const META = 1
/** The status of the answer whose body the request hook returns; 0: it returns none. */
export const STATUS = 2
/** The number of that answer's headers, see kept-headers.js. */
export const HEADERS = 3

/** @type {Float64Array} */
export let registers

/** Before the first request; the addon has nothing to run before that. */
export function openRegisters() {
  registers ??= binding.registers()
}
