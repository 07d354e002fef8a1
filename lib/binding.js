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

function libcName() {
  if (process.platform !== 'linux') return 'none'
  process.report.excludeNetwork = true
  const { glibcVersionRuntime } = process.report.getReport().header
  return glibcVersionRuntime === undefined ? 'musl' : `glibc ${glibcVersionRuntime}`
}

/** The error for a platform without a build, or one whose build does not load. */
export function noBinary(names, errors) {
  const broken = errors.find((error) => error.code !== 'MODULE_NOT_FOUND')
  const machine = `${process.platform} ${process.arch}, libc ${libcName()}`
  const where = `${machine}, Node.js ${process.version}`
  const why =
    broken === undefined ? 'there is no build of it' : `its build fails: ${broken.message}`
  const files = names.map((name) => `milouv.${name}.node`).join(' or ')
  return failure(
    'ERR_MILOUV_NO_BINARY',
    `milouv cannot be loaded on ${where}: ${why}. It needs ${files} beside its package.json; ` +
      'build that on this platform from its repository, with `npm run build`: ' +
      'https://github.com/milouv/milouv',
    broken ?? errors[0],
  )
}

/** Loads the first of the builds that is there, with the given require function. */
export function load(names, requireFile = require) {
  const errors = []
  for (const name of names) {
    for (const path of [`../milouv.${name}.node`, `@milouv/binding-${name}`]) {
      try {
        return requireFile(path)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  throw noBinary(names, errors)
}

assertRuntime(process.versions)
const binding = load(candidates(process.platform, process.arch))
// Throws ERR_MILOUV_LIBUV when the structures compiled in are not those of the running libuv.
binding.libuvCheck(process.versions.uv)

export default binding
