// Rules on the whole tree: which room knows which, and that no file is dead. Each takes a Map of
// path to text and gives the faults it finds.

import { posix } from 'node:path'

/** Which rooms a room of the addon may name. Anything not listed is a wall. */
const ROOMS = {
  // Converting arguments is Node-API work, so that the surface shares the types of js/.
  surface: ['surface', 'server', 'js'],
  server: ['server', 'http1', 'proxy_protocol', 'uv', 'js'],
  uv: ['uv'],
  js: ['js'],
}

/** Which of the outside crates a room may name. */
const CRATES = {
  surface: ['napi', 'napi_derive'],
  server: [],
  uv: ['libuv_sys2'],
  js: ['napi'],
}
const WATCHED = ['napi', 'napi_derive', 'napi_sys', 'libuv_sys2', 'milo', 'milo_parser']

function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '')
}

function matches(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => match[1])
}

/** The names directly under `crate::`, whether `crate::a::b` or `crate::{a::b, c::{d, e}}`. */
function cratePaths(text) {
  const names = matches(text, /\bcrate::(\w+)/g)
  for (const { index } of text.matchAll(/\bcrate::\{/g)) {
    let depth = 0
    let name = ''
    for (let at = index + 7; at < text.length; at += 1) {
      const char = text[at]
      if (char === '{') depth += 1
      else if (char === '}') depth -= 1
      else if (depth === 1) name += char
      if (depth === 0) break
    }
    names.push(
      ...name
        .split(',')
        .map((part) => /\w+/.exec(part)?.[0])
        .filter(Boolean),
    )
  }
  return names
}

/** The rooms of the addon; those that server knows never know each other. */
export function rustRooms(files) {
  const faults = []
  for (const [path, text] of files) {
    const room = /^src\/(\w+)\/.*\.rs$/.exec(path)?.[1]
    if (!(room in ROOMS)) continue
    const code = withoutComments(text)
    const rooms = cratePaths(code).filter((name) => name in ROOMS)
    for (const crate of ['http1', 'proxy_protocol']) {
      if (code.includes(`${crate}::`)) rooms.push(crate)
    }
    for (const name of new Set(rooms)) {
      if (!ROOMS[room].includes(name)) faults.push(`${path} ${room}/ must not know ${name}/`)
    }
    for (const name of WATCHED) {
      const named = new RegExp(`\\b${name}::|\\b(use|extern crate) ${name}\\b|#\\[${name}\\b`)
      if (named.test(code) && !CRATES[room].includes(name)) {
        faults.push(`${path} ${room}/ must not use the crate ${name}`)
      }
    }
  }
  return faults
}

/** The HTTP machine: no socket, no clock, nothing of Node; and only milo.rs knows Milo. */
export function http1Alone(files) {
  const faults = []
  for (const [path, text] of files) {
    if (!path.startsWith('src/http1/')) continue
    if (path === 'src/http1/Cargo.toml') {
      const found = /\b(napi|libuv|tokio|mio|socket2)[\w-]*\s*=/.exec(text)
      if (found) faults.push(`${path} must not depend on ${found[0]}`)
    }
    if (!path.startsWith('src/http1/src/')) continue
    const code = withoutComments(text)
    const outside = /\b(std::(net|time|thread|fs|io::(stdin|stdout))|napi|libuv_sys2)\b/.exec(code)
    if (outside && outside[1] !== 'std::time') faults.push(`${path} must not use ${outside[1]}`)
    if (/\b(Instant|SystemTime)\b/.test(code)) faults.push(`${path} must not read a clock`)
    // `crate::milo` is our own module; the crate of that name stands at the start of a path.
    if (/(?<![\w:])milo(_parser)?::/.test(code) && !path.endsWith('/milo.rs')) {
      faults.push(`${path} only milo.rs may know Milo`)
    }
  }
  return faults
}

function importsOf(text) {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  return [
    ...matches(code, /\bfrom '([^']+)'/g),
    ...matches(code, /^import '([^']+)'/gm),
    ...matches(code, /\bimport\('([^']+)'\)/g),
  ]
}

/** lib/ imports lib/ and Node's own modules; only lib/binding.js may require. */
export function libImports(files) {
  const faults = []
  for (const [path, text] of files) {
    if (!path.startsWith('lib/')) continue
    for (const name of importsOf(text)) {
      const inside = name.startsWith('./') || name.startsWith('../')
      const target = posix.join(posix.dirname(path), name)
      if (inside && !target.startsWith('lib/')) faults.push(`${path} must not import ${target}`)
      if (!inside && !name.startsWith('node:')) faults.push(`${path} must not depend on ${name}`)
    }
    const requires = /\bcreateRequire\b|\brequire\(|process\.dlopen|\.node['"`]/
    if (path !== 'lib/binding.js' && requires.test(text)) {
      faults.push(`${path} only lib/binding.js may require`)
    }
  }
  return faults
}

/** index.js only exports. */
export function indexOnlyExports(files) {
  const code = (files.get('index.js') ?? '').replace(/^\s*\/\/.*$/gm, '')
  const rest = code.replace(/^export \{[\s\S]*?\} from '[^']+'$/gm, '').trim()
  return rest === '' ? [] : [`index.js must only export: ${rest.split('\n')[0]}`]
}

/** Every file of lib/ is reached from index.js. */
export function noDeadLib(files) {
  const reached = new Set()
  const visit = (path) => {
    if (reached.has(path) || !files.has(path)) return
    reached.add(path)
    for (const name of importsOf(files.get(path))) {
      if (name.startsWith('.')) visit(posix.join(posix.dirname(path), name))
    }
  }
  visit('index.js')
  const dead = [...files.keys()].filter((path) => path.startsWith('lib/') && !reached.has(path))
  return dead.map((path) => `${path} is not reached from index.js`)
}

/** Where `mod name;` for a file of Rust would stand. */
function parentsOf(path) {
  const folder = posix.dirname(path)
  if (posix.basename(path) === 'mod.rs') return parentsOf(`${folder}.rs`)
  return [`${folder}/mod.rs`, `${folder}/lib.rs`, `${folder}.rs`]
}

/** Every file of Rust is declared by a `mod`. */
export function noDeadRust(files) {
  const faults = []
  for (const path of files.keys()) {
    if (!/^src\/.*\.rs$/.test(path) || /\/(lib|main)\.rs$/.test(path)) continue
    // Files directly in a tests/ folder are programs of their own to cargo.
    if (/\/(tests|benches)\/[^/]+\.rs$/.test(path)) continue
    const isRoom = posix.basename(path) === 'mod.rs'
    const name = isRoom ? posix.basename(posix.dirname(path)) : posix.basename(path, '.rs')
    const declared = new RegExp(`^\\s*(pub(\\([\\w: ]+\\))? )?mod ${name};`, 'm')
    const pointed = new RegExp(`#\\[path = "[^"]*${name}\\.rs"\\]`)
    const parents = parentsOf(path).filter((parent) => files.has(parent))
    const tests = [...files.keys()].filter((other) => /\/tests\/[^/]+\.rs$/.test(other))
    const near = tests.filter((other) => path.startsWith(posix.dirname(other)))
    const found = [...parents, ...near].some((parent) => {
      const text = files.get(parent)
      return declared.test(text) || pointed.test(text)
    })
    if (!found) faults.push(`${path} has no mod`)
  }
  return faults
}

export const treeRules = [
  rustRooms,
  http1Alone,
  libImports,
  indexOnlyExports,
  noDeadLib,
  noDeadRust,
]
