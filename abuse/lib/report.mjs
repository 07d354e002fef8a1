// RELIABILITY.md, made from what a run found.
import { HELD_KEPT, RSS_KEPT } from './assault.mjs'

const MiB = 1024 * 1024
const cell = (text) => String(text).replaceAll('|', '\\|')
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`

const inMiB = (bytes) => (bytes === undefined ? '-' : (bytes / MiB).toFixed(0))

/** Resident memory before, at most and behind it. */
function memoryOf({ before, peak, after }) {
  return before === undefined
    ? '-'
    : [before.rss, peak, after?.rss].map((bytes) => inMiB(bytes)).join(' / ')
}

function filesOf({ before, after }) {
  return before?.files === undefined || after === undefined ? '-' : after.files - before.files
}

const cpuOf = ({ cpu }) => (cpu === undefined ? '-' : (cpu / 1e6).toFixed(1))

/** One cell of words: what was seen, and what was wrong with it. */
export function verdictOf({ good, text, faults }) {
  const parts = [text, ...faults].filter((part) => part !== '')
  return `${good ? 'holds' : '**falls short**'}: ${parts.join('; ')}`
}

function table(results, servers) {
  const header = ['attack', 'size', ...servers]
  const rows = results.map(({ attack, about, size, outcomes }) => [
    `**${attack}**: clients ${about}`,
    size.toLocaleString('en-US'),
    ...servers.map((server) => verdictOf(outcomes[server])),
  ])
  return [line(header), line(header.map(() => '---')), ...rows.map(line)]
}

function figures(results, servers) {
  const titles = ['RSS', 'files', 'CPU s']
  const header = ['attack', ...servers.flatMap((server) => titles.map((t) => `${server}: ${t}`))]
  const of = (outcome) => [memoryOf(outcome), filesOf(outcome), cpuOf(outcome)]
  const rows = results.map(({ attack, outcomes }) => [
    attack,
    ...servers.flatMap((server) => of(outcomes[server])),
  ])
  return [line(header), line(header.map((_, at) => (at ? '---:' : '---'))), ...rows.map(line)]
}

/** What is the server's own affair, and not a fault of the other. */
const NOTES = [
  'node:http is as it comes: what it has no option for (a limit of a body, a time for an answer',
  'that nobody reads, what a handler throws) is up to each program, and the server here does no',
  'more than count bodies.',
  '',
  'A Response takes a copy of its bytes when it is made, as Fetch wants it, so that what the',
  'program changes later is not sent; node:http sends that. The copy takes the place of what the',
  'program made, which is garbage then. One Response that is sent to all is held once.',
]

export function reportOf({ results, servers, machine, source, sizes, versions, found }) {
  const held = (server) => results.filter(({ outcomes }) => outcomes[server].good).length
  const sums = servers.map((server) => `${server} holds in ${held(server)}`)
  const commit = source === undefined ? '' : `, commit ${source.commit}`
  const changed = source?.dirty ? ' and changes' : ''
  const short = ['**A run of small sizes: it shows that the suite works, and no more.**', '']
  return [
    '# Reliability',
    '',
    'Made by `npm run abuse` from what it saw, and never by hand. Each attack has a server of its',
    'own, in a process of its own, which is looked at from outside (/proc). It holds when the',
    'attack went as it should, and behind it the process is there and answers a clean request,',
    'has given back its descriptors and its memory (garbage collected, ' +
      `${inMiB(HELD_KEPT)} MiB more of JavaScript`,
    `and ${inMiB(RSS_KEPT)} MiB in all at most), and takes no CPU time; one that is to end the ` +
      'process has to end',
    `it well. Of ${results.length} attacks,`,
    `${sums.join(', ')}.`,
    '',
    'Two more looks at the same: [mixed load for minutes, every body verified](soak/RESULTS.md),',
    'by `npm run soak`, and [the tests under valgrind](docs/valgrind.md), by `npm run',
    'test:valgrind`.',
    '',
    ...(sizes === 'full' ? [] : short),
    ...table(results, servers),
    '',
    '## What it took',
    '',
    'RSS in MiB before the attack, at most, and behind it, when garbage was collected; descriptors',
    'that are not given back;',
    'the CPU time of the server, in seconds.',
    '',
    ...figures(results, servers),
    '',
    '## Where',
    '',
    `${machine.date}${commit}${changed}; ${machine.cpu}, ${machine.cores} cores, ` +
      `Linux ${machine.kernel}; Node ${machine.node}, libuv ${machine.libuv}; ${versions}.`,
    '',
    ...NOTES,
    '',
    found.trim(),
    '',
  ].join('\n')
}
