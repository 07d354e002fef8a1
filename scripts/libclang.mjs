// Gets libclang onto a machine that has none: first the wheel from PyPI, which needs no rights
// and stays inside .cache/; then the system's package manager.

import { join } from 'node:path'
import {
  cacheDir,
  findLibclang,
  hasLibclang,
  run,
  SetupError,
  wheelFolder,
  wheelInto,
} from './toolchain.mjs'

const WHEEL = 'libclang==18.1.1'

/** Each route: a name, the command a person would type, and get(context), true when it ran. */
export const routes = [
  {
    name: `the wheel ${WHEEL} from PyPI`,
    mend: `python3 -m pip install --target .cache/libclang ${WHEEL}`,
    get: getWheel,
  },
  {
    name: 'the Debian package libclang-dev',
    mend: 'sudo apt-get update && sudo apt-get install -y libclang-dev',
    get: ({ run }) => aptInstall(['libclang-dev'], { run }),
  },
]

function getWheel({ run }) {
  const isWhole = (folder) => hasLibclang(join(folder, 'clang', 'native'))
  return wheelInto(join(cacheDir, 'libclang'), [WHEEL], isWhole, run) && hasLibclang(wheelFolder)
}

/** Installs Debian packages as root, or through sudo where it asks for no password. */
export function aptInstall(packages, context = { run }) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const isRoot = process.getuid?.() === 0
  const apt = (args) =>
    isRoot
      ? context.run('apt-get', args, { env })
      : context.run('sudo', ['-n', 'apt-get', ...args], { env })
  if (apt(['update', '-q']) !== 0) return false
  return apt(['install', '-y', '-q', '--no-install-recommends', ...packages]) === 0
}

/** Makes sure that libclang is there, trying each route in turn; throws a SetupError if none is. */
export function ensureLibclang(context = {}) {
  const { find = findLibclang, tries = routes, log = console.log } = context
  const present = find()
  if (present !== null) return present
  for (const route of tries) {
    log(`milouv: libclang is missing; getting ${route.name}`)
    if (!route.get({ run: context.run ?? run })) continue
    const found = find()
    if (found !== null) return found
  }
  throw new SetupError(
    'libclang is missing and could not be got',
    `bindgen needs it to read libuv's headers; tried: ${tries.map((r) => r.name).join('; ')}`,
    tries.map((route) => route.mend).join('\n        or: '),
  )
}
