// `npm test` after the set-up: every check and every test. Node's runner is last, so that its
// own summary ends the output. With names, such as `npm test -- resets workers`: those files only.

import { all, nodeTestsOf, runSteps } from './steps.mjs'
import { runMain } from './toolchain.mjs'

const names = process.argv.slice(2)
runMain(() => runSteps(names.length > 0 ? [nodeTestsOf(names)] : all))
