// `npm run test:valgrind`: __test__ under valgrind, with the debug build of the addon. Fails when
// a process of a test read or wrote where it must not, or leaked, with the addon on the stack. What
// is found is kept in .cache/valgrind.json file by file, so that the hours can be spent in parts;
// once it has all files it writes docs/valgrind.md.
// usage: node scripts/valgrind.mjs [--jobs=2] [--record] [NAME ...]   NAME: of a file in __test__
//        --record: write it also while files are missing, and name them

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { artifactPath } from './artifact.mjs'
import { setup } from './setup.mjs'
import { cacheDir, capture, isMain, root, runMain } from './toolchain.mjs'
import { need } from './tools.mjs'
import { recordOf } from './valgrind-record.mjs'
import { errorsOf, failuresOf, grouped, isProcess, isWhole } from './valgrind-report.mjs'

/** What is not run, and why. */
const LEFT_OUT = {
  bench: 'it looks at what the bench makes of its figures, and measures other servers',
  bounds: 'it compares SECURITY.md with the sources',
  bundle: 'it looks at the bundled file',
  'documented-errors': 'it compares README.md with the sources',
  'documented-options': 'it compares documents with the options of the JavaScript layer',
  documents: 'it runs the blocks of the documents, among them npm, tsc and this script',
  links: 'it looks at the links of the documents',
  package: 'it looks at the packed files',
  reference: 'it runs typedoc',
  release: 'it looks at the published files',
  setup: 'it looks at the scripts',
  tidy: 'it looks at the sources',
  types: 'it runs the type checker',
  valgrind: 'it looks at this script',
  wpt: 'it looks at what is kept of the Web Platform Tests',
}

/**
 * The programs of others that tests start; every node is looked at, but for what a shell starts:
 * valgrind has no shell lower the number of descriptors, which is what max-connections wants.
 */
const OTHERS = [
  ...['curl', 'wrk', 'ab', 'nginx', 'haproxy', 'nc.openbsd', 'nm', 'sh', 'dash', 'bash'],
  ...['env', 'git', 'gcc', 'cc', 'apt-get', 'dpkg', 'ldconfig', 'getconf', 'taskset'],
  ...['cargo', 'rustup', 'rustc'],
]

/** A file that hangs must not keep the others from being run. */
const LIMIT_MS = 20 * 60_000

/** A tenth and less of what the tests do otherwise: each step costs some thirty times as much. */
const SMALL = {
  MILOUV_CASES: '300',
  MILOUV_CONTRACT: 'milouv',
  MILOUV_FAULTS: '2',
  MILOUV_LEAK_REQUESTS: '100',
  MILOUV_PANICS: '3',
  MILOUV_RESETS: '40',
  MILOUV_TRANSFER_BYTES: String(4 * 1024 * 1024),
  MILOUV_WALK: '60',
  // Valgrind looks for leaks where a process ends, unless that is by SIGKILL.
  MILOUV_TEST_END: 'SIGTERM',
}

const folder = join(cacheDir, 'valgrind')
const resultsFile = join(cacheDir, 'valgrind.json')
const recordFile = join(root, 'docs', 'valgrind.md')

function optionsFor(name) {
  return [
    `--xml-file=${join(folder, `${name}.%p.xml`)}`,
    '--xml=yes',
    `--suppressions=${join(root, 'scripts', 'valgrind.supp')}`,
    '--trace-children=yes',
    `--trace-children-skip=${OTHERS.map((program) => `*/${program}`).join()}`,
    '--num-callers=60',
    '--keep-debuginfo=yes',
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite',
  ]
}

/** Runs one file; tells what valgrind found in all its processes. */
async function check(valgrind, name) {
  const started = performance.now()
  const file = join('__test__', `${name}.test.js`)
  const child = spawn(valgrind, [...optionsFor(name), process.execPath, file], {
    cwd: root,
    env: { ...process.env, ...SMALL },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = `${said}${text}`.slice(-100_000)
    })
  }
  const [code, signal] = await once(child, 'close')
  const reports = readdirSync(folder).filter((report) => report.startsWith(`${name}.`))
  const texts = reports.map((report) => readFileSync(join(folder, report), 'utf8'))
  return {
    name,
    commit: capture('git', ['rev-parse', '--short=12', 'HEAD']),
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    valgrind: capture(valgrind, ['--version']),
    processes: texts.filter(isProcess).length,
    // A process that was killed (as tests do) is looked at up to there, but not for leaks.
    whole: texts.filter(isWhole).length,
    errors: texts.flatMap((text) => errorsOf(text, basename(artifactPath()))),
    failed: failuresOf(said),
    ended: signal ?? code,
    seconds: Math.round((performance.now() - started) / 1000),
  }
}

function tell({ name, processes, whole, errors, failed, ended, seconds }) {
  const found = errors.length === 0 ? 'nothing found' : `${errors.length} ERRORS`
  const tests = ended === 0 ? '' : `; ended with ${ended}, ${failed.length} tests failed`
  console.log(`${name}: ${found} in ${processes} processes (${whole} whole), ${seconds} s${tests}`)
  for (const { title, error } of failed) console.log(`  ${title.trim()}: ${error}`)
}

function namesOf(chosen) {
  const known = readdirSync(join(root, '__test__'))
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => file.slice(0, -'.test.js'.length))
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`not in __test__: ${unknown.join(', ')}`)
  return chosen.length > 0 ? chosen : known.filter((name) => !(name in LEFT_OUT))
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      jobs: { type: 'string', default: '2' },
      record: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const names = namesOf(positionals)
  const valgrind = need('valgrind')
  setup('debug')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const results = []
  const next = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const result = await check(valgrind, name)
      tell(result)
      results.push(result)
      keep(result)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, next))
  record(values.record)
  summarise(results)
}

const keptResults = () =>
  existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : []

/** Keeps it in the place of what was found in that file before. */
function keep(result) {
  const others = keptResults().filter(({ name }) => name !== result.name)
  const all = [...others, result].sort((a, b) => a.name.localeCompare(b.name))
  writeFileSync(resultsFile, JSON.stringify(all))
}

/** Writes the record when all files are in it, or when it may lack some, which it names then. */
function record(mayLack) {
  const known = namesOf([])
  const results = keptResults().filter(({ name }) => known.includes(name))
  const missing = known.filter((name) => !results.some((result) => result.name === name))
  if (missing.length > 0 && !mayLack) return
  const reasons = missing.map((name) => [name, 'not run yet'])
  writeFileSync(recordFile, recordOf(results, { ...LEFT_OUT, ...Object.fromEntries(reasons) }))
}

function summarise(results) {
  const sum = (what) => results.reduce((total, result) => total + result[what], 0)
  const errors = grouped(results.flatMap((result) => result.errors))
  for (const { kind, what, lines, times } of errors) {
    console.log(`\n${kind}, ${times} times: ${what}\n${lines.join('\n')}`)
  }
  console.log(
    `\n${results.length} files, ${sum('processes')} processes, ${sum('whole')} of them whole: ` +
      `${errors.length} kinds of errors with the addon on the stack`,
  )
  const blind = results.filter(({ whole }) => whole === 0).map(({ name }) => name)
  if (blind.length > 0) console.log(`no process came to its end in: ${blind.join(', ')}`)
  if (errors.length > 0 || blind.length > 0) process.exitCode = 1
}

if (isMain(import.meta.url)) await runMain(main)
