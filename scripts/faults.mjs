// The build of the addon whose calls fail and panic at the wish of a test (the feature `faults`),
// in a folder of its own: a copy of lib/ with that addon, which nothing but tests knows of.
// usage: node scripts/faults.mjs

import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { artifactPath, assertHostLibuv, libraryPath } from './artifact.mjs'
import { ensureNative } from './native.mjs'
import { cacheDir, cargo, isMain, root, runMain, SetupError } from './toolchain.mjs'

const HOUR = 3_600_000

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
  return join(copied(library), 'index.js')
}

/** A folder for each content: another test that runs now may have the one of the same open. */
function copied(library) {
  const sources = ['index.js', 'package.json']
  const lib = readdirSync(join(root, 'lib')).map((name) => join('lib', name))
  const hash = createHash('sha256').update(readFileSync(library))
  for (const name of [...sources, ...lib.sort()]) hash.update(readFileSync(join(root, name)))
  const digest = hash.digest('hex').slice(0, 16)
  const folder = join(cacheDir, 'faults', digest)
  if (existsSync(folder)) return folder
  forgetOld(join(cacheDir, 'faults'))
  const partial = `${folder}.${process.pid}`
  for (const name of [...sources, 'lib']) {
    cpSync(join(root, name), join(partial, name), { recursive: true })
  }
  copyFileSync(library, join(partial, basename(artifactPath())))
  try {
    renameSync(partial, folder)
  } catch (error) {
    // Another was faster.
    if (!existsSync(folder)) throw error
    rmSync(partial, { recursive: true })
  }
  return folder
}

/** Those that no test can be using any more. */
function forgetOld(folder) {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    // Another test may be just removing it.
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || Date.now() - found.mtimeMs <= HOUR) continue
    rmSync(path, { recursive: true, force: true })
  }
}

if (isMain(import.meta.url)) runMain(() => console.log(faultyPackage()))
