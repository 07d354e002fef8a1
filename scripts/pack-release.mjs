// `npm run pack:release`: the builds that are published, made on this machine as far as it can,
// and the packages of them in .cache/release/packages/.
// usage: node scripts/pack-release.mjs [--build-only] [TARGET ...]   (default: this machine's)
//        node scripts/pack-release.mjs --stage-all    all packages, from builds that are there

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertGlibc, assertHostLibuv, sourcesDigest, triple } from './artifact.mjs'
import { ensureNative } from './native.mjs'
import { fileOf, packAll, stage, targets } from './packages.mjs'
import {
  cacheDir,
  cargoEnv,
  isMain,
  root,
  run,
  runMain,
  SetupError,
  wheelInto,
} from './toolchain.mjs'

const napiScript = join(root, 'node_modules/@napi-rs/cli/dist/cli.js')
const folder = join(cacheDir, 'release')
export const artifactsFolder = join(folder, 'artifacts')
export const packagesFolder = join(folder, 'packages')
const stageFolder = join(folder, 'stage')
const stampOf = (target) => join(folder, `${target}.sources`)

const WHEELS = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1']

/** zig, as a linker and libc of other platforms. */
function ensureZig() {
  const target = join(cacheDir, 'zig')
  if (existsSync(join(target, 'bin', 'cargo-zigbuild'))) return target
  console.log(`milouv: getting ${WHEELS.join(' and ')} from PyPI`)
  if (wheelInto(target, WHEELS, (partial) => existsSync(join(partial, 'bin')))) return target
  throw new SetupError(
    'zig could not be got',
    'pip ended with an error, printed above',
    `python3 -m pip install --target .cache/zig ${WHEELS.join(' ')}`,
  )
}

/** For bindgen: the C headers of a Linux target, as zig has them. */
function headersOf(zig, target) {
  const lib = join(zig, 'ziglang', 'lib')
  const [cpu] = target.split('-')
  const libc = target.endsWith('-musl') ? 'musl' : 'gnu'
  const names = [
    `${cpu}-linux-${libc}`,
    `generic-${libc === 'gnu' ? 'glibc' : libc}`,
    `${cpu.replace('x86_64', 'x86')}-linux-any`,
    'any-linux-any',
  ]
  const folders = names.map((name) => join(lib, 'libc', 'include', name))
  return ['-nostdinc', ...[join(lib, 'include'), ...folders].map((each) => `-I${each}`)].join(' ')
}

/** How a target is built: napi's arguments, and what the environment has besides. */
function wayOf(target) {
  if (!target.includes('linux')) return { args: ['--target', target], env: {} }
  // gcc with the headers and libraries of glibc 2.17, from @napi-rs/cross-toolchain.
  if (target === 'x86_64-unknown-linux-gnu') {
    return { args: ['--target', target, '--use-napi-cross'], env: {} }
  }
  const zig = ensureZig()
  const glibc = target.endsWith('-gnu') ? '.2.17' : ''
  return {
    args: ['--target', `${target}${glibc}`, '--cross-compile'],
    env: {
      PATH: `${join(zig, 'bin')}:${process.env.PATH}`,
      PYTHONPATH: zig,
      BINDGEN_EXTRA_CLANG_ARGS: headersOf(zig, target),
      // Without a libuv of its own: see there.
      [`CC_${target.replaceAll('-', '_')}`]: join(root, 'scripts', 'no-libuv-cc'),
      MILOUV_CC: `python3 -m ziglang cc -target ${target.replace('-unknown', '')}`,
    },
  }
}

function ensureTarget(target) {
  // Where rustup is not, cargo says what is missing.
  run('rustup', ['target', 'add', target], { stdio: 'ignore' })
}

function buildTarget(target) {
  ensureNative()
  ensureTarget(target)
  const { args, env } = wayOf(target)
  const files = ['--platform', '--no-js', '--output-dir', artifactsFolder]
  const options = ['--release', '--package', 'milouv', '--target-dir', join(folder, 'target')]
  const all = [napiScript, 'build', ...files, ...options, ...args]
  if (run(process.execPath, all, { env: { ...cargoEnv(), ...env } }) === 0) return
  throw new SetupError(
    `the build for ${target} failed`,
    'napi build ended with an error, printed above',
    `npm run pack:release -- ${target}`,
  )
}

/** The file of a target's build, where it is there and of the sources as they are. */
export function releaseBuild(target) {
  const [file, stamp] = [join(artifactsFolder, fileOf(target)), stampOf(target)]
  if (!existsSync(file) || !existsSync(stamp)) return undefined
  return readFileSync(stamp, 'utf8') === sourcesDigest() ? file : undefined
}

/** Makes sure of that, and of what it is linked against, which release.test.js looks at, too. */
export function ensureReleaseBuild(target) {
  const file = join(artifactsFolder, fileOf(target))
  if (releaseBuild(target) === undefined) {
    const sources = sourcesDigest()
    mkdirSync(artifactsFolder, { recursive: true })
    buildTarget(target)
    writeFileSync(stampOf(target), sources)
  }
  assertHostLibuv(file)
  if (target.endsWith('linux-gnu')) assertGlibc(file)
}

/** The target of this machine. */
export const hostTarget = () =>
  targets.find((target) => fileOf(target) === `milouv.${triple()}.node`)

/** Builds for these targets and packs those alone: what `packAll` gives. */
export function packRelease(wanted) {
  const chosen = join(folder, 'chosen')
  for (const made of [chosen, packagesFolder]) rmSync(made, { recursive: true, force: true })
  mkdirSync(chosen, { recursive: true })
  for (const target of wanted) {
    ensureReleaseBuild(target)
    copyFileSync(join(artifactsFolder, fileOf(target)), join(chosen, fileOf(target)))
  }
  return packAll(stage(stageFolder, chosen), packagesFolder)
}

if (isMain(import.meta.url)) {
  runMain(() => {
    const given = process.argv.slice(2)
    const named = given.filter((argument) => !argument.startsWith('--'))
    if (given.includes('--stage-all')) {
      stage(stageFolder, artifactsFolder, { all: true })
      return
    }
    const wanted = named.length > 0 ? named : [hostTarget()]
    if (given.includes('--build-only')) for (const target of wanted) ensureReleaseBuild(target)
    else for (const { filename } of packRelease(wanted)) console.log(join(packagesFolder, filename))
  })
}
