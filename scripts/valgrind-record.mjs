// docs/valgrind.md, made from what valgrind found in each file of __test__.

import { grouped } from './valgrind-report.mjs'

const line = (cells) => `| ${cells.map((cell) => `${cell}`.replaceAll('|', '\\|')).join(' | ')} |`
const unique = (list) => [...new Set(list)].join(', ')
const nameOf = ({ title }) => title.trim().replace(/^not ok \d+ - /, '')

/** Those within others are named; what they are within fails with them. */
function failedOf({ failed, ended }) {
  if (typeof ended === 'string') return `cut off by ${ended}: it took too long`
  const inner = failed.filter(({ title }) => /^\s/.test(title))
  return unique((inner.length > 0 ? inner : failed).map(nameOf))
}

function errorLines(results) {
  const errors = grouped(results.flatMap(({ errors: found }) => found))
  if (errors.length === 0) {
    return [
      '**Nothing was found**: no read or write where there must be none, no use of what was never',
      'written, no definite leak, with a frame of milouv on its stack.',
    ]
  }
  return errors.flatMap(({ kind, what, lines, times }) => [
    `**${kind}**, ${times} times: ${what}`,
    ...['```text', ...lines, '```', ''],
  ])
}

/** `leftOut`: by the name of a file that was not run, the reason. */
export function recordOf(results, leftOut) {
  const sum = (what) => results.reduce((total, result) => total + result[what], 0)
  const rows = results.map((result) => {
    const { name, processes, whole, errors, seconds } = result
    return [name, processes, whole, errors.length, seconds, failedOf(result)]
  })
  const header = ['file', 'processes', 'of them whole', 'errors', 'seconds', 'tests that failed']
  const of = (what) => unique(results.map((result) => result[what]))
  return [
    '# The tests under valgrind',
    '',
    'Made by `npm run test:valgrind` from what it saw, and never by hand. Each process that a test',
    "starts runs in valgrind's memcheck, with the debug build of the addon.",
    '',
    ...errorLines(results),
    '',
    `${results.length} files, ${sum('processes')} processes. ${sum('whole')} of them ended where ` +
      'valgrind looks for leaks; the others',
    'were killed, as their tests do, and were looked at up to there.',
    '[valgrind.supp](../scripts/valgrind.supp) says what of others is left out, and why.',
    '',
    'A test may fail here and not otherwise: all takes some thirty times as long, and what a test',
    'waits for, or how much memory may be taken, has its limits. Its bytes were looked at all the',
    'same. Such tests are named in the last column.',
    '',
    line(header),
    line(header.map((_, at) => (at === 0 || at === header.length - 1 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    'Not run:',
    '',
    ...Object.entries(leftOut).map(([name, reason]) => `- ${name}: ${reason}`),
    '',
    `${of('valgrind')}; Node ${of('node')}; ${of('date')}; commit ${of('commit')}.`,
    '',
  ].join('\n')
}
