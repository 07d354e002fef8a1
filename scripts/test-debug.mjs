// `npm run test:debug`: __test__ with the debug build of the addon, which looks at its invariants
// at each step. Where one is broken, or anything panics, the process ends, and its test fails.
// usage: node scripts/test-debug.mjs

import { isFresh } from './artifact.mjs'
import { build } from './build.mjs'
import { ensurePackages } from './setup.mjs'
import { runNodeTests } from './steps.mjs'
import { runMain } from './toolchain.mjs'

runMain(() => {
  ensurePackages()
  if (!isFresh('debug')) build('debug')
  process.exitCode = runNodeTests(process.execPath)
})
