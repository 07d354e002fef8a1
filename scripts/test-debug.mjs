// `npm run test:debug`: __test__ with the debug build of the addon, which looks at its invariants
// at each step. Where one is broken, or anything panics, the process ends, and its test fails.
// usage: node scripts/test-debug.mjs

import { isFresh } from './artifact.mjs'
import { setup } from './setup.mjs'
import { runNodeTests } from './steps.mjs'
import { runMain, SetupError } from './toolchain.mjs'

runMain(() => {
  setup('debug')
  process.exitCode = runNodeTests(process.execPath)
  // A test that builds, or somebody who edits, would have the others run without assertions.
  if (isFresh('debug')) return
  throw new SetupError(
    'not all tests ran with the debug build',
    'another was put in its place meanwhile, or the sources were edited',
    'npm run test:debug',
  )
})
