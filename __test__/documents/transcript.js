// Transcripts: `$ NAME=value node server.js` and what it prints, where a number stands for any.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { listening, Program } from './program.js'
import { ask } from './session.js'

/** Where the document has no server.js of its own; idle for a moment only, so that all is said. */
const SERVER = `import { HttpServer, Response } from 'milouv'
const server = new HttpServer({ port: 3000, timeouts: { idle: 300 } })
server.listen(() => new Response('hello'))`
const ROUNDS = 200
const PAUSE = 25

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The lines, one behind the other, with others in between. */
function patternOf(lines) {
  const each = lines.map((line) => escaped(line).replaceAll(/\d+(\\\.\d+)?/g, '\\d+(\\.\\d+)?'))
  return new RegExp(`^${each.join('$[\\s\\S]*?^')}$`, 'm')
}

/** Runs the command, asks its server once, and waits until it has said all that is written. */
export async function replay(session, { text }) {
  const [command, ...lines] = text.trimEnd().split('\n')
  const [, settings, name] = /^\$ ((?:\w+=\S+ )*)node ([\w.-]+)$/.exec(command) ?? []
  assert.ok(name, `what command is '${command}'?`)
  await session.stopServer()
  const own = join(session.folder, name)
  const file = existsSync(own) ? own : session.write('server.mjs', session.localized(SERVER))
  const pairs = settings.split(' ').filter(Boolean)
  const env = Object.fromEntries(pairs.map((pair) => pair.split('=')))
  const program = new Program(file, session.folder, undefined, env)
  session.server = program
  const target = await listening(session.targetsOf(SERVER), () => program.isOver)
  assert.ok(target, `nothing listens: ${program.stderr}`)
  await ask(target, { method: 'GET', path: '/' })
  const pattern = patternOf(lines)
  const said = () => program.stdout + program.stderr
  for (let round = 0; round < ROUNDS && !pattern.test(said()); round += 1) await wait(PAUSE)
  assert.match(said(), pattern)
}
