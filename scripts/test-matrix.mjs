// `npm run test:matrix`: the one built binary and the whole of __test__ on every Node line that
// milouv serves.
// usage: node scripts/test-matrix.mjs [20 22 ...]

import { delimiter, dirname } from 'node:path'
import { LINES, nodeOfLine } from './node-lines.mjs'
import { setup } from './setup.mjs'
import { runNodeTests } from './steps.mjs'
import { capture, runMain } from './toolchain.mjs'

function testWith(line) {
  const node = nodeOfLine(line)
  const version = capture(node, ['--version']) ?? 'does not run'
  const libuv = capture(node, ['-p', 'process.versions.uv']) ?? '-'
  console.log(`\n== Node.js ${version}, libuv ${libuv}`)
  // First on PATH too: tests start children, and those must be of the same line.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
  const started = performance.now()
  const code = runNodeTests(node, env)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  return { line, version, libuv, seconds, result: code === 0 ? 'passed' : `failed (${code})` }
}

runMain(() => {
  setup()
  const chosen = process.argv.slice(2)
  const results = (chosen.length > 0 ? chosen : LINES).map(testWith)
  console.table(results)
  if (results.some(({ result }) => result !== 'passed')) process.exitCode = 1
})
