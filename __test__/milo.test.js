// src/http1/MILO.md says what Milo gets wrong and which tests watch over it: both must stay true.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

const crate = new URL('../src/http1/', import.meta.url)
const read = (path) => readFileSync(new URL(path, crate), 'utf8')
const page = read('MILO.md')

/** Functions by their file: `heads::refuses_connect`. */
function functions() {
  const found = new Set()
  for (const folder of ['src/', 'tests/']) {
    for (const name of readdirSync(new URL(folder, crate))) {
      if (!name.endsWith('.rs')) continue
      const module = name.slice(0, -3)
      for (const [, each] of read(folder + name).matchAll(/\bfn (\w+)/g)) {
        found.add(`${module}::${each}`)
      }
    }
  }
  return found
}

describe('MILO.md', () => {
  test('is about the Milo that is built in', () => {
    const [, told] = /^# What Milo (\S+) /.exec(page) ?? []
    assert.match(read('Cargo.toml'), new RegExp(`milo-parser", version = "=${told}"`))
  })

  test('names functions and tests that are there', () => {
    const there = functions()
    const named = [...page.matchAll(/`(\w+::\w+)`/g)].map(([, name]) => name)
    assert.ok(named.length > 30, `${named.length} are named`)
    assert.deepEqual(
      named.filter((name) => !there.has(name)),
      [],
    )
  })

  test('names bounds that are there', () => {
    const sources = ['limits', 'milo', 'chunked'].map((name) => read(`src/${name}.rs`)).join()
    const named = [...page.matchAll(/`(MAX_\w+)`/g)].map(([, name]) => name)
    const missing = named.filter((name) => !new RegExp(`const ${name}\\b`).test(sources))
    assert.deepEqual([named.length > 3, missing], [true, []])
  })

  test('has a test for each thing', () => {
    const rows = page.split('\n').filter((line) => /^\| (?!input|-)/.test(line))
    assert.ok(rows.length > 20, `${rows.length} rows`)
    for (const row of rows) {
      const cells = row.replaceAll('\\|', '').split('|').slice(1, -1)
      assert.equal(cells.length, 5, row)
      assert.match(cells[4], /`exchanges`|`\w+::\w+`/, row)
    }
  })
})
