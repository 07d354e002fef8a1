// docs/reference is what `npm run docs` makes of index.d.ts now; and typedoc, as it is set up here,
// takes no name without a word on it, and no link to what is not there.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { typedocCommand } from '../scripts/docs.mjs'
import { cacheDir, root } from '../scripts/toolchain.mjs'
import { typesText as types } from './support/types-text.js'

const committed = join(root, 'docs', 'reference')

mkdirSync(cacheDir, { recursive: true })
// In the repository, so that the types of Node are found.
const work = mkdtempSync(join(cacheDir, 'reference-'))
after(() => rmSync(work, { recursive: true, force: true }))

/** Runs typedoc and gives its exit code and what it printed. */
function typedoc(...args) {
  const [program, all] = typedocCommand(args)
  const { status, stdout, stderr } = spawnSync(program, all, { cwd: root, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/** The same, set up alike, on other types than ours. */
function typedocOf(name, text) {
  const folder = join(work, name)
  mkdirSync(folder)
  const write = (file, content) => writeFileSync(join(folder, file), content)
  write('index.d.ts', text)
  const tool = join(root, 'scripts', 'reference')
  const settings = JSON.parse(readFileSync(join(tool, 'tsconfig.json'), 'utf8'))
  write('tsconfig.json', JSON.stringify({ ...settings, files: ['index.d.ts'] }))
  const own = { entryPoints: ['index.d.ts'], tsconfig: 'tsconfig.json', out: 'out' }
  write('typedoc.json', JSON.stringify({ extends: [join(tool, 'typedoc.json')], ...own }))
  return typedoc('--options', join(folder, 'typedoc.json'))
}

function treeOf(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'))
  const read = (name) => readFileSync(join(folder, name), 'utf8')
  return Object.fromEntries(names.sort().map((name) => [name.replaceAll('\\', '/'), read(name)]))
}

describe('docs/reference', () => {
  test('is what typedoc makes of index.d.ts, without a warning', () => {
    const out = join(work, 'reference')
    const { status, output } = typedoc('--out', out)
    assert.equal(status, 0, output)
    assert.doesNotMatch(output, /warning/)
    const stale = 'docs/reference is stale; mend: npm run docs'
    const [now, then] = [treeOf(out), treeOf(committed)]
    assert.deepEqual(Object.keys(then), Object.keys(now), stale)
    for (const [name, text] of Object.entries(now)) {
      assert.ok(then[name] === text, `${stale} (${name})`)
    }
  })

  test('has a page for every exported name', () => {
    const pages = Object.keys(treeOf(committed)).join('\n')
    const names = [...types.matchAll(/^export (?:declare )?(?:class|interface|type) (\w+)/gm)]
    assert.ok(names.length > 20)
    for (const [, name] of names) assert.ok(pages.includes(`/${name}.md`), name)
  })
})

// [what is wrong, the text with it, what typedoc says of it]
const faults = [
  ['an export without a word', 'export type Bare = string', /Bare.*does not have any doc/],
  [
    'a property without a word',
    '/** A word. */\nexport interface OfProperty {\n  bare?: number\n}',
    /OfProperty\.bare.*does not have any doc/,
  ],
  [
    'a method without a word',
    '/** A word. */\nexport declare class OfMethod {\n  bare(): void\n}',
    /OfMethod\.bare.*does not have any doc/,
  ],
  [
    'a property of a literal type without a word',
    '/** A word. */\nexport interface Literal {\n  /** A word. */\n  of: { bare: number }\n}',
    /Literal\.of\..*bare.*does not have any doc/,
  ],
  [
    'a link to nothing',
    '/** See {@link Nothing}. */\nexport type Linked = string',
    /resolve link to "Nothing"/,
  ],
]

describe('typedoc refuses', () => {
  let found
  before(() => {
    found = typedocOf('faults', `${faults.map(([, text]) => text).join('\n')}\n`)
  })
  test('what has faults as a whole, and nothing without', () => {
    assert.notEqual(found.status, 0)
    const fine = typedocOf('fine', '/** A word. */\nexport type Told = string\n')
    assert.equal(fine.status, 0, fine.output)
  })
  for (const [what, , said] of faults) test(what, () => assert.match(found.output, said))
})
