// The built addon: what its file is called, whether it is up to date, and whether it is sound.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cacheDir, capture, root, SetupError } from './toolchain.mjs'

const stampFile = join(cacheDir, 'build.json')
const LIBRARY = { linux: 'libmilouv.so', darwin: 'libmilouv.dylib', win32: 'milouv.dll' }

/** `linux-x64-gnu`, `darwin-arm64` ...: the names that napi-rs gives. */
export function triple() {
  const base = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${base}-msvc`
  return process.platform === 'linux' ? `${base}-${libc()}` : base
}

function libc() {
  if (existsSync('/etc/alpine-release')) return 'musl'
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'
}

export function artifactPath() {
  return join(root, `milouv.${triple()}.node`)
}

/** Where cargo leaves the library of a profile. */
export function libraryPath(profile) {
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target')
  return join(target, profile, LIBRARY[process.platform] ?? 'libmilouv.so')
}

function* filesUnder(path) {
  if (!existsSync(path)) return
  if (!statSync(path).isDirectory()) {
    yield path
    return
  }
  for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name))
}

/** A digest of all that the build reads. Content, not times: a checkout must not force a build. */
export function sourcesDigest() {
  const hash = createHash('sha256')
  for (const part of ['Cargo.toml', 'Cargo.lock', 'build.rs', '.cargo', 'src']) {
    for (const file of filesUnder(join(root, part))) {
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}

function stampOf(profile, sources) {
  const { size, mtimeMs } = statSync(artifactPath())
  return JSON.stringify({ profile, sources, size, mtimeMs })
}

/** Notes what the artifact in place was built from; `sources` is the digest before the build. */
export function writeStamp(profile, sources) {
  mkdirSync(cacheDir, { recursive: true })
  writeFileSync(stampFile, stampOf(profile, sources))
}

/** True when the artifact in place is the `profile` build of the sources as they are. */
export function isFresh(profile) {
  if (!existsSync(artifactPath()) || !existsSync(stampFile)) return false
  return readFileSync(stampFile, 'utf8') === stampOf(profile, sourcesDigest())
}

// On Windows there is no such question: see src/uv/host_symbols.rs.
const NM = {
  linux: { defined: ['-D', '--defined-only'], undefined: ['-D', '--undefined-only'] },
  // Local ones too: a private libuv is hidden. Names begin with an underscore there.
  darwin: { defined: ['-U'], undefined: ['-u'] },
}

/** The addon's `uv_*` symbols: `{ defined, undefined }`, or null where `nm` does not serve. */
export function uvSymbols(file) {
  const how = NM[process.platform]
  if (how === undefined) return null
  const names = (which) => {
    const listing = capture('nm', [...which, file], { maxBuffer: 2 ** 26 })
    if (listing === null) {
      throw new SetupError(
        'the symbols of the addon could not be read',
        `nm (of binutils) is missing or failed on ${file}`,
        'sudo apt-get install -y binutils',
      )
    }
    const all = listing
      .split('\n')
      .map((line) => line.trim().split(/\s+/).at(-1).replace(/^_uv/, 'uv'))
    return all.filter((name) => name.startsWith('uv_'))
  }
  return { defined: names(how.defined), undefined: names(how.undefined) }
}

/** A second libuv inside the addon would run beside Node's on one loop: never let that pass. */
export function assertHostLibuv(file) {
  const symbols = uvSymbols(file)
  if (symbols === null || (symbols.defined.length === 0 && symbols.undefined.length > 0)) return
  const found = symbols.defined.length
  throw new SetupError(
    'the addon is not bound to the libuv of Node',
    found > 0
      ? `it defines ${found} uv_* symbols (${symbols.defined.slice(0, 3).join(', ')} ...)`
      : 'it asks for no uv_* symbol at all',
    'make sure pkg-config is installed, then: cargo clean -p libuv-sys2 && npm run build',
  )
}

/** Older than what any Node.js that milouv serves needs itself. */
export const OLDEST_GLIBC = '2.17'

const numbers = (version) => version.split('.').map(Number)

function isNewer(a, b) {
  const [[major, minor], [otherMajor, otherMinor]] = [numbers(a), numbers(b)]
  return major > otherMajor || (major === otherMajor && minor > otherMinor)
}

/** The newest version of glibc that a file asks for, such as `2.14`. */
export function glibcNeeded(file) {
  const listing =
    capture('readelf', ['--version-info', '--wide', file], { maxBuffer: 2 ** 26 }) ?? ''
  const versions = [...listing.matchAll(/\bGLIBC_(\d+\.\d+)/g)].map(([, version]) => version)
  return versions.reduce((newest, each) => (isNewer(each, newest) ? each : newest), '0.0')
}

/** What is published for glibc must load on an old one. */
export function assertGlibc(file) {
  const needed = glibcNeeded(file)
  if (needed !== '0.0' && !isNewer(needed, OLDEST_GLIBC)) return
  throw new SetupError(
    `the addon does not load with glibc ${OLDEST_GLIBC}`,
    needed === '0.0' ? 'its versions could not be read' : `it asks for glibc ${needed}`,
    'build it against an older glibc: npm run pack:release does',
  )
}
