// Blocks of shell: run line by line, as somebody types them. What cannot be run in a test is named
// here, with the reason.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
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

/** Ms that somebody takes to type the next one, while there is a server in the background. */
const BETWEEN_COMMANDS = 1500
const ROUNDS = 600
const PAUSE = 25

class Shell {
  stdout = ''
  stderr = ''
  #process
  #over
  #count = 0

  constructor() {
    // A group of its own, so that what it leaves behind can be ended, too.
    this.#process = spawn('sh', [], { cwd: root, stdio: 'pipe', detached: true })
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.#process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.#over = once(this.#process, 'exit')
  }

  /** Waits until its output matches, and gives the match. */
  async says(pattern) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const found = pattern.exec(this.stdout)
      if (found !== null) return found
      await wait(PAUSE)
    }
    throw new Error(`it never said ${pattern}: ${this.stdout}${this.stderr}`)
  }

  /** Its exit code. */
  async run(command) {
    this.#count += 1
    this.#process.stdin.write(`${command}\nprintf '\\n=${this.#count} %s=\\n' $?\n`)
    const [, code] = await this.says(new RegExp(`=${this.#count} (\\d+)=`))
    return Number(code)
  }

  /** Ends it and what it has started. */
  kill() {
    process.kill(-this.#process.pid, 'SIGKILL')
  }

  /** Waits for what runs in the background. */
  async end() {
    const late = setTimeout(() => this.kill(), 30_000)
    this.#process.stdin.end('wait $!\n')
    const [code, signal] = await this.#over
    clearTimeout(late)
    assert.equal(signal ?? code, 0, `what ran in the background: ${this.stderr}`)
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
    if (background.length > 0) {
      assert.ok(await listening(background), `nobody listens before ${command}: ${shell.stderr}`)
    }
    assert.equal(await shell.run(session.localized(command)), 0, `${command}: ${shell.stderr}`)
    if (command.endsWith('&')) {
      background = session.targetsOf(command)
      await shell.says(/listening on/)
    } else if (background.length > 0) await wait(BETWEEN_COMMANDS)
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
