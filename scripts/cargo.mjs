// Runs cargo with the environment that the project's builds need.
// usage: node scripts/cargo.mjs <cargo arguments>

import { ensureNative } from './native.mjs'
import { cargo, runMain } from './toolchain.mjs'

runMain(() => {
  ensureNative()
  process.exitCode = cargo(process.argv.slice(2))
})
