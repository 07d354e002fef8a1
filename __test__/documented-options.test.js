// What the types, README.md and SECURITY.md say of an option (its default, its bounds) is what the
// code does.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { closeOptions, parserOptions, serverOptions, socketOptions } from '../lib/options.js'
import { typesText as types } from './support/types-text.js'

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const defaults = serverOptions()

/** `[name, words]` of each optional member of an interface. */
function optionsOf(name) {
  const start = types.indexOf(`export interface ${name} `)
  const body = types.slice(start, types.indexOf('\n}\n', start))
  const found = body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+)\?[:(]/g)
  return [...found].map(([, words, option]) => [option, words.replace(/\n? +\* ?/g, ' ').trim()])
}

/** A value as documents write it: `'text'`, true, 65 000, 65_000, none, Infinity. */
function valueIn(text) {
  if (text === 'none') return undefined
  if (/^(true|false)$/.test(text)) return text === 'true'
  const quoted = /^`?'(.*)'`?$/.exec(text)
  if (quoted) return quoted[1]
  const number = text.replaceAll(/[ _,`]/g, '')
  assert.match(number, /^\d+$/, `what value is ${text}?`)
  return Number(number)
}

function defaultIn(words) {
  const found = /Default: (`?'[^']*'`?|none|true|false|\d[\d ]*\d|\d)/.exec(words)
  assert.ok(found, `no "Default: ..." in: ${words}`)
  return valueIn(found[1])
}

// keepAlive's false is 0 seconds by the time it is read; what has fields of its own has no default.
const normal = (value) => (value === false ? 0 : value)
const GROUPS = ['timeouts', 'limits', 'overload']

// [interface, what reads such options, the name in front of them]
const interfaces = [
  ['SocketOptions', socketOptions],
  ['ServerOptions', serverOptions],
  ['Timeouts', (timeouts) => serverOptions({ timeouts }).timeouts],
  ['Limits', (limits) => serverOptions({ limits }).limits],
  ['Overload', (overload) => serverOptions({ overload }).overload],
  ['ParserOptions', parserOptions],
  ['CloseOptions', closeOptions],
]

describe('index.d.ts', () => {
  for (const [name, readOptions] of interfaces) {
    const options = optionsOf(name).filter(([option]) => !GROUPS.includes(option))
    const known = readOptions({})

    test(`${name} has the options that the code takes`, () => {
      const inherited = name === 'ServerOptions' ? Object.keys(socketOptions()) : []
      const own = Object.keys(known).filter((key) => !inherited.includes(key))
      const expected = own.filter((key) => !GROUPS.includes(key))
      assert.deepEqual(options.map(([option]) => option).sort(), expected.sort())
    })
    for (const [option, words] of options) {
      test(`${name}.${option}: the default`, () => {
        assert.equal(normal(defaultIn(words)), normal(known[option]))
      })
      // A number has bounds, and says which.
      if (typeof known[option] !== 'number' && !/milliseconds/i.test(words)) continue
      test(`${name}.${option}: the bounds`, () => {
        const bounds = /[Ff]rom (\d[\d ]*\d|\d) to (\d[\d ]*\d|\d)/.exec(words)
        assert.ok(bounds, `no "from ... to ..." in: ${words}`)
        const [min, max] = bounds.slice(1).map(valueIn)
        const take = (value) => readOptions({ [option]: value })[option]
        assert.deepEqual([take(min), take(max)], [min, max])
        for (const outside of [min - 1, max + 1]) {
          assert.throws(() => take(outside), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
        }
      })
    }
  }
})

/** The rows of the tables of a document, each a list of cells. */
function rowsOf(document) {
  const lines = read(document).split('\n')
  const rows = lines.filter((line) => line.startsWith('|')).map((line) => line.split(/ *\| */))
  return rows.map((cells) => cells.slice(1, -1))
}

const unquoted = (cell) => cell.replaceAll('`', '')
const defaultOf = (path) => path.split('.').reduce((value, key) => value[key], defaults)
const optionNames = Object.keys(defaults).flatMap((name) => {
  if (!GROUPS.includes(name)) return [name]
  return Object.keys(defaults[name]).map((member) => `${name}.${member}`)
})

describe('README.md', () => {
  const rows = rowsOf('README.md').flatMap(([names, value]) =>
    names.split(', ').map((name) => [unquoted(name), unquoted(value ?? '')]),
  )
  const told = rows.filter(([name]) => optionNames.includes(name))

  test('names every option in its table', () => {
    assert.deepEqual([...new Set(told.map(([name]) => name))].sort(), [...optionNames].sort())
  })
  for (const [name, value] of told) {
    test(`${name}: the default`, () => {
      assert.equal(normal(valueIn(value)), normal(defaultOf(name)))
    })
  }
})
