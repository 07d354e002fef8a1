// The tests import milouv by its name, as its users do: that is the bundle, and it must be that of
// lib/ as it is now.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { bundlePath, bundleText } from '../scripts/bundle.mjs'

test('what is exported under the name of milouv is the bundle, made of lib/ as it is', async () => {
  assert.equal(import.meta.resolve('milouv'), pathToFileURL(bundlePath).href)
  const mend = 'npm run bundle (npm test does it by itself)'
  assert.ok(readFileSync(bundlePath, 'utf8') === (await bundleText()), mend)
})
