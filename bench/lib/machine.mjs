// Where the bench runs: what it is, and whether it will do.
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release } from 'node:os'
import { capture } from '../../scripts/toolchain.mjs'
import { need } from '../../scripts/tools.mjs'

function wrkVersion() {
  const stdio = ['ignore', 'pipe', 'ignore']
  try {
    return execFileSync('wrk', ['-v'], { encoding: 'utf8', stdio })
  } catch (error) {
    // wrk -v prints its version and ends with status 1.
    return String(error.stdout ?? '')
  }
}

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    libuv: process.versions.uv,
    wrk: wrkVersion().split('\n')[0].split(' Copyright')[0],
    load: loadavg()[0],
    date: new Date().toISOString(),
  }
}

/** The commit that is measured; dirty when files differ from it. Undefined outside of git. */
export function sourceState() {
  const commit = capture('git', ['rev-parse', '--short=12', 'HEAD'])
  const status = capture('git', ['status', '--porcelain'])
  return commit === null ? undefined : { commit, dirty: status !== '' }
}

export function checkMachine(options) {
  if (process.platform !== 'linux') throw new Error('the bench reads /proc: it runs on Linux only')
  const cores = cpus().length
  const highest = Math.max(options.serverCore, options.clientCore)
  if (highest >= cores) throw new Error(`core ${highest} is not there: the machine has ${cores}`)
  if (options.serverCore === options.clientCore) {
    throw new Error('server and client need a core each: --server-core, --client-core')
  }
  need('taskset', 'util-linux')
  need('wrk')
}

/** Moves the bench itself, all its threads, off the server's core. */
export function stayOnCore(core) {
  execFileSync('taskset', ['-acp', String(core), String(process.pid)], { stdio: 'ignore' })
}
