// `npm run check`: format, lint and types, no test. With --fix it mends what a tool can mend.

import { ensureNative } from './native.mjs'
import { checks, fixes, runSteps } from './steps.mjs'
import { runMain } from './toolchain.mjs'

runMain(() => {
  ensureNative()
  runSteps(process.argv.includes('--fix') ? fixes : checks)
})
