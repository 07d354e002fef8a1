// The client of big uploads: clients/upload.mjs in a process on its core, asked as wrk is.
import { fileURLToPath } from 'node:url'
import { reportBehind, runProgram } from './run-program.mjs'

const program = fileURLToPath(new URL('../clients/upload.mjs', import.meta.url))
const GRACE_MS = 60_000
export const MARK = 'MILOUV-UPLOAD '

export function uploaderFor(workload, core) {
  return {
    async load(port, seconds, connections) {
      const what = [workload.name, port, seconds, connections].map(String)
      const args = ['-c', String(core), process.execPath, program, ...what]
      return reportBehind(MARK, await runProgram('taskset', args, seconds * 1000 + GRACE_MS))
    },
    dispose() {},
  }
}
