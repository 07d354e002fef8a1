// Loading the addon: what is in the file, and what is said where it cannot be loaded.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import binding, { assertRuntime, buildName, candidates, load, noBinary } from '../lib/binding.js'
import { artifactPath, assertHostLibuv, uvSymbols } from '../scripts/artifact.mjs'
import { SetupError, which } from '../scripts/toolchain.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

describe('the addon', () => {
  const skip = process.platform !== 'linux' || which('nm') === null

  test('defines no uv_* symbol and asks the host for them', { skip }, () => {
    const symbols = uvSymbols(artifactPath())
    assert.deepEqual(symbols.defined, [])
    assert.ok(symbols.undefined.includes('uv_tcp_init'), symbols.undefined.join(' '))
    assertHostLibuv(artifactPath())
  })

  test('a file that does not ask for uv_* is refused', { skip }, () => {
    assert.throws(() => assertHostLibuv('/bin/sh'), SetupError)
  })

  test('a file that defines uv_* is refused', { skip }, (t) => {
    const own = uvSymbols(process.execPath).defined
    if (own.length === 0) return t.skip('this node has its libuv in a shared library')
    assert.throws(() => assertHostLibuv(process.execPath), /not bound to the libuv/)
  })

  test('agrees with the libuv of this node, and refuses another', () => {
    assert.doesNotThrow(() => binding.libuvCheck(process.versions.uv))
    assert.throws(() => binding.libuvCheck('0.10.0'), { code: 'ERR_MILOUV_LIBUV' })
  })
})

describe('a platform without a build', () => {
  const missing = (path) => {
    throw Object.assign(new Error(`Cannot find module '${path}'`), { code: 'MODULE_NOT_FOUND' })
  }

  test('the names follow the platform', () => {
    assert.deepEqual(candidates('linux', 'arm64'), ['linux-arm64-gnu', 'linux-arm64-musl'])
    assert.deepEqual(candidates('darwin', 'arm64'), ['darwin-arm64'])
    assert.deepEqual(candidates('win32', 'x64'), ['win32-x64-msvc'])
  })

  test('the file beside us comes before the package, in the order of the names', () => {
    const asked = []
    const require = (path) => {
      asked.push(path)
      return path === '@milouv/binding-b' ? { loaded: true } : missing(path)
    }
    assert.deepEqual(load(['a', 'b'], require), { loaded: true })
    const expected = ['../milouv.a.node', '@milouv/binding-a', '../milouv.b.node']
    assert.deepEqual(asked, [...expected, '@milouv/binding-b'])
  })

  test('the name of the build follows the libc', () => {
    assert.equal(buildName('linux', 'x64', '2.36'), 'linux-x64-gnu')
    assert.equal(buildName('linux', 'arm64', undefined), 'linux-arm64-musl')
    assert.equal(buildName('darwin', 'arm64', undefined), 'darwin-arm64')
  })

  test('where the package is missing the error names it, the machine and what to do', () => {
    const machine = { platform: 'darwin', arch: 'arm64', version: 'v24.1.0' }
    const absent = Object.assign(new Error('absent'), { code: 'MODULE_NOT_FOUND' })
    const { code, message, cause } = noBinary([absent], machine)
    assert.equal(code, 'ERR_MILOUV_NO_BINARY')
    assert.equal(cause, absent)
    assert.match(message, /on darwin arm64, Node.js v24.1.0: the package @milouv\/binding-darwin-/)
    for (const part of ['--omit=optional', 'lock file', 'on another system', 'npm run build']) {
      assert.ok(message.includes(part), `${part} in: ${message}`)
    }
  })

  test('a platform that milouv is not built for is told so', () => {
    assert.throws(
      () => load(['plan9-x64'], missing),
      (error) => error.code === 'ERR_MILOUV_NO_BINARY',
    )
    const { message } = noBinary([], { platform: 'plan9', arch: 'x64', version: 'v24.1.0' })
    assert.match(message, /there is no build for it \(plan9-x64\)/)
  })

  test('on this machine it names the libc and the Node.js', () => {
    const { message } = noBinary([])
    const libc = process.platform === 'linux' ? /, (glibc \d|musl)/ : /on /
    assert.match(message, libc)
    assert.ok(message.includes(`${process.platform} ${process.arch}`))
    assert.ok(message.includes(process.version))
  })

  test('a build that does not load is told apart from none, with its reason', () => {
    const broken = new Error('GLIBC_2.99 not found')
    const require = (path) => {
      if (path.startsWith('../')) throw broken
      return missing(path)
    }
    assert.throws(
      () => load(['a'], require),
      (error) => error.cause === broken && /fails: GLIBC_2.99/.test(error.message),
    )
  })

  test('where the right build is missing, that one for another libc fails is no news', () => {
    const names = candidates(process.platform, process.arch)
    const glibc = process.report.getReport().header.glibcVersionRuntime
    const right = buildName(process.platform, process.arch, glibc)
    const require = (path) => {
      if (path === `@milouv/binding-${right}` || path.startsWith('../')) return missing(path)
      throw new Error('cannot open shared object file')
    }
    assert.throws(
      () => load([...names, 'other'], require),
      (error) => error.message.includes(`@milouv/binding-${right} is not installed`),
    )
  })
})

describe('another runtime', () => {
  test('Bun and Deno are refused by name before anything is loaded', () => {
    assert.doesNotThrow(() => assertRuntime(process.versions))
    assert.throws(() => assertRuntime({ bun: '1.2.3' }), {
      code: 'ERR_MILOUV_RUNTIME',
      message: /Bun 1\.2\.3/,
    })
    assert.throws(() => assertRuntime({ deno: '2.0.0' }), { code: 'ERR_MILOUV_RUNTIME' })
  })
})

test('import and require give the same classes, with nothing on stderr', () => {
  const script = `
    const required = require('milouv')
    import('milouv').then((imported) => {
      console.log(imported.HttpServer === required.HttpServer && typeof required.HttpServer)
    })`
  const result = spawnSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' })
  assert.equal(result.stderr, '')
  assert.equal(result.stdout.trim(), 'function')
})
