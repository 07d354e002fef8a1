// Blocks that are files of other programs: each is given to the program that reads it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { parseAllDocuments } from 'yaml'
import { root, which } from '../../scripts/toolchain.mjs'
import { startNginx } from '../support/nginx.js'
import { tool } from '../support/tools.js'
import { askAll } from './program.js'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

function succeed(program, args, options) {
  const result = spawnSync(program, args, { encoding: 'utf8', ...options })
  const output = `${result.stdout}${result.stderr}`
  assert.equal(result.status, 0, `${program} ${args.join(' ')}\n${output}`)
  return output
}

/** A certificate for a test, of a key that nobody trusts. */
function makeCertificate(session) {
  const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => join(session.run, name))
  const subject = ['-subj', '/CN=example.com', '-days', '2', '-nodes']
  const made = ['-newkey', 'rsa:2048', '-keyout', key, '-out', certificate]
  succeed('openssl', ['req', '-x509', ...subject, ...made])
  return { key, certificate }
}

/** The blocks of nginx.conf with our socket for its port, and our certificate for its own. */
function ownNginx(session, text, socket) {
  const isTls = /listen .*\bssl\b/.test(text)
  let own = session.localized(text).replace(/listen [^; ]+/g, `listen ${socket}`)
  if (isTls) {
    const { key, certificate } = makeCertificate(session)
    own = own
      .replace(/ssl_certificate_key [^;]+/g, `ssl_certificate_key ${key}`)
      .replace(/ssl_certificate [^;]+/g, `ssl_certificate ${certificate}`)
  }
  return { own, isTls }
}

/** Why nginx cannot be run, or false. */
export function nginxMissing(text) {
  const { skip } = tool('nginx')
  if (skip) return skip
  return /\bssl\b/.test(text) && which('openssl') === null ? 'openssl is missing' : false
}

/** Starts nginx with the blocks; gives where it listens, and what it has complained of. */
export async function withNginx(t, session, text) {
  let target
  const { errors } = await startNginx(t, tool('nginx').path, (socket) => {
    const { own, isTls } = ownNginx(session, text, socket)
    target = { socketPath: socket.replace('unix:', ''), isTls }
    return own
  })
  return { target, errors }
}

/** A `location` alone stands in a server; `stream` beside http is only read, not run. */
function checkStream(t, session, text) {
  const own = text.replace(/listen [^; ]+/g, `listen unix:${session.run}/stream`)
  const file = session.write('stream.conf', `events {}\npid ${session.run}/pid;\n${own}`)
  const args = ['-t', '-p', session.run, '-e', 'stderr', '-c', file]
  const { status, stderr } = spawnSync(tool('nginx').path, args, { encoding: 'utf8' })
  if (/unknown directive "stream"/.test(stderr)) return t.skip('this nginx has no stream module')
  assert.equal(status, 0, stderr)
}

/** Asks the server of the document through nginx. */
export async function runNginx(t, session, { text, settings }) {
  if (/^stream \{/m.test(text)) return checkStream(t, session, text)
  const whole = /^server \{/m.test(text) ? text : `server {\n  listen 80;\n${text}}\n`
  const { target, errors } = await withNginx(t, session, whole)
  await askAll(target, settings.asks)
  assert.deepEqual(errors(), [])
}

/** A part of haproxy.cfg, behind the defaults that any has. */
export function checkHaproxy(t, session, { text }) {
  const program = which('haproxy', `${process.env.PATH}:/usr/sbin`)
  if (program === null) return t.skip('haproxy is missing; mend: apt-get install haproxy')
  const defaults = ['connect', 'client', 'server'].map((name) => `  timeout ${name} 5s`)
  const front = `frontend own\n  bind unix@${session.run}/haproxy\n`
  const file = session.write('haproxy.cfg', ['defaults', ...defaults, front, text].join('\n'))
  succeed(program, ['-c', '-f', file])
}

/** The head of a request or an answer, and what may follow. */
export function checkHttp(_t, _session, { text }) {
  const [start, ...rest] = text.split('\n')
  assert.match(start, /^(HTTP\/1\.[01] \d{3} .*|[A-Z]+ \S+ HTTP\/1\.[01])$/)
  const end = rest.indexOf('')
  for (const line of rest.slice(0, end)) assert.match(line, /^[\w-]+: \S.*$/)
}

const UNIT_SECTIONS = { Unit: /^[A-Z]/, Service: /^[A-Z]/, Install: /^[A-Z]/ }

/** A unit as `{ section: { key: value } }`. */
export function parseUnit(text) {
  const unit = {}
  let section
  for (const line of text.split('\n').filter((each) => each !== '' && !/^[#;]/.test(each))) {
    const head = /^\[(\w+)\]$/.exec(line)
    if (head) {
      section = unit[head[1]] = {}
      assert.ok(UNIT_SECTIONS[head[1]], `a section [${head[1]}]`)
    } else {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
      assert.ok(key && section, `no setting: ${line}`)
      section[key] = value
    }
  }
  return unit
}

/** systemd itself says whether a unit is right, where it is at hand; its programs have to exist. */
export function checkUnit(session, { text, settings }) {
  const unit = parseUnit(text)
  assert.match(unit.Service.ExecStart, /^\/usr\/bin\/node /)
  const own = session.localized(text).replaceAll('/usr/bin/node', process.execPath)
  const file = session.write(settings.file ?? 'app.service', own)
  const analyze = which('systemd-analyze')
  if (analyze === null) return
  const output = succeed(analyze, ['verify', '--man=no', file])
  // It also tells of the machine's other units.
  const said = output.split('\n').filter((line) => line.includes('app.service'))
  assert.deepEqual(said, [])
}

/** Whether milouv runs on a version of Node. */
function isSupported(major) {
  const [first, second] = manifest.engines.node
    .match(/\d+/g)
    .map(Number)
    .filter((n) => n > 19)
  return major === first || major >= second
}

/** The instructions of a Dockerfile: `[name, arguments]`. */
export function instructionsOf(text) {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
}

/** No daemon builds it here; but what is in it is read as Docker reads it, and run where it can. */
export function checkDockerfile(session, { text }) {
  assert.deepEqual(validate(text), [])
  const instructions = instructionsOf(text)
  const valuesOf = (name) => instructions.filter(([each]) => each === name).map(([, rest]) => rest)
  for (const image of valuesOf('FROM')) {
    const [, major, variant] = /^node:(\d+)-([\w-]+)/.exec(image) ?? []
    assert.ok(isSupported(Number(major)), `Node.js of ${image}`)
    assert.match(variant, /^(slim|bookworm|trixie)/, 'an image with glibc')
  }
  const [command] = valuesOf('CMD').map((value) => JSON.parse(value))
  assert.equal(command[0], 'node')
  succeed(process.execPath, ['--check', join(session.folder, command[1])])
  for (const check of valuesOf('HEALTHCHECK')) runHealthcheck(session, check)
}

/** It says yes while the server of the document is there, and no to a port where nobody is. */
function runHealthcheck(session, check) {
  const [program, ...args] = JSON.parse(check.slice(check.indexOf('CMD ') + 4))
  assert.equal(program, 'node')
  const own = args.map((argument) => session.localized(argument))
  succeed(process.execPath, own)
  const nobody = args.map((argument) => argument.replace(/:\d{4}/, ':1'))
  assert.notDeepEqual(nobody, args)
  assert.notEqual(spawnSync(process.execPath, nobody).status, 0)
}

/** The documents of a YAML block, as objects. */
export function parseYaml(text) {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, [])
    assert.deepEqual(document.warnings, [])
    return document.toJS()
  })
}
