// The many connections of the memory workloads: clients/connections.mjs on its core.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { withOpenFiles } from './open-files.mjs'

const program = fileURLToPath(new URL('../clients/connections.mjs', import.meta.url))
const LIMIT_MS = 60_000

/** Opens them; opened() and finish() reject when one of them was lost or answered wrongly. */
export function startConnections(workload, port, count, files, core) {
  const what = [workload.name, port, count].map(String)
  const client = withOpenFiles([process.execPath, ...endsWithParent, program, ...what], files)
  const args = ['-c', String(core), ...client]
  const child = spawn('taskset', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const message = () =>
    new Promise((resolve, reject) => {
      const settle = (error) => {
        clearTimeout(timer)
        for (const [event, listener] of Object.entries(listeners)) child.off(event, listener)
        if (error) reject(error)
        else resolve()
      }
      const listeners = {
        error: settle,
        exit: () => settle(new Error('the client of the connections ended')),
        message: ({ done, lost, why }) => {
          if (lost === 0 && done === count) return settle()
          settle(new Error(`${done} of ${count} connections did well; the first fault: ${why}`))
        },
      }
      const timer = setTimeout(() => settle(new Error('the client was too slow')), LIMIT_MS)
      for (const [event, listener] of Object.entries(listeners)) child.on(event, listener)
    })
  return {
    opened: message,
    finish() {
      child.send('finish')
      return message()
    },
    end: () => child.kill('SIGKILL'),
  }
}
