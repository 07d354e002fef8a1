// SECURITY.md's table of bounds is that of the code: options, constants, statuses and codes.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { serverOptions } from '../lib/options.js'
import { root } from '../scripts/toolchain.mjs'

const read = (name) => readFileSync(join(root, name), 'utf8')
const rust = readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.rs') && !name.includes('tests'))
  .map((name) => read(join('src', name)))
const limits = read('src/http1/src/limits.rs')
const defaults = serverOptions()

const document = read('SECURITY.md')
const start = document.indexOf('| what a client can use up |')
const table = document.slice(start, document.indexOf('\n\n', start)).split('\n').slice(2)
const rows = table.map((line) => line.split('|').map((cell) => cell.trim()))
const bounds = rows.map(([, what, bound, value, beyond]) => {
  return { what, name: bound.replaceAll('`', ''), value: number(value), beyond }
})

/** A product of whole numbers, with spaces or underscores in them. */
function number(text) {
  const factors = text.split('*').map((factor) => factor.replaceAll(/[ _]/g, ''))
  for (const factor of factors) assert.match(factor, /^\d+$/, text)
  return factors.reduce((product, factor) => product * Number(factor), 1)
}

/** The one constant of that name in the sources of the addon. */
function constant(name) {
  const pattern = new RegExp(`\\bconst ${name}: \\w+ = ([^;]+);`)
  const values = rust.map((text) => pattern.exec(text)?.[1]).filter(Boolean)
  assert.equal(values.length, 1, `${values.length} constants are called ${name}`)
  return number(values[0])
}

/** An option's default, or undefined for what is none. */
const option = (name) => name.split('.').reduce((value, key) => value?.[key], defaults)

describe('the bounds in SECURITY.md', () => {
  for (const { what, name, value } of bounds) {
    test(`${what}: ${name}`, () => assert.equal(value, option(name) ?? constant(name)))
  }

  test('are all options and all constants there are', () => {
    const options = ['limits', 'timeouts'].flatMap((group) =>
      Object.keys(defaults[group]).map((name) => `${group}.${name}`),
    )
    const constants = [...limits.matchAll(/\bconst (\w+):/g)].map(([, name]) => name)
    // The first is highWaterMark's default; what is spare is kept for others, and no client's.
    const wanted = constants.filter((name) => !/^(HIGH_WATER_MARK$|SPARE_)/.test(name))
    const told = new Set(bounds.map(({ name }) => name))
    const missing = [...options, ...wanted, 'highWaterMark'].filter((name) => !told.has(name))
    assert.deepEqual(missing, [])
  })

  test('have the statuses and codes that are answered', () => {
    const source = rust.join('\n')
    const answers = bounds.flatMap(({ beyond }) => [...beyond.matchAll(/(\d{3}) `(HTTP_\w+)`/g)])
    assert.ok(answers.length > 10)
    for (const [answer, status, code] of answers) {
      assert.match(source, new RegExp(`\\b${status},?\\s+(code: )?"${code}"`), answer)
    }
  })
})

test('the addon has the same defaults of its own', () => {
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const { maxConnections, ...others } = defaults.limits
  assert.equal(maxConnections, 0)
  for (const [name, value] of Object.entries({ ...others, ...defaults.timeouts })) {
    const found = new RegExp(`\\b${snake(name)}: ([\\d_ *]+)[,} ]`).exec(limits)
    assert.ok(found, name)
    assert.equal(number(found[1].trim()), value, name)
  }
  assert.equal(constant('HIGH_WATER_MARK'), defaults.highWaterMark)
})
