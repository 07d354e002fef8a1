// Brings a fresh clone to where it can run: npm packages, libclang, the release build, the bundle.
// What is there already costs next to nothing, so this runs before every start and every test.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFresh } from './artifact.mjs'
import { build } from './build.mjs'
import { ensureBundle } from './bundle.mjs'
import { isMain, npmCommand, root, run, runMain, SetupError } from './toolchain.mjs'

function readPackages(file) {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).packages ?? {}) : {}
}

/** Names of the packages that the lock file wants and node_modules has not, or has otherwise. */
export function missingPackages(folder = root) {
  const wanted = readPackages(join(folder, 'package-lock.json'))
  const present = readPackages(join(folder, 'node_modules/.package-lock.json'))
  return Object.keys(wanted).filter(
    (path) =>
      path !== '' && !wanted[path].optional && present[path]?.version !== wanted[path].version,
  )
}

export function ensurePackages() {
  if (missingPackages().length === 0) return
  console.log('milouv: installing the development packages (npm ci)')
  const [program, args] = npmCommand(['ci', '--include=dev', '--no-audit', '--no-fund'])
  // Whatever NODE_ENV says, the linter, the type checker and the examples need these.
  if (run(program, args, { env: { ...process.env, NODE_ENV: '' } }) === 0) return
  throw new SetupError(
    'the development packages could not be installed',
    'npm ci ended with an error, printed above',
    'npm ci --include=dev',
  )
}

function ensureNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return
  throw new SetupError(
    `Node.js ${process.versions.node} is too old`,
    'milouv needs ^20.19.0 or >=22.12.0',
    'install a newer Node.js: https://nodejs.org',
  )
}

export function setup(profile = 'release') {
  ensureNode()
  ensurePackages()
  ensureBundle()
  if (isFresh(profile)) return
  console.log(`milouv: building the addon (${profile}); the first time takes a while`)
  build(profile)
}

if (isMain(import.meta.url)) runMain(() => setup())
