// The only file that requires a .node file: finds the addon of this platform, loads it, and
// makes sure that it and the host agree on libuv. Everything else imports the result.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The names of the builds that could serve a platform, the likeliest first. */
export function candidates(platform, arch) {
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`]
  if (platform === 'win32') return [`win32-${arch}-msvc`]
  return [`${platform}-${arch}`]
}

function failure(code, message, cause) {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.code = code
  return error
}

/**
 * milouv works on the libuv inside the node executable. Bun and Deno export functions of the
 * same names that do nothing, so loading there must be refused before it goes wrong.
 */
export function assertRuntime(versions) {
  const other = ['bun', 'deno'].find((name) => versions[name] !== undefined)
  if (other === undefined) return
  const name = other === 'bun' ? 'Bun' : 'Deno'
  throw failure(
    'ERR_MILOUV_RUNTIME',
    `milouv runs on Node.js only: it works on Node's own libuv, which ${name} ` +
      `${versions[other]} does not have. Run this program with node (20.19 or later).`,
  )
}

function glibcVersion() {
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime
}

/** The name of the build for a platform; `glibc` is its version, undefined where there is none. */
export function buildName(platform, arch, glibc) {
  const isMusl = platform === 'linux' && glibc === undefined
  return candidates(platform, arch)[isMusl ? 1 : 0]
}

function describeMachine({ platform, arch, version }, glibc) {
  const libc = glibc === undefined ? 'musl' : `glibc ${glibc}`
  return `${platform} ${arch}${platform === 'linux' ? `, ${libc}` : ''}, Node.js ${version}`
}

// The targets of package.json.
const BUILDS = new Set([
  ...['linux-x64-gnu', 'linux-arm64-gnu', 'linux-x64-musl', 'linux-arm64-musl'],
  ...['darwin-x64', 'darwin-arm64', 'win32-x64-msvc', 'win32-arm64-msvc'],
])

const FROM_SOURCE =
  'milouv can be built on this platform from its repository, with `npm run build`: ' +
  'https://github.com/milouv/milouv'

function adviceFor(name, broken) {
  const wanted = `@milouv/binding-${name}`
  if (broken !== undefined) return `its build fails: ${broken.message}. ${FROM_SOURCE}`
  if (!BUILDS.has(name)) return `there is no build for it (${name}). ${FROM_SOURCE}`
  return (
    `the package ${wanted} is not installed. It comes with milouv, as an optional dependency, ` +
    'unless those were left out (--omit=optional, --no-optional), or the lock file or ' +
    'node_modules was made on another system. Then remove node_modules and the lock file, and ' +
    `install again on this one; or install it by itself: npm install ${wanted}. ${FROM_SOURCE}`
  )
}

const libcVersion = ({ platform }) => (platform === 'linux' ? glibcVersion() : undefined)

/** The error for a platform without a build, or one whose build is not there or does not load. */
export function noBinary(errors, machine = process) {
  const glibc = libcVersion(machine)
  const name = buildName(machine.platform, machine.arch, glibc)
  const broken = errors.find((error) => error.code !== 'MODULE_NOT_FOUND')
  return failure(
    'ERR_MILOUV_NO_BINARY',
    `milouv cannot be loaded on ${describeMachine(machine, glibc)}: ${adviceFor(name, broken)}`,
    broken ?? errors[0],
  )
}

/**
 * Loads the first of the builds that is there, with the given require function. The libc is not
 * looked for before: a build for another one fails to load, and to ask costs milliseconds.
 */
export function load(names, requireFile = require) {
  const errors = []
  for (const name of names) {
    // Beside package.json: what `npm run build` makes.
    for (const path of [`../milouv.${name}.node`, `@milouv/binding-${name}`]) {
      try {
        return requireFile(path)
      } catch (error) {
        errors.push({ name, error })
      }
    }
  }
  const right = buildName(process.platform, process.arch, libcVersion(process))
  // That a build for another libc does not load is no news.
  const own = errors.filter(({ name }) => name === right)
  throw noBinary((own.length > 0 ? own : errors).map(({ error }) => error))
}

assertRuntime(process.versions)
const binding = load(candidates(process.platform, process.arch))
// Throws ERR_MILOUV_LIBUV when the structures compiled in are not those of the running libuv.
binding.libuvCheck(process.versions.uv)

export default binding
