// The checks that `npm run check` and `npm test` are made of.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cargo, root, run, SetupError } from './toolchain.mjs'

/** A program of a development package, run by this node: no shell, no PATH. */
function nodeTool(path, args) {
  const script = join(root, 'node_modules', path)
  if (existsSync(script)) return run(process.execPath, [script, ...args])
  throw new SetupError(`${path} is missing`, 'node_modules is not complete', 'npm ci')
}

const biome = (...args) => nodeTool('@biomejs/biome/bin/biome', args)

const rustfmt = {
  name: 'cargo fmt',
  mend: 'npm run format (or, when it is missing: rustup component add rustfmt)',
  run: () => cargo(['fmt', '--all', '--check']),
}
const clippy = {
  name: 'cargo clippy',
  mend: 'mend the warnings above (or, when it is missing: rustup component add clippy)',
  run: () => cargo(['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']),
}
const cargoTest = {
  name: 'cargo test',
  mend: 'mend the tests above; node scripts/cargo.mjs test -p http1 runs one crate',
  run: () => cargo(['test', '--workspace']),
}
const lint = {
  name: 'biome check',
  mend: 'npm run format, then mend what is left by hand',
  run: () => biome('check', '--error-on-warnings', '.'),
}
const types = {
  name: 'tsc',
  mend: 'mend types/ or the code above',
  run: () => nodeTool('typescript/bin/tsc', ['-p', 'tsconfig.json']),
}

/** The tests of these names, or all. */
export const nodeTestsOf = (names) => ({
  name: 'node --test',
  mend: 'mend the tests above; npm test -- NAME runs one file',
  run: () => runNodeTests(process.execPath, process.env, names),
})

export const checks = [rustfmt, lint, types, clippy]
export const all = [rustfmt, clippy, cargoTest, lint, types, nodeTestsOf()]
export const fixes = [
  { name: 'cargo fmt', mend: 'mend the syntax above', run: () => cargo(['fmt', '--all']) },
  { name: 'biome', mend: 'mend by hand what is above', run: () => biome('check', '--write', '.') },
]

const SUFFIX = '.test.js'

function allTests() {
  const files = readdirSync(join(root, '__test__')).filter((file) => file.endsWith(SUFFIX))
  return files.sort().map((file) => file.slice(0, -SUFFIX.length))
}

/** The arguments of node's test runner, with the files by name: Node 20 expands no pattern. */
export function nodeTestArguments(names = allTests()) {
  const files = names.map((name) => join('__test__', `${name}${SUFFIX}`))
  // Two at a time: the tests measure servers with real time-outs and must not starve each other.
  const options = ['--test-reporter=spec', '--test-concurrency=2', '--test-timeout=240000']
  return ['--test', ...options, ...files]
}

/**
 * Runs __test__, or some files of it, with the given node. The whole has a limit too: newer
 * runners do not end a file that keeps its process alive after its last test.
 */
export function runNodeTests(node, env = process.env, names = undefined) {
  return run(node, nodeTestArguments(names), { env, timeout: 20 * 60_000 })
}

/** Runs the steps in order and stops at the first that fails, naming it. */
export function runSteps(steps) {
  for (const step of steps) {
    console.log(`\n== ${step.name}`)
    const code = step.run()
    if (code !== 0) {
      throw new SetupError(`the step '${step.name}' failed`, `it ended with ${code}`, step.mend)
    }
  }
}
