// Has CPU per request moved since an earlier commit? Both builds side by side in one run, the
// earlier one built in a work tree of its own under .cache/guard/, both under today's handlers.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, capture, cargoEnv, root, run, SetupError } from '../../scripts/toolchain.mjs'
import { ratio } from './figures.mjs'
import { stayOnCore } from './machine.mjs'
import { milouvAt } from './peers.mjs'
import { runWorkload } from './rounds.mjs'
import { workloads } from './workloads.mjs'

const GUARDED = ['hello-64', 'json', 'post-1k']
const folder = join(cacheDir, 'guard')
// A median above this, with every round above 1, is called slower: less can be chance. So can all
// of a few rounds.
const SLOWER = 1.02
const FEW_ROUNDS = 5

const git = (...args) => capture('git', args)

/** The commit to compare with: what changed since is what is measured. */
function revisionOf(wanted) {
  const revision = wanted ?? (git('status', '--porcelain') === '' ? 'HEAD~1' : 'HEAD')
  const sha = git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`)
  if (sha !== null) return { revision, sha }
  throw new SetupError(
    `there is no commit ${revision}`,
    'the guard compares with an earlier commit of this repository',
    'git fetch --unshallow, or: npm run bench -- --guard REV',
  )
}

/** Takes earlier work trees away; they share one target folder, so nothing is lost with them. */
function keepOnly(sha) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name === sha || !/^[0-9a-f]{40}$/.test(name)) continue
    git('worktree', 'remove', '--force', join(folder, name))
  }
  git('worktree', 'prune')
}

/** What a tree's package exports; before there was a bundle, that was index.js. */
function moduleOf(tree) {
  const bundle = join(tree, 'dist', 'milouv.js')
  return existsSync(bundle) ? bundle : join(tree, 'index.js')
}

/** The module of a commit, built. */
function buildCommit({ revision, sha }) {
  const tree = join(folder, sha)
  const built = join(folder, `${sha}.built`)
  keepOnly(sha)
  if (existsSync(built) && existsSync(join(tree, 'index.js'))) return moduleOf(tree)
  mkdirSync(folder, { recursive: true })
  console.log(`building ${revision} (${sha.slice(0, 12)}) in .cache/guard`)
  const checkedOut = existsSync(join(tree, 'index.js'))
  if (!checkedOut && run('git', ['worktree', 'add', '--detach', tree, sha]) !== 0) {
    throw new SetupError(
      `${sha} could not be checked out`,
      'git says why above',
      'git worktree list',
    )
  }
  const env = { ...cargoEnv(), CARGO_TARGET_DIR: join(folder, 'target') }
  const script = join('scripts', 'build.mjs')
  if (run(process.execPath, [script], { cwd: tree, env }) !== 0) {
    throw new SetupError(
      `${revision} could not be built`,
      'its own build script ended with an error, printed above',
      `cd ${tree} && npm run build`,
    )
  }
  writeFileSync(built, '')
  return moduleOf(tree)
}

const change = (times) => `${times >= 1 ? '+' : ''}${((times - 1) * 100).toFixed(1)}%`

/** What a workload's result says: { slower, text }. */
export function verdict({ name, servers }, before) {
  const samples = new Map(servers.map((row) => [row.name, row.samples]))
  const moved = ratio(samples, 'now', before, 'cpu')
  if (!moved) return { slower: true, text: `${name}: could not be measured` }
  const cost = (server) => servers.find((row) => row.name === server).cpu.median.toFixed(2)
  const enough = samples.get('now').length >= FEW_ROUNDS
  const slower = enough && moved.median > SLOWER && moved.min > 1
  const faster = enough && moved.median < 1 / SLOWER && moved.max < 1
  const clear = slower ? 'SLOWER' : faster ? 'faster' : 'no clear change'
  const word = enough ? clear : 'too few rounds to tell'
  const spread = `rounds ${change(moved.min)} to ${change(moved.max)}`
  const costs = `${cost(before)} -> ${cost('now')} µs of CPU per request`
  return { slower, text: `${name}: ${change(moved.median)} (${spread}), ${costs}: ${word}` }
}

/** Resolves with true when one of the workloads has become slower. */
export async function guard(options) {
  const before = revisionOf(options.revision)
  const index = buildCommit(before)
  stayOnCore(options.clientCore)
  const name = before.sha.slice(0, 12)
  const builds = [milouvAt('now', moduleOf(root)), milouvAt(name, index)]
  const verdicts = []
  for (const workload of workloads.filter((one) => GUARDED.includes(one.name))) {
    const result = await runWorkload({ ...workload, bars: [] }, builds, options)
    verdicts.push(verdict(result, name))
  }
  console.log(`\nmilouv as it is here against ${before.revision} (${name}):`)
  for (const { text } of verdicts) console.log(`  ${text}`)
  return verdicts.some(({ slower }) => slower)
}
