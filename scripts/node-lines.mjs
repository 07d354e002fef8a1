// The node executables of the release lines that milouv serves. They come from the npm registry
// and stay in .cache/.

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, npmCommand, run, SetupError } from './toolchain.mjs'

export const LINES = ['20', '22', '24', '26']

function nodePackage() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  return `node-${platform}-${process.arch}`
}

/** The node executable of a release line, from .cache/ or the registry. */
export function nodeOfLine(line) {
  const folder = join(cacheDir, `node-${line}`)
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const file = join(folder, 'node_modules', nodePackage(), 'bin', program)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const wanted = `${nodePackage()}@${line}`
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  const [npm, args] = npmCommand(['install', '--prefix', folder, ...options, wanted])
  if (run(npm, args) === 0 && existsSync(file)) return file
  throw new SetupError(
    `Node.js ${line} could not be got`,
    `npm install of ${wanted} failed`,
    `npm install --prefix .cache/node-${line} ${wanted}`,
  )
}
