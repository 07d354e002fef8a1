// Builds the addon with cargo and puts it where lib/binding.js looks for it; bundles lib/.
// usage: node scripts/build.mjs [--debug]

import { copyFileSync, renameSync } from 'node:fs'
import {
  artifactPath,
  assertHostLibuv,
  libraryPath,
  sourcesDigest,
  writeStamp,
} from './artifact.mjs'
import { ensureBundle } from './bundle.mjs'
import { ensureNative } from './native.mjs'
import { cargo, isMain, runMain, SetupError } from './toolchain.mjs'

export function build(profile = 'release') {
  ensureNative()
  ensureBundle()
  // Taken now: what is edited while cargo runs may not be in what it builds.
  const sources = sourcesDigest()
  const flags = profile === 'release' ? ['--release'] : []
  if (cargo(['build', '-p', 'milouv', ...flags]) !== 0) {
    throw new SetupError(
      `the ${profile} build failed`,
      'cargo ended with an error, printed above',
      `npm run build${profile === 'release' ? '' : ':debug'}`,
    )
  }
  const library = libraryPath(profile)
  assertHostLibuv(library)
  // Copied beside, then renamed: a process that has the old file mapped keeps the old one.
  const partial = `${artifactPath()}.${process.pid}`
  copyFileSync(library, partial)
  renameSync(partial, artifactPath())
  writeStamp(profile, sources)
}

if (isMain(import.meta.url)) {
  runMain(() => build(process.argv.includes('--debug') ? 'debug' : 'release'))
}
