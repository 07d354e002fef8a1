// What `npm run test:valgrind` makes of valgrind's reports.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf, grouped, isWhole } from '../scripts/valgrind-report.mjs'

const OURS = '/project/milouv.linux-x64-gnu.node'

const frame = (object, name, line) =>
  `<frame>\n<ip>0x1</ip>\n<obj>${object}</obj>\n<fn>${name}</fn>\n` +
  `<file>turn.rs</file>\n<line>${line}</line>\n</frame>`

const error = (kind, what, frames) =>
  `<error>\n<kind>${kind}</kind>\n${what}\n<stack>\n${frames.join('\n')}\n</stack>\n</error>`

const read = error('InvalidRead', '<what>Invalid read of size 8</what>', [
  frame('/usr/bin/node', 'uv__read', 10),
  frame(OURS, 'Turn&lt;&apos;a&gt;::close', 20),
])
const leak = error('Leak_DefinitelyLost', '<xwhat><text>40 bytes lost</text></xwhat>', [
  frame('/usr/lib/valgrind/preload.so', 'malloc', 1),
  frame(OURS, 'Turn::new', 30),
])
const foreign = error('UninitCondition', '<what>a jump</what>', [frame('/usr/bin/node', 'v8', 1)])
const report = `<valgrindoutput>${read}${foreign}${leak}${leak}</valgrindoutput>`

test('errors are ours when the addon is on their stack', () => {
  const errors = errorsOf(report, OURS)
  assert.deepEqual(
    errors.map(({ kind, what }) => [kind, what]),
    [
      ['InvalidRead', 'Invalid read of size 8'],
      ['Leak_DefinitelyLost', '40 bytes lost'],
      ['Leak_DefinitelyLost', '40 bytes lost'],
    ],
  )
  assert.deepEqual(errors[0].frames, [{ object: OURS, name: "Turn<'a>::close", at: 'turn.rs:20' }])
  assert.deepEqual(errorsOf(report, '/elsewhere/milouv.linux-x64-gnu.node'), [])
})

test('the same error of many processes is told once', () => {
  const told = grouped(errorsOf(report, OURS))
  assert.deepEqual(
    told.map(({ kind, times }) => [kind, times]),
    [
      ['InvalidRead', 1],
      ['Leak_DefinitelyLost', 2],
    ],
  )
})

test('a report that was cut is told apart, and what it has is read', () => {
  const cut = report.slice(0, report.indexOf(foreign))
  assert.equal(isWhole(report), true)
  assert.equal(isWhole(cut), false)
  assert.equal(errorsOf(cut, OURS).length, 1)
})
