// What a block says that it needs and not every machine has: peers that the bench gets.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { root, which } from '../../scripts/toolchain.mjs'
import { runProgram } from './program.js'

const peers = join(root, 'bench', 'node_modules')
const inPeers = (path) => (existsSync(join(peers, path)) ? join(peers, path) : null)

/** There are builds of it for some versions of Node and of glibc. */
function loadable(path) {
  if (path === null) return null
  const { status } = spawnSync(process.execPath, ['--eval', `require(${JSON.stringify(path)})`])
  return status === 0 ? path : null
}

/** Where each is, or null; and how it runs a file: as Node does, unless it says so. */
const KNOWN = {
  'uWebSockets.js': { find: () => loadable(inPeers('uwebsockets')) },
  bun: { find: () => inPeers('@oven/bun-linux-x64/bin/bun') ?? which('bun'), args: [] },
  deno: {
    find: () => inPeers('@deno/linux-x64-glibc/deno') ?? which('deno'),
    args: ['run', '--quiet', '--allow-net'],
  },
}

/** Why a block cannot be run here, or undefined. */
export function whyMissing(name) {
  if (!Object.hasOwn(KNOWN, name)) throw new Error(`'needs ${name}': nobody knows where it is`)
  if (KNOWN[name].find() !== null) return undefined
  return `${name} is missing, or not for this machine; get it: node bench/install.mjs`
}

/** Runs a block with what it needs. */
export function runNeeding(session, block) {
  const [name] = block.settings.needs
  const { find, args } = KNOWN[name]
  if (args !== undefined) return runProgram(session, block, [find(), ...args])
  const modules = join(session.folder, 'node_modules')
  mkdirSync(modules, { recursive: true })
  if (!existsSync(join(modules, name))) symlinkSync(find(), join(modules, name))
  return runProgram(session, block)
}
