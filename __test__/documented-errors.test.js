// README.md's tables of errors are the codes that the sources have.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../scripts/toolchain.mjs'

const read = (name) => readFileSync(join(root, name), 'utf8')
const sources = (folder, end) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(end) && !name.includes('tests'))
    .map((name) => read(join(folder, name)))

const code = [...sources('lib', '.js'), ...sources('src', '.rs')].join('\n')
const thrown = new Set([...code.matchAll(/['"](ERR_[A-Z_]+)['"]/g)].map(([, name]) => name))
const document = read('README.md')
const cells = [...document.matchAll(/^\| (`(?:ERR|HTTP)_.*?) \|/gm)].map(([, cell]) => cell)
const told = new Set(cells.flatMap((cell) => cell.replaceAll('`', '').split(', ')))

test('every code that is thrown is in the table, and no other', () => {
  assert.ok(thrown.size > 10)
  const ours = [...told].filter((name) => name.startsWith('ERR_'))
  assert.deepEqual(ours.sort(), [...thrown].sort())
})

test('the codes of an answer that is not sent are those of the encoder', () => {
  const encoder = read('src/http1/src/error.rs')
  const answers = [...encoder.matchAll(/"(HTTP_[A-Z_]+)"/g)].map(([, name]) => name)
  assert.ok(answers.length > 5)
  for (const name of [...told].filter((each) => each.startsWith('HTTP_'))) {
    assert.ok(answers.includes(name), `${name} is no such code`)
  }
})

test('docs/refusals.md has every fault there is, with its status and its sentence', () => {
  const text = sources('src/http1/src', '.rs').join('\n')
  const pattern =
    /(?:status: )?\b(\d{3}),?\s+(?:code: )?"(HTTP_\w+)",?\s+(?:reason: )?\s*"([^"]+)"/g
  const faults = [...text.matchAll(pattern)].map(([, status, name, reason]) => {
    return `| \`${name}\` | ${status} | ${reason.replaceAll(/\\\s+/g, '')} |`
  })
  assert.ok(faults.length > 30)
  const rows = read('docs/refusals.md').split('\n')
  assert.deepEqual(rows.filter((row) => row.startsWith('| `')).sort(), faults.sort())
})
