// What users get: the tarball of npm pack, installed into an empty project without a network, a
// compiler or scripts, then imported, required, run and type-checked.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { artifactPath } from '../scripts/artifact.mjs'
import { npmCommand } from '../scripts/toolchain.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const work = mkdtempSync(join(tmpdir(), 'milouv-package-'))
const project = join(work, 'project')
let listing

function succeed(program, args, options) {
  const result = spawnSync(program, args, { encoding: 'utf8', ...options })
  assert.equal(result.status, 0, `${program} ${args.join(' ')}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

/** Without what an npm that runs us has set: it would take our folder for the new project's. */
function cleanEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

function npm(args, cwd) {
  const [program, all] = npmCommand([...args, '--loglevel=error', '--cache', join(work, 'cache')])
  return succeed(program, all, { cwd, env: cleanEnv() })
}

/** Runs a program in the project, with nothing on PATH but node. */
function runInProject(name, text) {
  writeFileSync(join(project, name), text)
  const env = { PATH: dirname(process.execPath) }
  return succeed(process.execPath, [name], { cwd: project, env, timeout: 30_000 })
}

before(() => {
  ;[listing] = JSON.parse(npm(['pack', '--json', '--pack-destination', work], root))
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true}')
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  npm(['install', ...flags, join(work, listing.filename)], project)
})
after(() => rmSync(work, { recursive: true, force: true }))

const serve = `
  const server = new HttpServer({ port: 0 })
  server.listen((request) => new Response('from ' + new URL(request.url).pathname))
  fetch(server.url + 'here').then(async (response) => {
    console.log(response.status, await response.text())
    await server.close()
  })`

describe('the package', () => {
  test('holds the code, the types, the documents and the build of this platform alone', () => {
    const paths = listing.files.map(({ path }) => path)
    const wanted = ['LICENSE', 'README.md', 'dist/milouv.js', 'index.d.ts', 'package.json']
    for (const path of wanted) assert.ok(paths.includes(path), `${path} is missing`)
    const documents = ['ARCHITECTURE.md', 'CHANGELOG.md']
    const expected = new Set([...wanted, ...documents, basename(artifactPath())])
    const unwanted = paths.filter((path) => !expected.has(path))
    assert.deepEqual(unwanted, [])
    assert.ok(paths.includes(basename(artifactPath())))
  })

  test('runs no script when it is installed and depends on nothing', () => {
    const manifest = JSON.parse(
      succeed(process.execPath, ['-p', "JSON.stringify(require('milouv/package.json'))"], {
        cwd: project,
      }),
    )
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack']
    for (const hook of hooks) assert.equal(manifest.scripts?.[hook], undefined, hook)
    assert.deepEqual(manifest.dependencies ?? {}, {})
    assert.equal(readdirSync(join(project, 'node_modules')).filter((n) => n[0] !== '.').length, 1)
  })

  test('serves when imported', () => {
    const out = runInProject('a.mjs', `import { HttpServer, Response } from 'milouv'\n${serve}`)
    assert.equal(out.trim(), '200 from /here')
  })

  test('serves when required', () => {
    const start = "const { HttpServer, Response } = require('milouv')\n"
    assert.equal(runInProject('a.cjs', start + serve).trim(), '200 from /here')
  })

  test('is one module, with the exports of index.js, which have their names', async () => {
    const file = join(project, 'node_modules/milouv/dist/milouv.js')
    const imported = [...readFileSync(file, 'utf8').matchAll(/^import .* from '(.*)';?$/gm)]
    assert.ok(imported.length > 3)
    for (const [line, name] of imported) assert.match(name, /^node:/, line)
    const listed = runInProject(
      'names.mjs',
      `import * as all from 'milouv'
      for (const [key, { name }] of Object.entries(all)) console.log(key, name)`,
    )
    const index = readFileSync(join(root, 'index.js'), 'utf8')
    const names = [...index.matchAll(/^export \{ (.*) \}/gm)].flatMap(([, list]) =>
      list.split(', '),
    )
    assert.deepEqual(
      listed.trim().split('\n').sort(),
      names.map((name) => `${name} ${name}`).sort(),
    )
  })

  test('gives types', () => {
    mkdirSync(join(project, 'node_modules/@types'))
    symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'))
    writeFileSync(
      join(project, 'app.mts'),
      `import { type ConnectionInfo, HttpServer, type Request } from 'milouv'
      const handler = async (request: Request, info: ConnectionInfo) =>
        new Response(request.method + info.remoteAddress.port.toFixed())
      const server: HttpServer = new HttpServer({ port: 0 }).listen(handler)
      // @ts-expect-error: port is a number
      new HttpServer({ port: '3000' })
      await server.close({ timeout: 10 })`,
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
    succeed(process.execPath, [tsc, ...options, '--types', 'node', 'app.mts'], { cwd: project })
  })
})
