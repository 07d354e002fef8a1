// `npm run wpt -- FOLDER [--node LINE ...] [--only TEXT]`

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { nodeOfLine } from '../../scripts/node-lines.mjs'
import { capture, runMain, SetupError } from '../../scripts/toolchain.mjs'
import { files } from './files.mjs'
import { readPage } from './page.mjs'
import { play } from './play.mjs'
import { differencesOf, pageOf, staleEntries } from './report.mjs'
import { serveResources } from './resource-server.mjs'

const PAGE = fileURLToPath(new URL('../WPT.md', import.meta.url))
const LINES = ['20', '24', '26']
const AT_ONCE = 2

const HELP = `npm run wpt -- [FOLDER] [options]

Runs the Web Platform Tests of Fetch that are named in conformance/wpt/files.mjs against milouv's
classes and the platform's, and writes the outcome to conformance/WPT.md. FOLDER is a copy of
github.com/web-platform-tests/wpt; without it, the environment variable WPT_DIR names one. Ends
with 1 when milouv is worse somewhere and conformance/wpt/explained.mjs does not say why.

  --node LINE   only this release line of Node.js (20, 24, 26); may be given several times
  --only TEXT   only files whose name has TEXT

With either option nothing is written: what is worse is only printed.`

const GET_IT = `git clone --depth 1 --filter=blob:none --sparse \
https://github.com/web-platform-tests/wpt && \
git -C wpt sparse-checkout set common fetch interfaces resources xhr && \
npm run wpt -- wpt`

function copyFolder(given) {
  const folder = given ?? process.env.WPT_DIR
  if (folder === undefined) {
    const why = 'they are not part of this repository, and neither FOLDER nor WPT_DIR was given'
    throw new SetupError('The Web Platform Tests are needed', why, GET_IT)
  }
  const root = resolve(process.env.INIT_CWD ?? '.', folder)
  for (const needed of ['resources/testharness.js', 'fetch/api']) {
    if (existsSync(join(root, needed))) continue
    throw new SetupError(`${root} is no copy of the Web Platform Tests`, `no ${needed}`, GET_IT)
  }
  return root
}

/** What tells this copy from another: its commit, or a digest of the files that are run. */
function describeCopy(root, chosen) {
  try {
    const top = execFileSync('git', ['rev-parse', '--show-toplevel', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n')
    if (top[0] === root) return `the tests as of their commit ${top[1]}`
  } catch {
    // No git, or no repository: the digest does.
  }
  const hash = createHash('sha256')
  for (const file of chosen) hash.update(readFileSync(join(root, file)))
  return `a copy of the tests whose files have the SHA-256 ${hash.digest('hex').slice(0, 16)}`
}

async function playFile(node, config) {
  const text = readPage(config.root, config.path, config.origin).map((script) => script.text)
  const has = (name) => text.some((script) => new RegExp(`\\bnew ${name}\\b`).test(script))
  const playAs = (way, more) => play(node, { ...config, way, ...more })
  const outcomes = { platform: await playAs('platform'), milouv: await playAs('milouv') }
  if (has('Headers')) outcomes.headers = await playAs('headers')
  if (has('Request')) {
    const { requests } = (await playAs('record')).extra
    const served = requests?.length > 0 ? await playAs('served', { requests }) : undefined
    if (served?.extra.served > 0) outcomes.served = served
  }
  return { file: config.path, outcomes }
}

async function playAll(line, root, chosen, origin) {
  const node = nodeOfLine(line)
  const [version, undici] = capture(node, [
    '-p',
    'process.versions.node + " " + process.versions.undici',
  ]).split(' ')
  const rows = []
  const waiting = [...chosen.entries()]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, path] = next
      rows[index] = await playFile(node, { root, path, origin })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  console.log(`Node.js ${version}: ${rows.length} files`)
  return { version, undici, rows }
}

function tellWorse(differences) {
  const worse = differences.filter((one) => one.worse && one.entry === undefined)
  for (const { file, way, test, message, versions } of worse) {
    console.log(`worse (${way}, ${versions.join(', ')}) ${file}: ${test}\n    ${message}`)
  }
  return worse.length
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      node: { type: 'string', multiple: true },
      only: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(HELP)
  const root = copyFolder(positionals[0])
  const isThere = (file) => existsSync(join(root, file))
  const chosen = files.filter((file) => isThere(file) && file.includes(values.only))
  const { origin, close } = await serveResources(root)
  const nodes = []
  for (const line of values.node ?? LINES) nodes.push(await playAll(line, root, chosen, origin))
  close()
  const differences = differencesOf(nodes)
  const unexplained = tellWorse(differences)
  console.log(`${unexplained} tests are worse than the platform's and not explained`)
  if (unexplained > 0) process.exitCode = 1
  if (values.node !== undefined || values.only !== '') return
  const stale = staleEntries(differences)
  for (const { way, file, test } of stale) console.log(`explains nothing: ${way}, ${file}, ${test}`)
  if (stale.length > 0) process.exitCode = 1
  const date = new Date().toISOString().slice(0, 10)
  const absent = files.filter((file) => !isThere(file))
  const about = { date, copy: describeCopy(root, chosen), absent }
  writeFileSync(PAGE, pageOf(nodes, differences, about))
  console.log('conformance/WPT.md is written')
}

runMain(main)
