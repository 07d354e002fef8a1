// The build of the addon whose calls fail and panic at the wish of a test (the feature `faults`),
// in a folder of its own: a copy of lib/ with that addon, which nothing but tests knows of.
// usage: node scripts/faults.mjs

import { copyFileSync, cpSync, mkdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { artifactPath, assertHostLibuv, libraryPath } from './artifact.mjs'
import { ensureNative } from './native.mjs'
import { cacheDir, cargo, isMain, root, runMain, SetupError } from './toolchain.mjs'

const folder = join(cacheDir, 'faults')

/** The index.js of that copy, the addon built from the sources as they are. */
export function faultyPackage() {
  ensureNative()
  const flags = ['--quiet', '--profile', 'faults', '--features', 'faults']
  if (cargo(['build', '-p', 'milouv', ...flags]) !== 0) {
    throw new SetupError(
      'the build with faults failed',
      'cargo ended with an error, printed above',
      'node scripts/faults.mjs',
    )
  }
  const library = libraryPath('faults')
  assertHostLibuv(library)
  mkdirSync(folder, { recursive: true })
  for (const name of ['index.js', 'package.json', 'lib']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  // Copied beside, then renamed: a process that has the old file mapped keeps the old one.
  const artifact = join(folder, basename(artifactPath()))
  copyFileSync(library, `${artifact}.${process.pid}`)
  renameSync(`${artifact}.${process.pid}`, artifact)
  return join(folder, 'index.js')
}

if (isMain(import.meta.url)) runMain(() => console.log(faultyPackage()))
