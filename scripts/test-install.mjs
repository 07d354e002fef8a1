// `npm run test:install`: the packages as they are published, installed out of a registry and run
// where there is nothing but Node: in a minimal Debian of its own (debootstrap, entered by chroot),
// older than the machines that build milouv, on each Node line.
// usage: node scripts/test-install.mjs [20 22 ...]   (as root, on Linux)

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { serveRegistry } from './local-registry.mjs'
import { LINES, nodeOfLine } from './node-lines.mjs'
import { hostTarget, packagesFolder, packRelease } from './pack-release.mjs'
import { cacheDir, run, runMain, SetupError, which } from './toolchain.mjs'
import { need } from './tools.mjs'

const SUITE = 'bullseye'
const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian'
const MINUTE = 60_000
const root = join(cacheDir, `root-${SUITE}`)
const scripts = import.meta.dirname

function ensureRoot() {
  if (process.getuid?.() !== 0) {
    const why = 'debootstrap and chroot may not be used by others'
    throw new SetupError('npm run test:install needs root', why, 'sudo npm run test:install')
  }
  if (existsSync(root)) return
  const debootstrap = need('debootstrap')
  const partial = `${root}.${process.pid}`
  mkdirSync(cacheDir, { recursive: true })
  try {
    // libatomic: Node 26 itself needs it.
    const args = ['--variant=minbase', '--include=libatomic1', SUITE, partial, MIRROR]
    if (run(debootstrap, args, { timeout: 10 * MINUTE }) !== 0) {
      const why = `debootstrap could not get Debian ${SUITE} from ${MIRROR}`
      throw new SetupError('there is no root to install in', why, 'set DEBIAN_MIRROR to another')
    }
    renameSync(partial, root)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** The arguments of chroot for a program in a folder of the root, with no other environment. */
function inRoot(folder, program, ...args) {
  const env = ['/usr/bin/env', '-i', `PATH=${dirname(program)}:/usr/bin:/bin`, 'HOME=/tmp']
  return [root, ...env, '/bin/sh', '-c', `cd ${folder} && exec "$0" "$@"`, program, ...args]
}

/** Not in the way of the registry, which answers meanwhile. */
async function succeed(...args) {
  const { stdout } = await promisify(execFile)('chroot', inRoot(...args), { timeout: 3 * MINUTE })
  return stdout.trim()
}

/** Nothing that could build the addon may be there. */
async function assertBare() {
  const tools = ['cc', 'gcc', 'clang', 'make', 'cargo', 'python3', 'node']
  const test = `for tool in ${tools.join(' ')}; do command -v $tool; done; true`
  const found = await succeed('/', '/bin/sh', '-c', test)
  if (found !== '') throw new Error(`the root is not bare, it has ${found}`)
}

/** npm's own folder: that of the npm which runs us, else of the one on PATH. */
function npmFolder() {
  const script = process.env.npm_execpath ?? realpathSync(which('npm'))
  return dirname(dirname(script))
}

/** A started server's first line, and what it answers; it has to end by itself when told to. */
async function serveAndAsk(app, node) {
  const child = spawn('chroot', inRoot(app, node, 'server.mjs'), {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: MINUTE,
  })
  const closed = once(child, 'close')
  const first = once(createInterface({ input: child.stdout }), 'line')
  const [line] = await Promise.race([first, closed])
  if (typeof line !== 'string') throw new Error(`the server ended with ${line}`)
  const { url, same, glibc } = JSON.parse(line)
  const response = await fetch(`${url}here`)
  const answer = `${response.status} ${await response.text()}`
  child.kill('SIGTERM')
  const [code, signal] = await closed
  const good = same && answer === '200 from /here' && code === 0
  return { glibc, answer, ended: signal ?? code, result: good ? 'passed' : 'failed' }
}

async function testWith(line, registry) {
  const [place, app] = [`/opt/node-${line}`, `/srv/app-${line}`]
  const node = `${place}/node`
  for (const folder of [place, app]) mkdirSync(join(root, folder), { recursive: true })
  try {
    linkSync(nodeOfLine(line), join(root, node))
    writeFileSync(join(root, app, 'package.json'), '{"name":"app","private":true}')
    cpSync(join(scripts, 'install-server.mjs'), join(root, app, 'server.mjs'))
    const flags = ['--registry', registry, '--no-audit', '--no-fund', '--loglevel=error']
    await succeed(app, node, '/opt/npm/bin/npm-cli.js', 'install', 'milouv', ...flags)
    const installed = await succeed(app, '/bin/ls', 'node_modules/@milouv')
    const version = await succeed(app, node, '--version')
    return { node: version, installed, ...(await serveAndAsk(app, node)) }
  } finally {
    for (const folder of [place, app]) rmSync(join(root, folder), { recursive: true, force: true })
  }
}

runMain(async () => {
  ensureRoot()
  await assertBare()
  const packed = packRelease([hostTarget()])
  const { server, url } = await serveRegistry(packagesFolder, packed)
  const npm = join(root, 'opt/npm')
  try {
    cpSync(npmFolder(), npm, { recursive: true, dereference: true })
    const chosen = process.argv.slice(2)
    const results = []
    for (const line of chosen.length > 0 ? chosen : LINES) results.push(await testWith(line, url))
    console.table(results)
    if (results.some(({ result }) => result !== 'passed')) process.exitCode = 1
  } finally {
    server.close()
    for (const folder of [npm, join(root, 'tmp/.npm')])
      rmSync(folder, { recursive: true, force: true })
  }
})
