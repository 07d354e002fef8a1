// Blocks of JavaScript: run as a user would run them, each in a process of its own.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { root } from '../../scripts/toolchain.mjs'
import { ask } from './session.js'

/** What a fragment stands in. */
export const CONTEXTS = {
  server: `import { HttpServer, Response } from 'milouv'
const server = new HttpServer({ port: 3000 })`,
  handler: "const handler = () => new Response('hello')",
  'a listening server': `import { HttpServer, Response } from 'milouv'
const server = new HttpServer({ port: 3000 })
server.listen(() => new Response('hello'))`,
}

const LISTENS = /\.listen\(|\bserve\(/
/** It has talked to itself, and is done. */
const CLOSES = /^await \w+\.close\(/m
const ROUNDS = 600
const PAUSE = 25
const MAY_BE_ASKED = { method: 'GET', path: '/', status: undefined }

function contextOf(name) {
  assert.ok(Object.hasOwn(CONTEXTS, name), `'with ${name}': there are ${Object.keys(CONTEXTS)}`)
  return CONTEXTS[name]
}

/** A block as the text of a program. */
export function programText({ text, settings }) {
  return [...settings.contexts.map(contextOf), text].join('\n')
}

/** A program that is running. */
export class Program {
  stdout = ''
  stderr = ''
  #child
  #over

  constructor(file, cwd, command, settings = {}) {
    const [executable, ...args] = command ?? [process.execPath, ...endsWithParent]
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc']
    const env = { ...process.env, ...settings }
    this.#child = spawn(executable, [...args, file], { cwd, env, stdio })
    for (const name of ['stdout', 'stderr']) {
      this.#child[name].setEncoding('utf8').on('data', (text) => {
        this[name] += text
      })
    }
    this.#over = once(this.#child, 'close')
  }

  get isOver() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Its exit code or the signal that ended it. */
  async ended() {
    const [code, signal] = await this.#over
    return signal ?? code
  }

  kill() {
    this.#child.kill('SIGKILL')
  }

  /** Ends it as a service manager does; one that does not care is ended by the signal itself. */
  async stop() {
    if (!this.isOver) this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.kill(), 10_000)
    const how = await this.ended()
    clearTimeout(late)
    assert.ok(how === 0 || how === 'SIGTERM', `it ended with ${how}: ${this.stderr}`)
  }
}

function accepts({ socketPath: path, host, port }) {
  return new Promise((resolve) => {
    const socket = connect(path === undefined ? { host, port } : { path })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** Waits until somebody accepts at one of the targets; gives that. */
export async function listening(targets, isOver = () => false) {
  for (let round = 0; round < ROUNDS && !isOver(); round += 1) {
    for (const target of targets) if (await accepts(target)) return target
    await wait(PAUSE)
  }
  return undefined
}

/** Asks what the comment says, or for `/`, and compares. */
export async function askAll(target, asks) {
  for (const each of asks.length > 0 ? asks : [MAY_BE_ASKED]) {
    const answer = await ask(target, each)
    const what = `${each.method} ${each.path} got ${answer.status} ${answer.text}`
    if (each.status === undefined) assert.ok(answer.status < 500, what)
    else assert.equal(answer.status, each.status, what)
    if (each.text instanceof RegExp) assert.match(answer.text, each.text)
    else if (each.text !== undefined) assert.equal(answer.text.trim(), each.text)
  }
}

function assertQuiet(program, { stderr }) {
  if (stderr === undefined) assert.equal(program.stderr, '')
  else assert.match(program.stderr, stderr)
}

function printedTarget({ stdout }) {
  const url = /http:\/\/[\d.:[\]a-z]+/.exec(stdout)
  return url === null ? undefined : { host: '127.0.0.1', port: Number(new URL(url[0]).port) }
}

async function whereItListens(session, block, program) {
  const targets = session.targetsOf(programText(block))
  for (let round = 0; targets.length === 0 && round < ROUNDS && !program.isOver; round += 1) {
    const printed = printedTarget(program)
    if (printed !== undefined) targets.push(printed)
    else await wait(PAUSE)
  }
  const target = await listening(targets, () => program.isOver)
  const mend = 'it has to name port 3000 or a path in /run/app/, or to print its URL'
  assert.ok(target, `nothing listens (${mend}): ${program.stdout}${program.stderr}`)
  return target
}

/** Runs the block; a server stays for the blocks behind it, another program has to end well. */
export async function runProgram(session, block, command) {
  await session.stopServer()
  const isModule = !/\brequire\(/.test(block.text)
  const name = block.settings.file ?? `line-${block.line}.${isModule ? 'mjs' : 'cjs'}`
  const file = session.write(name, session.localized(programText(block)))
  const program = new Program(file, session.folder, command)
  const text = programText(block)
  if (block.settings.ends || !LISTENS.test(text) || CLOSES.test(text)) {
    assert.equal(await program.ended(), 0, program.stderr)
    return assertQuiet(program, block.settings)
  }
  try {
    const target = await whereItListens(session, block, program)
    await askAll({ ...target, isProxied: block.settings.proxied }, block.settings.asks)
    assert.ok(!program.isOver, `it ended: ${program.stderr}`)
    assertQuiet(program, block.settings)
  } catch (error) {
    program.kill()
    throw error
  }
  session.server = program
}

/** Types are checked as a user would check them. */
export function checkTypes(session, block) {
  const file = session.write(`line-${block.line}.mts`, programText(block))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
  const args = [tsc, ...options, '--types', 'node', file]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  assert.equal(status, 0, stdout)
}

/** Only that it can be read: for what needs a program or package that is not there. */
export function checkSyntax(session, block) {
  const file = session.write(`line-${block.line}-syntax.mjs`, programText(block))
  const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}
