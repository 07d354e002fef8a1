// Blocks of shell: run line by line, as somebody types them. What cannot be run in a test is named
// here, with the reason.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/toolchain.mjs'
import { listening } from './program.js'

const support = join(root, '__test__', 'support')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

function assertScript(command) {
  const [, name] = /^npm (?:run )?([\w:]+)/.exec(command)
  assert.ok(manifest.scripts[name], `there is no script '${name}'`)
}

function assertTestFile(command) {
  const [, file] = /node --test (\S+)/.exec(command)
  assert.ok(existsSync(join(root, file)), `${file} is not there`)
  const settings = [...command.matchAll(/\b(MILOUV_\w+)=/g)].map(([, name]) => name)
  // Some are read for several tests, in what these share.
  const shared = readdirSync(support).map((name) => join(support, name))
  const text = [join(root, file), ...shared].map((each) => readFileSync(each, 'utf8')).join('')
  for (const name of settings) assert.ok(text.includes(name), `${file} does not read ${name}`)
}

/** [which commands, what is checked instead of running them] */
const NOT_RUN = [
  // They would run this test again, or set up what runs it.
  [/^npm (start|test)\b|^npm run /, assertScript],
  [/^(MILOUV_\w+=\S+ )+node --test /, assertTestFile],
  // package.test.js installs the packed files, without a network.
  [/^npm install milouv$/, () => assert.equal(manifest.name, 'milouv')],
  // They change the machine, or need a daemon that a test has not.
  [/^(sudo|systemctl|journalctl|sysctl|docker|kubectl) /, () => {}],
]

/** The commands of a block, without comments; a line that ends in a backslash goes on. */
export function commandsOf(text) {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n')
  return lines.map((line) => line.replace(/(^|\s)#.*$/, '').trim()).filter((line) => line !== '')
}

class Shell {
  stderr = ''
  #process
  #lines

  constructor() {
    // A group of its own, so that what it leaves behind can be ended, too.
    this.#process = spawn('sh', [], { cwd: root, stdio: 'pipe', detached: true })
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Its exit code. */
  async run(command) {
    this.#process.stdin.write(`${command}\nprintf '\\n=%s\\n' $?\n`)
    for (;;) {
      const { done, value } = await this.#lines.next()
      assert.ok(!done, `the shell ended: ${this.stderr}`)
      const code = /^=(\d+)$/.exec(value)
      if (code !== null) return Number(code[1])
    }
  }

  /** Ends it and what it has started. */
  kill() {
    process.kill(-this.#process.pid, 'SIGKILL')
  }

  /** Waits for what runs in the background. */
  async end() {
    const over = once(this.#process, 'exit')
    const late = setTimeout(() => this.kill(), 30_000)
    this.#process.stdin.end('wait\n')
    const [code, signal] = await over
    clearTimeout(late)
    assert.equal(signal ?? code, 0, 'what runs in the background did not end')
  }
}

async function typeAll(session, shell, commands) {
  let background = []
  for (const command of commands) {
    const instead = NOT_RUN.find(([pattern]) => pattern.test(command))
    if (instead !== undefined) {
      instead[1](command)
      continue
    }
    // One that ends is ended by the next command at the latest.
    if (background.length > 0) assert.ok(await listening(background), `before ${command}`)
    assert.equal(await shell.run(session.localized(command)), 0, `${command}: ${shell.stderr}`)
    if (command.endsWith('&')) background = session.targetsOf(command)
  }
}

/** Runs the block; a server in the background is waited for, and answers between two commands. */
export async function runShell(session, block) {
  const shell = new Shell()
  try {
    await typeAll(session, shell, commandsOf(block.text))
  } catch (error) {
    shell.kill()
    throw error
  }
  await shell.end()
}
