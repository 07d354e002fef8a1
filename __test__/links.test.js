// Every link between documents leads somewhere: the file is there, and the heading in it.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { root } from '../scripts/toolchain.mjs'

const FOLDERS = ['docs', 'bench', 'conformance', 'src/http1']
const OUTSIDE = /(^|\/)(node_modules|target|build)\//

const inside = (folder) =>
  readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name))
const documents = [...readdirSync(root), ...FOLDERS.flatMap(inside)].filter(
  (name) => name.endsWith('.md') && !OUTSIDE.test(name),
)
const read = (file) => readFileSync(join(root, file), 'utf8')

/** Without its code, which may look like a link. */
const proseOf = (text) => text.replaceAll(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '')

/** The anchors that GitHub gives the headings. */
function anchorsOf(text) {
  const seen = new Map()
  return [...proseOf(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
}

/** What is wrong with the links of a text that stands at `file`. */
function faultsOf(file, text) {
  const prose = proseOf(text).replaceAll(/`[^`\n]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  return links.flatMap((link) => {
    if (/^(https?|mailto):/.test(link)) return []
    const [path, anchor] = link.split('#')
    const target = path === '' ? file : relative(root, join(root, dirname(file), path))
    if (path !== '' && !existsSync(join(root, target))) return [`${file}: ${link} is not there`]
    if (anchor === undefined || statSync(join(root, target)).isDirectory()) return []
    const there = anchorsOf(path === '' ? text : read(target)).includes(anchor)
    return there ? [] : [`${file}: ${link} has no such heading`]
  })
}

describe('links', () => {
  test('there are documents', () => assert.ok(documents.length > 20))
  for (const file of documents) {
    test(file, () => assert.deepEqual(faultsOf(file, read(file)), []))
  }
  test('one to nothing is found, and one to no heading', () => {
    assert.equal(faultsOf('README.md', '[a](nothing.md)').length, 1)
    assert.equal(faultsOf('README.md', '# A b\n\n[a](#a-b) [b](#b-c)').length, 1)
    assert.equal(faultsOf('docs/workers.md', '[a](../README.md#nothing-of-it)').length, 1)
  })
})
