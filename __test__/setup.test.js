// The set-up scripts: what they find, which route they take, what they say when none works.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFresh, triple } from '../scripts/artifact.mjs'
import { aptInstall, ensureLibclang, routes } from '../scripts/libclang.mjs'
import { missingPackages } from '../scripts/setup.mjs'
import { nodeTestArguments } from '../scripts/steps.mjs'
import { cargoEnv, findLibclang, hasLibclang, SetupError, which } from '../scripts/toolchain.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = mkdtempSync(join(tmpdir(), 'milouv-setup-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function put(path, text = '') {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
  return join(folder, path)
}

describe('libclang', () => {
  test('is recognised by its file name, libclang-cpp is not it', () => {
    put('cpp/libclang-cpp.so.14')
    for (const name of ['libclang.so', 'libclang-14.so.1', 'libclang.so.18.1', 'libclang.dylib']) {
      put(`good-${name}/${name}`)
      assert.equal(hasLibclang(join(folder, `good-${name}`)), true, name)
    }
    assert.equal(hasLibclang(join(folder, 'cpp')), false)
    assert.equal(hasLibclang(join(folder, 'nowhere')), false)
  })

  test('LIBCLANG_PATH wins, as a folder and as a file', () => {
    const file = put('chosen/libclang.so')
    const chosen = { folder: dirname(file), from: 'LIBCLANG_PATH' }
    assert.deepEqual(findLibclang({ LIBCLANG_PATH: dirname(file) }), chosen)
    assert.deepEqual(findLibclang({ LIBCLANG_PATH: file }), chosen)
    assert.equal(cargoEnv({ LIBCLANG_PATH: file }).LIBCLANG_PATH, dirname(file))
  })

  test('without headers of its own it is pointed at those of gcc, unless told otherwise', () => {
    const LIBCLANG_PATH = dirname(put('bare/libclang.so'))
    assert.match(cargoEnv({ LIBCLANG_PATH }).BINDGEN_EXTRA_CLANG_ARGS, /^-I.*include$/)
    const told = { LIBCLANG_PATH, BINDGEN_EXTRA_CLANG_ARGS: '-Imine' }
    assert.equal(cargoEnv(told).BINDGEN_EXTRA_CLANG_ARGS, '-Imine')
    put('bare/clang/14/include/stddef.h')
    assert.equal(cargoEnv({ LIBCLANG_PATH }).BINDGEN_EXTRA_CLANG_ARGS, undefined)
  })

  test('is not fetched when it is there', () => {
    const found = { folder, from: 'system' }
    const tries = [{ name: 'never', get: () => assert.fail('fetched') }]
    assert.equal(ensureLibclang({ find: () => found, tries }), found)
  })

  test('the second route is taken when the first fails', () => {
    const ran = []
    let present = null
    const run = (program, args) => {
      ran.push([program, ...args].join(' '))
      if (args.includes('install') && args.includes('libclang-dev')) present = { from: 'system' }
      return program === 'python3' ? 1 : 0
    }
    const log = () => {}
    assert.equal(ensureLibclang({ find: () => present, run, log }).from, 'system')
    assert.match(ran[0], /^python3 -m pip install .*libclang==/)
    assert.match(ran[1], /apt-get update/)
    assert.match(ran[2], /apt-get install -y .*libclang-dev$/)
  })

  test('when no route works the error says what, why and what to do', () => {
    const context = { find: () => null, run: () => 1, log: () => {} }
    assert.throws(
      () => ensureLibclang(context),
      (error) => {
        assert.ok(error instanceof SetupError)
        assert.match(error.explain(), /libclang is missing.*\n\s+why:.*bindgen.*\n\s+mend:/)
        for (const { mend } of routes) assert.ok(error.explain().includes(mend))
        return true
      },
    )
  })

  test('apt-get goes through sudo -n for those who are not root', () => {
    const ran = []
    const run = (program, args) => {
      ran.push([program, ...args].join(' '))
      return 1
    }
    assert.equal(aptInstall(['a'], { run }), false)
    const prefix = process.getuid() === 0 ? 'apt-get' : 'sudo -n apt-get'
    assert.deepEqual(ran, [`${prefix} update -q`])
  })
})

describe('packages', () => {
  const lock = (packages) => JSON.stringify({ packages })

  test('those missing and those of another version are told, optional ones are not', () => {
    const wanted = { '': {}, a: { version: '1' }, b: { version: '1' }, c: { version: '1' } }
    put('project/package-lock.json', lock({ ...wanted, d: { version: '1', optional: true } }))
    const project = join(folder, 'project')
    assert.deepEqual(missingPackages(project), ['a', 'b', 'c'])
    const present = { a: { version: '1' }, b: { version: '2' } }
    put('project/node_modules/.package-lock.json', lock(present))
    assert.deepEqual(missingPackages(project), ['b', 'c'])
  })

  test('scripts need no package: they run before any is installed', () => {
    const scripts = Object.values(JSON.parse(readFileSync(join(root, 'package.json'))).scripts)
    const files = scripts.flatMap((script) => script.match(/scripts\/[\w-]+\.mjs/g) ?? [])
    assert.ok(files.length > 5)
    for (const file of files) {
      const names = [...readFileSync(join(root, file), 'utf8').matchAll(/ from '([^']+)'/g)]
      for (const [, name] of names) assert.match(name, /^(node:|\.\/)/, file)
    }
  })
})

describe('the set-up', () => {
  test('has little to do the second time', (t) => {
    if (!isFresh('release')) return t.skip('the addon is not the release build of these sources')
    const started = performance.now()
    const result = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root })
    assert.equal(result.status, 0, String(result.stderr))
    assert.equal(String(result.stdout), '')
    assert.ok(performance.now() - started < 2000)
  })

  test('names programs, platforms and test files', () => {
    assert.equal(which('surely-no-such-program'), null)
    assert.ok(which('cargo'))
    assert.match(triple(), new RegExp(`^${process.platform}-${process.arch}`))
    assert.ok(nodeTestArguments().includes(join('__test__', 'setup.test.js')))
  })
})
