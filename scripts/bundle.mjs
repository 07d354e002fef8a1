// Makes one module of index.js and lib/, dist/milouv.js, which is what the package exports: Node
// takes half a millisecond of the processor for each module that it loads. It keeps names and
// comments, so that what a stack trace points at can be read.
// usage: node scripts/bundle.mjs

import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheDir, isMain, root, run, runMain, SetupError } from './toolchain.mjs'

export const bundlePath = join(root, 'dist', 'milouv.js')
const stampFile = join(cacheDir, 'bundle')
const script = join(root, 'scripts', 'bundle.mjs')

/** The text of the bundle. */
export async function bundleText() {
  // Not loaded before the packages are there: setup.mjs installs them.
  const { rollup } = await import('rollup')
  const bundle = await rollup({
    input: join(root, 'index.js'),
    external: /^node:/,
    // All of it as it stands: what the linter let pass is not to be guessed at here.
    treeshake: false,
    onwarn(warning) {
      throw new Error(warning.message)
    },
  })
  try {
    const { output } = await bundle.generate({ format: 'es' })
    return output[0].code
  } finally {
    await bundle.close()
  }
}

/** A digest of what the bundle is made from and of the bundle itself. */
function stamp() {
  const lib = readdirSync(join(root, 'lib')).sort()
  const sources = [...lib.map((name) => join('lib', name)), 'index.js', 'package-lock.json']
  const hash = createHash('sha256')
  for (const file of [...sources.map((name) => join(root, name)), script, bundlePath]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/** True when dist/ is the bundle of lib/ as it is. */
export function isBundleFresh() {
  if (!existsSync(bundlePath) || !existsSync(stampFile)) return false
  return readFileSync(stampFile, 'utf8') === stamp()
}

/** Bundles if need be, in a process of its own: rollup has no way that does not wait. */
export function ensureBundle() {
  if (isBundleFresh() || run(process.execPath, [script]) === 0) return
  throw new SetupError(
    'lib/ could not be bundled',
    'rollup ended with an error, printed above',
    'npm run bundle',
  )
}

async function main() {
  const text = await bundleText()
  mkdirSync(join(root, 'dist'), { recursive: true })
  mkdirSync(cacheDir, { recursive: true })
  // Written beside, then renamed: a process that starts now finds one that is whole.
  const partial = `${bundlePath}.${process.pid}`
  writeFileSync(partial, text)
  renameSync(partial, bundlePath)
  writeFileSync(stampFile, stamp())
}

if (isMain(import.meta.url)) runMain(main)
