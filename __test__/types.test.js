// The types say what the code has: the same exports, the same members, a word on each. That
// the examples and __test__/types/ agree with the types is checked by tsc.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as milouv from 'milouv'
import { typesText } from './support/types-text.js'

const lines = typesText.split('\n')

/** `{ name, kind, members: [{ name, isStatic, documented }], documented }` of each declaration. */
function declarations() {
  const found = []
  lines.forEach((line, at) => {
    const start = /^export (?:declare )?(class|interface|type) (\w+)/.exec(line)
    const previous = lines[at - 1]?.startsWith('// biome') ? lines[at - 2] : lines[at - 1]
    const documented = previous?.trimEnd().endsWith('*/') ?? false
    if (start) found.push({ kind: start[1], name: start[2], members: [], documented })
    const pattern = /^ {2}(private )?(static )?(readonly )?(\[[\w.]+\]|\w+)\??[(:]/
    const member = pattern.exec(line)
    if (member && found.at(-1).kind !== 'type') {
      const [, isPrivate, isStatic, , name] = member
      found.at(-1).members.push({ name, isPrivate, isStatic, documented })
    }
  })
  return found
}

const declared = declarations()
const exported = new Map(Object.entries(milouv))
const classes = declared.filter(({ kind }) => kind === 'class')

/** The public names of a prototype or of a class itself, symbols written as in the types. */
function namesOf(object) {
  const names = Reflect.ownKeys(object).map((key) => {
    // Node 20 describes the symbol otherwise.
    if (key === Symbol.asyncDispose) return '[Symbol.asyncDispose]'
    return typeof key === 'symbol' ? `[${key.description}]` : key
  })
  const ignored = ['constructor', 'length', 'name', 'prototype']
  return names.filter((name) => !ignored.includes(name)).sort()
}

test('the exports are the same', () => {
  assert.deepEqual(classes.map(({ name }) => name).sort(), [...exported.keys()].sort())
})

test('every declaration and every member has a word on it', () => {
  const bare = declared.flatMap(({ name, documented, members }) => [
    ...(documented ? [] : [name]),
    ...members.filter((m) => !m.documented && !m.isPrivate).map((m) => `${name}.${m.name}`),
  ])
  assert.deepEqual(bare, [])
})

describe('the members are the same', () => {
  // Request and Response are declared as the platform's: their own tests compare the members.
  const own = ['InboundTcpSocket', 'TcpConnection', 'HttpParser', 'HttpServer']
  for (const { name, members } of classes.filter((each) => own.includes(each.name))) {
    test(name, () => {
      const expected = members.filter((m) => !m.isStatic && m.name !== 'constructor')
      // What util.inspect shows is no part of the types.
      const present = namesOf(exported.get(name).prototype).filter(
        (key) => !/inspect|Tag/.test(key),
      )
      assert.deepEqual(present, expected.map((m) => m.name).sort())
    })
  }
})
