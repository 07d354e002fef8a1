// `npm run docs`: makes docs/reference from types/. __test__/reference.test.js fails when the
// two do not agree.

import { join } from 'node:path'
import { ensurePackages } from './setup.mjs'
import { isMain, root, run, runMain, SetupError } from './toolchain.mjs'

/**
 * A package of its own, with a TypeScript of its own: typedoc reads types through the JavaScript
 * API of TypeScript, which the native one that checks everything else (7) does not have.
 */
const tool = join(root, 'scripts', 'reference')

/** What runs typedoc, which takes every warning for an error: the program and its arguments. */
export function typedocCommand(args = []) {
  const script = join(tool, 'node_modules/typedoc/bin/typedoc')
  const settings = args.includes('--options') ? [] : ['--options', join(tool, 'typedoc.json')]
  return [process.execPath, [script, ...settings, ...args]]
}

function main() {
  ensurePackages()
  if (run(...typedocCommand()) === 0) return
  throw new SetupError(
    'docs/reference could not be made',
    'typedoc found fault with types/, printed above',
    'mend types/, then npm run docs',
  )
}

if (isMain(import.meta.url)) runMain(main)
