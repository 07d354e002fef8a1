// One server in one process on one core: started, read from /proc, ended by its own pid.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 15_000
const END_MS = 2_000
const KEPT_STDERR = 2_000
const TICK = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

// Whatever ends the bench, no server outlives it.
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

/** The port of the first line that announces one; rejects when the server ends without it. */
function announcedPort(child, errors) {
  return new Promise((resolve, reject) => {
    let out = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (piece) => {
      out = `${out}${piece}`.slice(-KEPT_STDERR)
      const match = /^\{"port":(\d+)\}$/m.exec(out)
      if (match) resolve(Number(match[1]))
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      reject(new Error(`ended at start (${signal ?? code}): ${lastWords(errors.text)}`))
    })
  })
}

/** The line of a stack trace that says what went wrong. */
function lastWords(text) {
  const lines = text.split('\n').map((line) => line.trim())
  const named = lines.find((line) => /^(\w*Error\b|error:|floor:)/.test(line))
  return named ?? lines.findLast((line) => line !== '') ?? 'it said nothing'
}

/** Starts a server on a core; resolves when it has announced its port. */
export async function startServer(command, core) {
  const args = ['-c', String(core), ...command]
  // taskset becomes the server (exec), so the pid is the server's own.
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.on('close', () => running.delete(child))
  const errors = { text: '' }
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (piece) => {
    errors.text = `${errors.text}${piece}`.slice(-KEPT_STDERR)
  })
  const timer = new AbortController()
  const late = sleep(START_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`announced no port in ${START_MS / 1000} s`)
  })
  const port = announcedPort(child, errors)
  // The one that loses the race is nobody's concern any more.
  late.catch(() => undefined)
  port.catch(() => undefined)
  try {
    return { child, pid: child.pid, port: await Promise.race([port, late]), errors }
  } catch (error) {
    await stopServer({ child })
    throw error
  } finally {
    timer.abort()
  }
}

const ended = (child) => child.exitCode !== null || child.signalCode !== null

/** Asks the process to end, and ends it when it does not. */
export async function stopServer({ child }) {
  if (child.pid === undefined || ended(child)) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const forced = setTimeout(() => child.kill('SIGKILL'), END_MS)
  await exit
  clearTimeout(forced)
}

/** CPU time of a process, user and system, all its threads, in µs, in steps of a clock tick. */
function tickMicroseconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name in brackets may hold spaces: count the fields after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK
}

/** The same of the threads that are there, by the scheduler's count of ns. */
export function threadMicroseconds(pid) {
  const folder = `/proc/${pid}/task`
  const used = readdirSync(folder).map((thread) => {
    const [nanoseconds] = readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ')
    return Number(nanoseconds) / 1000
  })
  return used.reduce((sum, one) => sum + one, 0)
}

export const cpuTime = (pid) => ({ ticks: tickMicroseconds(pid), threads: threadMicroseconds(pid) })

/** CPU time between two of them, in µs: exact, unless threads that have ended are missing in it. */
export function cpuBetween(before, after) {
  const ticks = after.ticks - before.ticks
  const threads = after.threads - before.threads
  return Math.abs(threads - ticks) <= 2 * TICK ? threads : ticks
}

/** Time a core was not idle (others' work and the hypervisor's included), in µs. */
export function coreBusyMicroseconds(core) {
  const stat = readFileSync('/proc/stat', 'latin1')
  const line = stat.split('\n').find((text) => text.startsWith(`cpu${core} `))
  const [user, nice, system, , , irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK
}

/** Resident memory in bytes. */
export function rssBytes(pid) {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(match[1]) * 1024
}
