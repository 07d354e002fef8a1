// Packages of other servers: among our own development packages, or among those of the bench.

import { createRequire } from 'node:module'

const places = ['../../package.json', '../../bench/package.json']
const requires = places.map((place) => createRequire(new URL(place, import.meta.url)))

/** The package, or null when it is not installed. */
export function peer(name) {
  for (const require of requires) {
    try {
      return require(name)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return null
}
