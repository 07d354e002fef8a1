// What `npm run test:valgrind` makes of valgrind's reports.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordOf } from '../scripts/valgrind-record.mjs'
import { errorsOf, failuresOf, grouped, isProcess, isWhole } from '../scripts/valgrind-report.mjs'

const NAME = 'milouv.linux-x64-gnu.node'
const OURS = `/project/${NAME}`

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
const status = '<status><state>RUNNING</state></status>'
const report = `<valgrindoutput>${status}${read}${foreign}${leak}${leak}</valgrindoutput>`

test('errors are ours when the addon is on their stack', () => {
  const errors = errorsOf(report, NAME)
  assert.deepEqual(
    errors.map(({ kind, what }) => [kind, what]),
    [
      ['InvalidRead', 'Invalid read of size 8'],
      ['Leak_DefinitelyLost', '40 bytes lost'],
      ['Leak_DefinitelyLost', '40 bytes lost'],
    ],
  )
  assert.deepEqual(errors[0].frames, [{ object: OURS, name: "Turn<'a>::close", at: 'turn.rs:20' }])
  assert.deepEqual(errorsOf(report, 'other.node'), [])
  const copied = errorsOf(report.replaceAll(OURS, `/project/.cache/copy/${NAME}`), NAME)
  assert.equal(copied.length, errors.length)
})

test('the same error of many processes is told once', () => {
  const told = grouped(errorsOf(report, NAME))
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
  assert.equal(errorsOf(cut, NAME).length, 1)
  assert.equal(isProcess(cut), true)
})

test('a fork that became another program is no process of its own, but its errors count', () => {
  const fork = report.slice(0, report.indexOf(foreign)).replace(status, '')
  assert.equal(isProcess(fork), false)
  assert.equal(errorsOf(fork, NAME).length, 1)
})

test('what a test said that failed is read with its error', () => {
  const tap = [
    '    ok 1 - one',
    '    not ok 2 - two # time',
    '      ---',
    "      location: 'a.js:1:1'",
    '      error: |-',
    '        Expected values to be strictly equal:',
    '        ',
    '      ...',
    'not ok 1 - both',
    '  ---',
    "  error: '1 subtest failed'",
    '  ...',
    'ok 2 - three',
  ]
  assert.deepEqual(failuresOf(`${tap.join('\n')}\n`), [
    { title: '    not ok 2 - two # time', error: 'Expected values to be strictly equal:' },
    { title: 'not ok 1 - both', error: "'1 subtest failed'" },
  ])
})

describe('the record', () => {
  const result = {
    ...{ name: 'abort', processes: 3, whole: 2, seconds: 18 },
    ...{ valgrind: 'valgrind-3', node: 'v20', date: 'today', commit: 'abc' },
    failed: [
      { title: '    not ok 2 - within it', error: 'late' },
      { title: 'not ok 1 - a | b', error: '1 subtest failed' },
    ],
    errors: [],
  }
  const leftOut = { tidy: 'it looks at the sources' }

  test('says that nothing was found, what was not run, and which tests failed', () => {
    const lines = recordOf([result, { ...result, name: 'accept', failed: [] }], leftOut).split('\n')
    assert.ok(lines.some((line) => line.startsWith('**Nothing was found**')))
    assert.ok(lines.includes('| abort | 3 | 2 | 0 | 18 | within it |'), lines.join('\n'))
    assert.ok(lines.includes('| accept | 3 | 2 | 0 | 18 |  |'))
    assert.ok(lines.some((line) => line.startsWith('2 files, 6 processes. 4 of them')))
    assert.ok(lines.includes('- tidy: it looks at the sources'))
    assert.ok(lines.includes('valgrind-3; Node v20; today; commit abc.'))
  })

  test('shows what was found', () => {
    const text = recordOf([{ ...result, errors: errorsOf(report, NAME) }], leftOut)
    assert.doesNotMatch(text, /Nothing was found/)
    assert.match(text, /^\*\*Leak_DefinitelyLost\*\*, 2 times: 40 bytes lost$/m)
    assert.match(text, /^\| abort \| 3 \| 2 \| 3 \|/m)
  })
})
