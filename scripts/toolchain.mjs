// What every script shares: where things are, how a program is run, how a failure is told, and
// the environment that each cargo call needs. Node built-ins only: this runs before `npm ci`.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
export const cacheDir = join(root, '.cache')

/** A failure that a person can mend: what is missing, why, and the command that would help. */
export class SetupError extends Error {
  constructor(what, why, mend) {
    super(what)
    this.name = 'SetupError'
    this.why = why
    this.mend = mend
  }

  explain() {
    return `milouv: ${this.message}\n  why:  ${this.why}\n  mend: ${this.mend}`
  }
}

/** Runs main(); a SetupError is explained, anything else keeps its stack. Both exit with 1. */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof SetupError ? error.explain() : error)
    process.exit(1)
  }
}

/** True when the script at `url` is the program that node was asked to run. */
export function isMain(url) {
  return process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(url)
}

/** The full path of a program on PATH, or null. */
export function which(program, path = process.env.PATH ?? '') {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program]
  for (const folder of path.split(delimiter)) {
    for (const name of names) {
      if (folder !== '' && existsSync(join(folder, name))) return join(folder, name)
    }
  }
  return null
}

/** Runs a program with our terminal; returns its exit code (124: out of time, 127: not there). */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (result.error) return result.error.code === 'ETIMEDOUT' ? 124 : 127
  return result.status ?? 1
}

/** Runs a program and returns what it printed, or null when it failed. */
export function capture(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', ...options })
  return result.error || result.status !== 0 ? null : result.stdout.trim()
}

/** npm itself, through the node that runs us, so that no shell and no second node is involved. */
export function npmCommand(args) {
  const script = process.env.npm_execpath
  if (script?.endsWith('.js')) return [process.execPath, [script, ...args]]
  return ['npm', args]
}

/** Unpacks wheels of PyPI into a folder; true when `isWhole(folder)` says that they are there. */
export function wheelInto(target, wheels, isWhole, runProgram = run) {
  // Into a folder of its own first: a download that is cut short must not look like a whole one.
  const partial = `${target}.${process.pid}`
  mkdirSync(dirname(target), { recursive: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:']
  // By variable: an older pip would stumble over the option. Nothing is installed into python.
  const env = { ...process.env, PIP_ROOT_USER_ACTION: 'ignore' }
  try {
    if (runProgram('python3', [...pip, '--target', partial, ...wheels], { env }) !== 0) return false
    if (!isWhole(partial)) return false
    rmSync(target, { recursive: true, force: true })
    renameSync(partial, target)
    return true
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

// ---- libclang, which bindgen (in libuv-sys2) loads to read libuv's headers ----

const LIBCLANG = /^libclang(-[\d.]+)?\.(so(\.[\d.]+)?|dylib|dll)$/

/** The folder of the libclang that the wheel from PyPI brings. */
export const wheelFolder = join(cacheDir, 'libclang', 'clang', 'native')

export function hasLibclang(folder) {
  try {
    return readdirSync(folder).some((name) => LIBCLANG.test(name))
  } catch {
    return false
  }
}

function versionedFolders(parent, prefix) {
  try {
    const names = readdirSync(parent).filter((name) => name.startsWith(prefix))
    return names
      .sort()
      .reverse()
      .map((name) => join(parent, name, 'lib'))
  } catch {
    return []
  }
}

/** Folders that may hold the system's libclang, the likeliest first. */
function* systemFolders() {
  const fromConfig = capture('llvm-config', ['--libdir'])
  if (fromConfig) yield fromConfig
  yield* versionedFolders('/usr/lib', 'llvm')
  for (const line of (capture('/sbin/ldconfig', ['-p']) ?? '').split('\n')) {
    const at = line.indexOf('=> ')
    if (at !== -1 && /\blibclang(-[\d.]+)?\.so/.test(line)) yield dirname(line.slice(at + 3))
  }
  yield* ['/usr/lib64', '/usr/lib', '/usr/local/lib', '/opt/homebrew/opt/llvm/lib']
}

/**
 * Where libclang is: `{ folder, from }`, or null. A LIBCLANG_PATH set by the user wins when it
 * holds one (it may also name the file itself).
 */
export function findLibclang(env = process.env) {
  const chosen = env.LIBCLANG_PATH
  if (chosen) {
    if (hasLibclang(chosen)) return { folder: chosen, from: 'LIBCLANG_PATH' }
    if (existsSync(chosen) && hasLibclang(dirname(chosen))) {
      return { folder: dirname(chosen), from: 'LIBCLANG_PATH' }
    }
  }
  if (hasLibclang(wheelFolder)) return { folder: wheelFolder, from: 'wheel' }
  for (const folder of systemFolders()) {
    if (hasLibclang(folder)) return { folder, from: 'system' }
  }
  return null
}

/** libclang without clang's own headers (stddef.h ...) needs to be told of another compiler's. */
function lacksBuiltinHeaders({ folder, from }) {
  if (from === 'wheel') return true
  try {
    return readdirSync(join(folder, 'clang')).length === 0
  } catch {
    return true
  }
}

/** The environment for a cargo call: ours, and where bindgen finds libclang and C headers. */
export function cargoEnv(env = process.env) {
  const libclang = findLibclang(env)
  if (libclang === null) return { ...env }
  const result = { ...env, LIBCLANG_PATH: libclang.folder }
  if (env.BINDGEN_EXTRA_CLANG_ARGS === undefined && lacksBuiltinHeaders(libclang)) {
    const include = capture('gcc', ['-print-file-name=include'])
    if (include) result.BINDGEN_EXTRA_CLANG_ARGS = `-I${include}`
  }
  return result
}

/** Runs cargo in the project with the right environment; returns its exit code. */
export function cargo(args, options = {}) {
  const env = { ...cargoEnv(), ...options.env }
  return run('cargo', args, { ...options, env })
}
