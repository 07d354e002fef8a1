// The rules of the house, on the house; and each rule on a small piece of code that breaks it.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as lines from './tidy/lines.js'
import * as walls from './tidy/walls.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const PLACES = [
  ...['src', 'lib', 'types', 'scripts', 'examples', '__test__'],
  ...['bench', 'conformance', 'abuse', 'soak'],
]
const FILES = ['build.rs', 'index.js', 'index.d.ts', 'Cargo.toml']
const SOURCE = /\.(rs|js|mjs|cjs|ts|toml)$/
const OUTSIDE = new Set(['node_modules', 'target', 'corpus', 'artifacts'])

function* sourcesIn(path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory()) {
    if (SOURCE.test(path)) yield path
    return
  }
  for (const name of readdirSync(join(root, path)).sort()) {
    if (!OUTSIDE.has(name)) yield* sourcesIn(`${path}/${name}`)
  }
}

const tree = new Map()
for (const place of [...PLACES, ...FILES]) {
  for (const path of sourcesIn(place)) tree.set(path, readFileSync(join(root, path), 'utf8'))
}

describe('the house is tidy', () => {
  for (const rule of lines.lineRules) {
    test(rule.name, () => {
      const faults = [...tree].flatMap(([path, text]) => rule(path, text))
      assert.deepEqual(faults, [])
    })
  }
  for (const rule of walls.treeRules) {
    test(rule.name, () => assert.deepEqual(rule(tree), []))
  }
})

const x = (times) => 'x'.repeat(times)
const body = (count) => Array(count).fill('  a()').join('\n')

// [rule, path, what passes, what does not]
const lineCases = [
  [lines.lineLength, 'lib/a.js', x(100), x(101)],
  [lines.fileLength, 'lib/a.js', '\n'.repeat(399), '\n'.repeat(400)],
  [lines.nothingUnfinished, 'lib/a.js', '// done', `// ${'TO'}${'DO'} later`],
  [lines.nothingUnfinished, 'src/uv/a.rs', 'done!()', `${'to'}${'do'}!()`],
  [
    lines.functionLength,
    'lib/a.js',
    `function a() {\n${body(67)}\n}`,
    `function a() {\n${body(68)}\n}`,
  ],
  [
    lines.functionLength,
    'lib/a.js',
    `if (a) {\n${body(68)}\n}`,
    `const a = () => {\n${body(68)}\n}`,
  ],
  [
    lines.functionLength,
    'lib/a.js',
    `describe('a', () => {\n${body(68)}\n})`,
    `  static a(b) {\n${body(68)}\n  }`,
  ],
  [lines.functionLength, 'src/a.rs', `fn a() {\n${body(67)}\n}`, `pub fn a(\n) {\n${body(67)}\n}`],
  [lines.unsafePlaces, 'src/server/a.rs', '// unsafe\n"unsafe"', 'let a = unsafe { b() };'],
  [lines.unsafePlaces, 'src/http1/src/head.rs', '#![deny(unsafe_code)]', 'unsafe fn a() {}'],
  [lines.safetyComments, 'src/uv/a.rs', '// SAFETY: b\nunsafe { b() };', '// so\nunsafe { b() };'],
  [
    lines.safetyComments,
    'src/uv/a.rs',
    '// SAFETY: b\nlet a =\n  unsafe { b() };',
    'a();\nlet a =\n  unsafe { b() };',
  ],
  [
    lines.safetyComments,
    'src/js/a.rs',
    '/// # Safety\n/// b\nunsafe fn a() {}',
    '/// b\nunsafe fn a() {}',
  ],
  [
    lines.safetyComments,
    'src/js/a.rs',
    'type A = unsafe extern "C" fn(u8);',
    'unsafe impl Send for A {}',
  ],
]

const of = (...entries) => new Map(entries)
const lib = (path, text) => of(['index.js', "export { a } from './lib/a.js'"], [path, text])
const rust = (path, text) => of([path, text])

// [rule, what passes, what does not]
const treeCases = [
  [
    walls.rustRooms,
    rust('src/server/a.rs', 'use crate::{js::a, uv::{b, surface}};'),
    rust('src/server/a.rs', 'use crate::surface::a;'),
  ],
  [
    walls.rustRooms,
    rust('src/uv/a.rs', 'use crate::uv::a;'),
    rust('src/uv/a.rs', 'use crate::{uv::a, js::b};'),
  ],
  [
    walls.rustRooms,
    rust('src/js/a.rs', 'use napi::sys;'),
    rust('src/js/a.rs', 'use libuv_sys2::uv_run;'),
  ],
  [walls.rustRooms, rust('src/server/a.rs', 'use http1::a;'), rust('src/uv/a.rs', 'http1::a()')],
  [
    walls.rustRooms,
    rust('src/server/a.rs', 'proxy_protocol::a()'),
    rust('src/js/a.rs', 'proxy_protocol::a()'),
  ],
  [
    walls.rustRooms,
    rust('src/surface/a.rs', '#[napi]\nfn a() {}'),
    rust('src/uv/a.rs', '#[napi]\nfn a() {}'),
  ],
  [
    walls.http1Alone,
    rust('src/http1/Cargo.toml', 'httpdate = "1"'),
    rust('src/http1/Cargo.toml', 'napi = "3"'),
  ],
  [
    walls.http1Alone,
    rust('src/http1/src/a.rs', 'use std::time::Duration;'),
    rust('src/http1/src/a.rs', 'use std::net::TcpStream;'),
  ],
  [
    walls.http1Alone,
    rust('src/http1/src/a.rs', '// Instant'),
    rust('src/http1/src/a.rs', 'Instant::now()'),
  ],
  [
    walls.http1Alone,
    rust('src/http1/src/a.rs', 'use crate::milo::Milo;'),
    rust('src/http1/src/a.rs', 'use milo::Parser;'),
  ],
  [walls.libImports, lib('lib/a.js', "import 'node:net'"), lib('lib/a.js', "import b from 'ws'")],
  [
    walls.libImports,
    lib('lib/a.js', "import b from './b.js'"),
    lib('lib/a.js', "import b from '../scripts/b.mjs'"),
  ],
  [
    walls.libImports,
    lib('lib/binding.js', "require('../a.node')"),
    lib('lib/a.js', "require('../a.node')"),
  ],
  [walls.indexOnlyExports, lib('lib/a.js', ''), of(['index.js', 'console.log(1)'])],
  [walls.noDeadLib, lib('lib/a.js', ''), lib('lib/b.js', '')],
  [
    walls.noDeadRust,
    of(['src/lib.rs', 'mod a;'], ['src/a.rs', '']),
    of(['src/lib.rs', ''], ['src/a.rs', '']),
  ],
  [
    walls.noDeadRust,
    of(['src/lib.rs', 'mod uv;'], ['src/uv/mod.rs', 'pub(crate) mod b;'], ['src/uv/b.rs', '']),
    of(['src/lib.rs', 'mod uv;'], ['src/uv/mod.rs', ''], ['src/uv/b.rs', '']),
  ],
]

describe('each rule can fail', () => {
  lineCases.forEach(([rule, path, good, bad], at) => {
    test(`${rule.name}, case ${at}`, () => {
      assert.deepEqual(rule(path, good), [])
      assert.equal(rule(path, bad).length, 1)
    })
  })
  treeCases.forEach(([rule, good, bad], at) => {
    test(`${rule.name}, case ${at}`, () => {
      assert.deepEqual(rule(good), [])
      assert.equal(rule(bad).length, 1)
    })
  })
  test('every rule has a case', () => {
    const covered = new Set([...lineCases, ...treeCases].map(([rule]) => rule))
    const all = [...lines.lineRules, ...walls.treeRules]
    assert.deepEqual(
      all.filter((rule) => !covered.has(rule)),
      [],
    )
  })
})
