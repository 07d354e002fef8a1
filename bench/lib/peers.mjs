// The servers that can be measured: how each is started, and whether it is here.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aptInstall, which } from '../../scripts/tools.mjs'
import { uvHeaderFolder } from './floor-build.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const serverFolder = fileURLToPath(new URL('../servers/', import.meta.url))
const require = createRequire(join(serverFolder, 'x.mjs'))
const INSTALL = 'node bench/install.mjs'

/** The folder of a package, found from bench/servers upwards, or undefined. */
function packageFolder(name) {
  const folders = require.resolve.paths(name) ?? []
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function packageVersion(name) {
  const folder = packageFolder(name)
  if (!folder) return undefined
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
}

/** A binary that comes as an npm package by platform, else one on the PATH. */
function packagedBinary(program, names, path) {
  for (const name of names) {
    const folder = packageFolder(name)
    if (folder && existsSync(join(folder, path))) return join(folder, path)
  }
  return which(program)
}

const script = (name) => join(serverFolder, `${name}.mjs`)
const inNode = (name) => (kind) => [process.execPath, script(name), kind]

/** What a server in Node has besides its command: the same server in another Node. */
const onNodes = (name) => ({
  on: ({ line, path }) => ({
    name: `${name}@${line}`,
    command: (kind) => [path, script(name), kind],
  }),
})

function ofNode(name, npmPackage) {
  return {
    name,
    command: inNode(name),
    ...onNodes(name),
    version: () => (npmPackage ? packageVersion(npmPackage) : process.version),
    missing: () =>
      !npmPackage || packageFolder(npmPackage) ? undefined : `no ${npmPackage}: ${INSTALL}`,
  }
}

function ofMilouv(name) {
  return {
    name,
    command: inNode(name),
    ...onNodes(name),
    version: () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    missing: () =>
      existsSync(join(root, 'dist', 'milouv.js'))
        ? undefined
        : 'milouv is not built: npm run build',
  }
}

const floor = {
  name: 'floor',
  command: inNode('floor'),
  version: () => `libuv ${process.versions.uv}`,
  missing: () => {
    if (!which('gcc') && !aptInstall('gcc')) return 'no gcc: apt-get install gcc'
    if (uvHeaderFolder()) return undefined
    const got = aptInstall('libuv1-dev') && uvHeaderFolder()
    return got ? undefined : 'no uv.h: apt-get install libuv1-dev'
  },
}

const { platform, arch } = process
const cpu = arch === 'arm64' ? 'aarch64' : 'x64'

const bunBinary = () => packagedBinary('bun', [`@oven/bun-${platform}-${cpu}`], 'bin/bun')
const denoBinary = () =>
  packagedBinary('deno', [`@deno/${platform}-${arch}-glibc`, `@deno/${platform}-${arch}`], 'deno')

const bun = {
  name: 'bun',
  command: (kind) => [bunBinary(), script('bun'), kind],
  version: () => packageVersion('bun'),
  missing: () => (bunBinary() ? undefined : `no bun: ${INSTALL}`),
}

const deno = {
  name: 'deno',
  command: (kind) => [
    denoBinary(),
    'run',
    '--no-config',
    '--node-modules-dir=manual',
    '--allow-net=127.0.0.1',
    '--allow-read',
    '--allow-env',
    script('deno'),
    kind,
  ],
  version: () => packageVersion('deno'),
  missing: () => (denoBinary() ? undefined : `no deno: ${INSTALL}`),
}

export const peers = [
  floor,
  ofNode('uwebsockets', 'uwebsockets'),
  ofMilouv('milouv'),
  ofMilouv('milouv-native'),
  // The globals matter to code that builds its answers from them: measured with Hono only.
  { ...ofMilouv('milouv-fast'), kinds: ['hono', 'hono-json'] },
  ofNode('node-http'),
  ofNode('fastify', 'fastify'),
  ofNode('hono-node-server', '@hono/node-server'),
  ofNode('srvx', 'srvx'),
  bun,
  deno,
]

/** Another build of milouv, by the path of its module, under today's handlers. */
export const milouvAt = (name, index) => ({
  name,
  command: (kind) => [...inNode('milouv')(kind), index],
})
