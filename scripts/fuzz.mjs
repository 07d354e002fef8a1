// `npm run fuzz`: coverage-guided fuzzing of what is parsed and written, with libFuzzer
// and AddressSanitizer.
// usage: node scripts/fuzz.mjs [decoder | connection | encoder | proxy_header] [seconds, 60]
//        node scripts/fuzz.mjs small     makes the corpus in fuzz/corpus small again

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { capture, cargo, root, run, runMain, SetupError } from './toolchain.mjs'

const TARGETS = ['decoder', 'connection', 'encoder', 'proxy_header']
const folder = join(root, 'fuzz')
const buildDir = join(folder, 'target')

// The stable compiler has all of it but wants to be told that we know what we ask for.
const COVERAGE = [
  '--cfg=fuzzing',
  '-Zsanitizer=address',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
]

/** The compiler's name for this machine. */
function hostTriple() {
  const version = capture('rustc', ['-vV'])
  if (version === null) {
    throw new SetupError('rustc is missing', 'the fuzzed code is Rust', 'see https://rustup.rs')
  }
  return /^host: (.+)$/m.exec(version)[1]
}

/** Builds the targets; returns the folder of their programs. */
function build() {
  const triple = hostTriple()
  if (capture('c++', ['--version']) === null) {
    throw new SetupError('a C++ compiler is missing', 'libFuzzer is C++', 'apt-get install g++')
  }
  // With --target, the build scripts are not instrumented.
  const args = ['build', '--release', '--bins', '--target', triple]
  const env = {
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: COVERAGE.join(' '),
    CARGO_TARGET_DIR: buildDir,
  }
  if (cargo(args, { cwd: folder, env }) !== 0) {
    throw new SetupError(
      'the fuzz targets were not built',
      'see the messages above; the first time, libfuzzer-sys comes from crates.io',
      'mend them, then npm run fuzz',
    )
  }
  return join(buildDir, triple, 'release')
}

/** Fuzzes one target. New cases go to fuzz/target, what fails to fuzz/artifacts. */
function fuzz(programs, target, seconds) {
  const work = join(buildDir, 'corpus', target)
  const failed = join(folder, 'artifacts')
  for (const path of [work, failed]) mkdirSync(path, { recursive: true })
  const code = run(join(programs, target), [
    `-max_total_time=${seconds}`,
    '-timeout=20',
    '-print_final_stats=1',
    `-dict=${join(folder, 'http.dict')}`,
    `-artifact_prefix=${failed}/${target}-`,
    work,
    join(folder, 'corpus', target),
  ])
  if (code === 0) return
  throw new SetupError(
    `the target '${target}' failed`,
    `the case is in ${failed}`,
    `mend it, then keep the case: mv it to fuzz/corpus/${target}/`,
  )
}

/** Of what was found and what is kept, keeps as few cases as reach the same; named ones stay. */
function makeSmall(programs, target) {
  const kept = join(folder, 'corpus', target)
  const small = join(buildDir, 'small', target)
  const work = join(buildDir, 'corpus', target)
  rmSync(small, { recursive: true, force: true })
  for (const path of [small, work]) mkdirSync(path, { recursive: true })
  // What is reached counts, not how often.
  const code = run(join(programs, target), [
    '-set_cover_merge=1',
    '-use_counters=0',
    '-max_len=600',
    small,
    kept,
    work,
  ])
  if (code !== 0) throw new SetupError(`'${target}' failed`, 'see above', 'npm run fuzz')
  const isFound = (name) => /^[0-9a-f]{40}$/.test(name)
  for (const name of readdirSync(kept).filter(isFound)) rmSync(join(kept, name))
  for (const name of readdirSync(small)) renameSync(join(small, name), join(kept, name))
}

runMain(() => {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const isNumber = (word) => /^[1-9]\d*$/.test(word)
  const seconds = words.find(isNumber) ?? '60'
  const wrong = words.find((word) => !isNumber(word) && ![...TARGETS, 'small'].includes(word))
  if (wrong !== undefined) {
    const mend = `npm run fuzz -- ${TARGETS[0]} 60`
    throw new SetupError(`'${wrong}' is no target`, `there are ${TARGETS.join(', ')}`, mend)
  }
  const programs = build()
  const chosen = TARGETS.filter((target) => words.includes(target))
  for (const target of chosen.length > 0 ? chosen : TARGETS) {
    if (words.includes('small')) makeSmall(programs, target)
    else fuzz(programs, target, seconds)
  }
})
