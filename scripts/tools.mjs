// What the bench, the attacks and valgrind's run need besides Node: looked for, got by apt when we
// are root, else named with the command that gets it.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const THREE_MINUTES = 180_000

/** The path of a program, or undefined. */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const result = spawnSync('apt-get', args, { env, timeout: THREE_MINUTES, encoding: 'utf8' })
  return result.status === 0
}

/** Tries to get a package; true when apt says it is there. */
export function aptInstall(name) {
  if (process.getuid?.() !== 0 || !which('apt-get')) return false
  console.error(`getting ${name}: apt-get install -y ${name}`)
  const install = () => aptGet('install', '-y', '-q', '--no-install-recommends', name)
  return install() || (aptGet('update', '-q') && install())
}

/** A program's path, got by apt if need be; throws the command that mends it. */
export function need(program, debianPackage = program) {
  const found = which(program) ?? (aptInstall(debianPackage) ? which(program) : undefined)
  if (found) return found
  throw new Error(`${program} is missing; get it with: apt-get install ${debianPackage}`)
}
