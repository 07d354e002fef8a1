// `npm test` after the set-up: every check and every test. Node's runner is last, so that its
// own summary ends the output.

import { all, runSteps } from './steps.mjs'
import { runMain } from './toolchain.mjs'

runMain(() => runSteps(all))
