// What came out, as the Markdown page that is kept in conformance/WPT.md, and what is worse.

import { explained } from './explained.mjs'

const passed = (outcome) => [...outcome.tests.values()].filter(({ status }) => status === 'PASS')

/** What the columns after the platform's are, in their order. */
export const WAYS = ['milouv', 'headers', 'served']

/** The explanation of a line, or undefined. */
const explain = (way, file, test) =>
  explained.find((entry) => entry.way === way && entry.file === file && entry.test.test(test))

/** Tests where one way differs from the platform. */
function* differences({ file, outcomes }) {
  const { platform } = outcomes
  for (const way of WAYS.filter((name) => outcomes[name] !== undefined)) {
    for (const test of new Set([...platform.tests.keys(), ...outcomes[way].tests.keys()])) {
      const there = platform.tests.get(test)?.status === 'PASS'
      const ours = outcomes[way].tests.get(test)
      if (there === (ours?.status === 'PASS')) continue
      const message = ours?.message ?? 'it did not run'
      yield { file, way, test, worse: there, message, entry: explain(way, file, test) }
    }
  }
}

/**
 * @param {{ version: string, undici: string, rows: object[] }[]} nodes
 * @returns {object[]} every difference, with the versions of Node where it shows
 */
export function differencesOf(nodes) {
  const found = new Map()
  for (const { version, rows } of nodes) {
    for (const difference of rows.flatMap((row) => [...differences(row)])) {
      const { file, way, test, worse } = difference
      const key = JSON.stringify([file, way, test, worse])
      const known = found.get(key)
      if (known === undefined) found.set(key, { ...difference, versions: [version] })
      else known.versions.push(version)
    }
  }
  return [...found.values()]
}

/** Entries of the explanations that explain nothing. */
export function staleEntries(differences) {
  const used = new Set(differences.map(({ entry }) => entry))
  return explained.filter((entry) => !used.has(entry))
}

function cellOf(outcome) {
  if (outcome === undefined) return ''
  const { tests, extra } = outcome
  const note = extra.served === undefined ? '' : ` (${extra.served})`
  return `${passed(outcome).length} / ${tests.size}${note}`
}

const lineOf = (cells) => `| ${cells.join(' | ')} |`

function totals(rows) {
  return ['platform', ...WAYS].map((way) => {
    const there = rows.filter(({ outcomes }) => outcomes[way] !== undefined)
    const count = (pick) => there.reduce((sum, { outcomes }) => sum + pick(outcomes), 0)
    const ours = count((outcomes) => passed(outcomes[way]).length)
    const theirs = count((outcomes) => passed(outcomes.platform).length)
    return way === 'platform' ? `${ours}` : `${ours}; the platform ${theirs}`
  })
}

function tableOf({ version, undici, rows }) {
  const lines = [
    `## Node.js ${version} (undici ${undici})`,
    '',
    lineOf(['file', 'platform', ...WAYS]),
    lineOf(['---', '---', ...WAYS.map(() => '---')]),
  ]
  for (const { file, outcomes } of rows) {
    lines.push(lineOf([file, ...['platform', ...WAYS].map((way) => cellOf(outcomes[way]))]))
  }
  lines.push(lineOf(['**passed in all**', ...totals(rows)]))
  return lines.join('\n')
}

// Names of tests may have any character in them.
const code = (text) => `\`${text.replace(/\s+/g, ' ').replace(/[`|]/g, "'")}\``

function listOf(differences) {
  const groups = new Map()
  for (const { way, file, entry, test, versions } of differences) {
    const head = `- **${way}**, ${file}${entry === undefined ? '' : `: ${entry.why}.`}`
    const line = `  - ${code(test)} (${versions.join(', ')})`
    groups.set(head, [...(groups.get(head) ?? []), line])
  }
  return [...groups].map(([head, lines]) => [head, ...lines].join('\n')).join('\n') || 'None.'
}

const INTRODUCTION = `# Web Platform Tests

Made by \`npm run wpt\`; do not edit. Of each file, how many tests passed and how many there are:

- **platform**: with Node's own \`Request\`, \`Response\` and \`Headers\`.
- **milouv**: with milouv's \`Request\` and \`Response\`, while a server listens with
  \`globals: 'fast'\`.
- **headers**: besides, \`new Headers(init)\` gives the \`headers\` of a \`Response\` of milouv's.
- **served**: besides milouv's classes, \`new Request(url, init)\` gives the Request that a handler
  of milouv's got when that was sent over a socket; in brackets how many did.

What a file does besides its tests (it ends, and no error is left uncaught) counts as one more.`

/**
 * @param {object[]} nodes
 * @param {object[]} differences
 * @param {{ date: string, copy: string, absent: string[] }} about
 */
export function pageOf(nodes, differences, { date, copy, absent }) {
  const worse = differences.filter((one) => one.worse)
  const versions = nodes.map(({ version }) => `Node.js ${version}`).join(', ')
  return [
    INTRODUCTION,
    `Run on ${date} with ${versions}; ${copy}.`,
    ...nodes.map(tableOf),
    '## Worse than the platform, and why',
    listOf(worse),
    '## Better than the platform',
    listOf(differences.filter((one) => !one.worse)),
    '## Not in this copy of the tests',
    absent.map((file) => `- ${file}`).join('\n') || 'None.',
  ]
    .join('\n\n')
    .concat('\n')
}
