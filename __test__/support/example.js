// Examples, started as a user would start them.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
/** The examples that a test of this process has started. */
export const started = new Set()

/**
 * Starts an example on a free port and gives it to `use`, then ends it; `settings` go to its
 * environment.
 */
export async function withExample(name, use, settings = {}) {
  const file = join('examples', `${name}.js`)
  const env = { ...process.env, PORT: '0', ...settings }
  // With a channel, so that it ends when this test is killed.
  const stdio = ['pipe', 'pipe', 'pipe', 'ipc']
  const child = spawn(process.execPath, [...endsWithParent, file], { cwd: root, env, stdio })
  started.add(name)
  const errors = []
  const output = []
  child.stderr.on('data', (text) => errors.push(text))
  const ended = once(child, 'exit')
  try {
    const lines = createInterface({ input: child.stdout })
    const url = await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${errors}`)))
      lines.on('line', (line) => {
        output.push(line)
        const found = /^listening on (http:\S+)$/.exec(line)
        if (found) resolve(found[1])
      })
    })
    const isDone = await use({ url, port: Number(new URL(url).port), output, child, ended })
    if (isDone !== true) assert.equal(child.exitCode, null, 'the example is still alive')
    assert.equal(errors.join(''), '')
  } finally {
    child.kill()
  }
}

/** Waits until something is so, but not for ever: what it is waited for is asserted by the test. */
export async function until(condition, rounds = 200) {
  for (let tries = 0; !condition() && tries < rounds; tries += 1) await setTimeout(10)
}
