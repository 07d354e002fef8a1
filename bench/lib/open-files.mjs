// The limit on open files, raised for a program that holds thousands of connections.
import { readFileSync } from 'node:fs'
import { need } from '../../scripts/tools.mjs'

function hardLimit() {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const [, hard] = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(limits) ?? []
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}

/** The command that runs a command with so many open files; throws when that is not allowed. */
export function withOpenFiles(
  command,
  wanted,
  hard = hardLimit(),
  isRoot = process.getuid() === 0,
) {
  if (hard < wanted && !isRoot) {
    throw new Error(
      `needs ${wanted} open files, and the limit is ${hard}: as root, ` +
        `prlimit --pid $$ --nofile=${wanted}:${wanted}, then the bench in the same shell`,
    )
  }
  const most = hard >= wanted ? '' : wanted
  return [need('prlimit', 'util-linux'), `--nofile=${wanted}:${most}`, ...command]
}

/** The same with a limit that the command cannot raise, as Node does at its start. */
export const withExactlyFiles = (command, files) => [
  need('prlimit', 'util-linux'),
  `--nofile=${files}:${files}`,
  ...command,
]
