import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../servers/floor.c', import.meta.url))
const built = fileURLToPath(new URL('../build/floor.node', import.meta.url))
const ONE_MINUTE = 60_000

/** The folder of a uv.h: Node's own first, then the system's (the structs have one size in all). */
export function uvHeaderFolder() {
  const beside = join(dirname(process.execPath), '..', 'include', 'node')
  const folders = [beside, '/usr/include/node', '/usr/local/include/node', '/usr/include']
  return folders.find((folder) => existsSync(join(folder, 'uv.h')))
}

/** Compiles floor.c when it is newer than what was built; returns the path of the addon. */
export function buildFloor() {
  if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return built
  const folder = uvHeaderFolder()
  if (!folder) throw new Error('floor: no uv.h; apt-get install libuv1-dev')
  mkdirSync(dirname(built), { recursive: true })
  // Renamed into place: an interrupted compiler must not leave half an addon behind.
  const fresh = `${built}.${process.pid}`
  const flags = ['-O2', '-Wall', '-Wextra', '-shared', '-fPIC', `-I${folder}`]
  execFileSync('gcc', [...flags, source, '-o', fresh], { stdio: 'inherit', timeout: ONE_MINUTE })
  renameSync(fresh, built)
  return built
}
