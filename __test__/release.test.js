// The build that is published, where `npm run pack:release` has made it of these sources. The
// ordinary build is linked against the glibc of the machine and may ask for a newer one.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertGlibc, assertHostLibuv, glibcNeeded } from '../scripts/artifact.mjs'
import { releaseBuild } from '../scripts/pack-release.mjs'
import { targets } from '../scripts/packages.mjs'
import { SetupError, which } from '../scripts/toolchain.mjs'

const isLinux = process.platform === 'linux' && which('readelf') !== null

describe('the published build', () => {
  for (const target of targets.filter((name) => name.includes('linux'))) {
    const file = isLinux ? releaseBuild(target) : undefined
    const skip = file === undefined && `not there: npm run pack:release -- ${target}`

    test(`for ${target} asks for no glibc after 2.17, and for libuv's uv_*`, { skip }, (t) => {
      assertHostLibuv(file)
      if (target.endsWith('-musl')) return assert.equal(glibcNeeded(file), '0.0')
      assertGlibc(file)
      t.diagnostic(`the newest glibc it asks for is ${glibcNeeded(file)}`)
    })
  }
})

test('a file that asks for a newer glibc, or for none, is refused', { skip: !isLinux }, (t) => {
  assert.throws(() => assertGlibc('/etc/hostname'), SetupError)
  // Node's own builds need 2.28.
  const needed = glibcNeeded(process.execPath)
  if (needed === '0.0') return t.skip('this node is not linked against glibc')
  assert.ok(Number(needed.split('.')[1]) > 17, needed)
  assert.throws(() => assertGlibc(process.execPath), /does not load with glibc 2\.17/)
})
