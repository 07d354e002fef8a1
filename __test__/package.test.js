// What users get: the packages as they are published, of this machine's ordinary build, out of a
// registry, installed into an empty project without a compiler or scripts; then imported, required,
// run and type-checked. That build is not the one that is published: see release.test.js.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  copyFileSync,
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
import { promisify } from 'node:util'
import { artifactPath, triple } from '../scripts/artifact.mjs'
import { serveRegistry } from '../scripts/local-registry.mjs'
import { cleanEnv, fileOf, packAll, stage, targets } from '../scripts/packages.mjs'
import { npmCommand } from '../scripts/toolchain.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const work = mkdtempSync(join(tmpdir(), 'milouv-package-'))
const project = join(work, 'project')
const tarballs = join(work, 'tarballs')
const bindingName = `@milouv/binding-${triple()}`
let main
let binding
let registry

async function succeed(program, args, options) {
  const { stdout } = await promisify(execFile)(program, args, { encoding: 'utf8', ...options })
  return stdout
}

function npm(args, cwd) {
  const where = ['--registry', registry.url, '--cache', join(work, 'cache')]
  const [program, all] = npmCommand([...args, '--loglevel=error', '--no-audit', '--no-fund'])
  return succeed(program, [...all, ...where], { cwd, env: cleanEnv() })
}

/** Runs a program in a project, with nothing on PATH but node. */
function runIn(cwd, name, text) {
  writeFileSync(join(cwd, name), text)
  const env = { PATH: dirname(process.execPath) }
  return succeed(process.execPath, [name], { cwd, env, timeout: 30_000 })
}

async function newProject(folder, ...flags) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","private":true}')
  await npm(['install', 'milouv', ...flags], folder)
}

before(async () => {
  const artifacts = join(work, 'artifacts')
  mkdirSync(artifacts)
  copyFileSync(artifactPath(), join(artifacts, basename(artifactPath())))
  const packed = packAll(stage(join(work, 'stage'), artifacts), tarballs)
  main = packed.find(({ name }) => name === 'milouv')
  binding = packed.find(({ name }) => name === bindingName)
  registry = await serveRegistry(tarballs, packed)
  await newProject(project)
})
after(() => {
  registry?.server.close()
  rmSync(work, { recursive: true, force: true })
})

const serve = `
  const server = new HttpServer({ port: 0 })
  server.listen((request) => new Response('from ' + new URL(request.url).pathname))
  fetch(server.url + 'here').then(async (response) => {
    console.log(response.status, await response.text())
    await server.close()
  })`

describe('the package', () => {
  test('holds the code, the types and the documents, and no build', () => {
    const paths = main.files.map(({ path }) => path).sort()
    const wanted = ['LICENSE', 'README.md', 'dist/milouv.js', 'index.d.ts', 'package.json']
    const types = readdirSync(join(root, 'types')).map((name) => `types/${name}`)
    assert.deepEqual(paths, [...wanted, ...types, 'ARCHITECTURE.md', 'CHANGELOG.md'].sort())
    const packed = readFileSync(join(project, 'node_modules/milouv/dist/milouv.js'))
    assert.ok(packed.equals(readFileSync(join(root, 'dist/milouv.js'))), 'the bundle is another')
  })

  test('the build is in a package of its own, for this os, cpu and libc', () => {
    const { os, cpu, libc, main: file, version } = binding.manifest
    assert.deepEqual([os, cpu], [[process.platform], [process.arch]])
    if (process.platform === 'linux') {
      assert.deepEqual(libc, [triple().endsWith('-musl') ? 'musl' : 'glibc'])
    }
    assert.equal(version, main.version)
    assert.equal(file, basename(artifactPath()))
    const paths = binding.files.map(({ path }) => path).sort()
    assert.deepEqual(paths, ['README.md', basename(artifactPath()), 'package.json'].sort())
    // Pinned, by napi.
    assert.deepEqual(main.manifest.optionalDependencies, { [bindingName]: main.version })
  })

  test('package.json has the targets that the scripts and the loader know', () => {
    const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    assert.deepEqual(napi.targets, targets)
    const loader = readFileSync(join(root, 'lib/binding.js'), 'utf8')
    const listed = /BUILDS = new Set\(\[([\s\S]*?)\]\)/.exec(loader)[1].match(/[\w-]+-[\w-]+/g)
    const platforms = targets.map((target) => fileOf(target).split('.')[1])
    assert.deepEqual(listed.sort(), platforms.sort())
  })

  test('runs no script when it is installed and depends on nothing else', async () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack']
    for (const { manifest } of [main, binding]) {
      for (const hook of hooks) assert.equal(manifest.scripts?.[hook], undefined, hook)
      assert.deepEqual(manifest.dependencies ?? {}, {})
    }
    const installed = readdirSync(join(project, 'node_modules')).filter((name) => name[0] !== '.')
    assert.deepEqual(installed, ['@milouv', 'milouv'])
    assert.deepEqual(readdirSync(join(project, 'node_modules/@milouv')), [basename(bindingName)])
  })

  test('without its optional dependency it says which package is missing', async () => {
    const folder = join(work, 'bare')
    await newProject(folder, '--omit=optional')
    const text = `import('milouv').catch(({ code, message }) => console.log(code, message))`
    const out = await runIn(folder, 'a.mjs', text)
    assert.match(out, /^ERR_MILOUV_NO_BINARY /)
    for (const part of [`the package ${bindingName} is not installed`, '--omit=optional']) {
      assert.ok(out.includes(part), out)
    }
  })

  test('publint has nothing to say', async () => {
    const script = join(root, 'node_modules/publint/src/cli.js')
    // Nobody but milouv requires the other, and its manifest is napi's.
    const levels = [
      [main, 'suggestion'],
      [binding, 'warning'],
    ]
    for (const [{ filename }, level] of levels) {
      const args = [script, 'run', '--strict', '--level', level, join(tarballs, filename)]
      assert.match(await succeed(process.execPath, args, { cwd: work }), /All good!/)
    }
  })

  test('its types are right for every way to resolve it', async () => {
    const script = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    // That require() gets an ES module is meant: every Node.js in `engines` can.
    const options = ['--ignore-rules', 'cjs-resolves-to-esm', '--no-emoji', '--format', 'json']
    const args = [script, join(tarballs, main.filename), ...options]
    const { analysis, problems } = JSON.parse(await succeed(process.execPath, args, { cwd: work }))
    const kinds = Object.keys(analysis.entrypoints['.'].resolutions)
    assert.deepEqual(kinds, ['node10', 'node16-cjs', 'node16-esm', 'bundler'])
    assert.deepEqual(Object.keys(problems), ['CJSResolvesToESM'])
  })

  test('serves when imported', async () => {
    const out = await runIn(
      project,
      'a.mjs',
      `import { HttpServer, Response } from 'milouv'\n${serve}`,
    )
    assert.equal(out.trim(), '200 from /here')
  })

  test('serves when required', async () => {
    const start = "const { HttpServer, Response } = require('milouv')\n"
    assert.equal((await runIn(project, 'a.cjs', start + serve)).trim(), '200 from /here')
  })

  test('is one module, with the exports of index.js, which have their names', async () => {
    const file = join(project, 'node_modules/milouv/dist/milouv.js')
    const imported = [...readFileSync(file, 'utf8').matchAll(/^import .* from '(.*)';?$/gm)]
    assert.ok(imported.length > 3)
    for (const [line, name] of imported) assert.match(name, /^node:/, line)
    const listed = await runIn(
      project,
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

  test('gives types', async () => {
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
    await succeed(process.execPath, [tsc, ...options, '--types', 'node', 'app.mts'], {
      cwd: project,
    })
  })
})
