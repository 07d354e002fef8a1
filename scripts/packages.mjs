// Makes the packages as npm gets them: milouv itself, and one for each platform whose build there
// is, in a folder apart, so that package.json here stays without what napi writes into it.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmCommand, root, SetupError } from './toolchain.mjs'

const napiScript = join(root, 'node_modules/@napi-rs/cli/dist/cli.js')

// Rust's names and npm's: the targets of package.json.
const PLATFORMS = {
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu',
  'x86_64-unknown-linux-musl': 'linux-x64-musl',
  'aarch64-unknown-linux-musl': 'linux-arm64-musl',
  'x86_64-apple-darwin': 'darwin-x64',
  'aarch64-apple-darwin': 'darwin-arm64',
  'x86_64-pc-windows-msvc': 'win32-x64-msvc',
  'aarch64-pc-windows-msvc': 'win32-arm64-msvc',
}

export const targets = Object.keys(PLATFORMS)

/** The file of a target's build. */
export const fileOf = (target) => `milouv.${PLATFORMS[target]}.node`

/** Without what an npm that runs us has set: it would take our folder for the new one. */
export function cleanEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

function output(program, args, cwd) {
  const result = spawnSync(program, args, { cwd, env: cleanEnv(), encoding: 'utf8' })
  if (result.status === 0) return result.stdout
  throw new SetupError(
    'the packages could not be made',
    `${args.join(' ')}: ${result.error ?? result.stderr}`,
    'npm ci, then npm run pack:release',
  )
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/**
 * Fills a folder with what is published, `npm/` and all, from the builds in `artifacts`. napi
 * refuses a target without a build, so package.json names those that are there; `all`: each.
 */
export function stage(folder, artifacts, { all = false } = {}) {
  const manifest = readJson(join(root, 'package.json'))
  const built = new Set(readdirSync(artifacts))
  manifest.napi.targets = manifest.napi.targets.filter((one) => all || built.has(fileOf(one)))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const napi = (...args) => output(process.execPath, [napiScript, ...args], folder)
  napi('create-npm-dirs')
  napi('artifacts', '--output-dir', artifacts, '--npm-dir', 'npm')
  // Writes optionalDependencies, each pinned to the version of milouv.
  napi('pre-publish', '--tag-style', 'npm', '--skip-optional-publish', '--no-gh-release')
  return folder
}

/**
 * Packs what was staged, the tarballs into `destination`: what `npm pack --json` says of each, and
 * its manifest.
 */
export function packAll(staged, destination) {
  mkdirSync(destination, { recursive: true })
  const folders = readdirSync(join(staged, 'npm')).map((name) => join(staged, 'npm', name))
  return [...folders, staged].map((folder) => {
    const args = ['pack', '--json', '--loglevel=error', '--pack-destination', destination]
    const [npm, all] = npmCommand(args)
    const [packed] = JSON.parse(output(npm, all, folder))
    return { ...packed, manifest: readJson(join(folder, 'package.json')) }
  })
}
