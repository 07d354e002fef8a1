// A test file as a browser would load it: the scripts that it names, and its own.

import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

// What the server of the tests has under another name.
const ALIASES = { '/resources/WebIDLParser.js': '/resources/webidl2/lib/webidl2.js' }
const HARNESS = /\/resources\/testharness(report)?\.js$/

/** The file that a path on the tests' server stands for. */
export function fileOf(root, path) {
  const file = join(root, path)
  return existsSync(file) || ALIASES[path] === undefined ? file : join(root, ALIASES[path])
}

/**
 * What the tests' server puts into files with `.sub.` in their name. There is one origin here, so
 * every host is it.
 */
export function substitute(text, { hostname, port }) {
  return text
    .replace(/\{\{(host|(hosts|domains)(\[[^\]]*\])+)\}\}/g, hostname)
    .replace(/\{\{ports(\[[^\]]*\])+\}\}/g, port)
    .replace(/\{\{location\[server\]\}\}/g, `http://${hostname}:${port}`)
}

/** The text of a file as that server would send it. */
export function readSource(root, path, origin) {
  const text = readFileSync(fileOf(root, path), 'utf8')
  return path.includes('.sub.') ? substitute(text, new URL(origin)) : text
}

const metaScripts = (text) =>
  [...text.matchAll(/^\/\/ META: script=(.*)$/gm)].map(([, path]) => path)

const SCRIPT = /<script(?:\s+src=["']?([^"'\s>]+)["']?)?[^>]*>([\s\S]*?)<\/script>/g

function pieces(path, text) {
  if (!path.endsWith('.html')) return [...metaScripts(text).map((src) => ({ src })), { text }]
  return [...text.matchAll(SCRIPT)].map(([, src, text]) => (src === undefined ? { text } : { src }))
}

/**
 * @param {string} root the copy of the tests
 * @param {string} path of the test in it
 * @param {string} origin where that copy is served
 * @returns {{ name: string, text: string }[]} in the order in which they run
 */
export function readPage(root, path, origin) {
  const page = `/${path}`
  const scripts = []
  for (const { src, text } of pieces(path, readSource(root, page, origin))) {
    if (text !== undefined) {
      scripts.push({ name: page, text })
      continue
    }
    const name = posix.resolve(posix.dirname(page), src)
    if (!HARNESS.test(name)) scripts.push({ name, text: readSource(root, name, origin) })
  }
  return scripts
}
