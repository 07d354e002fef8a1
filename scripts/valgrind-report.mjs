// What valgrind wrote about one process: its errors, and which of them are ours; and what a test
// said that failed.

import { basename } from 'node:path'

const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" }
const plain = (text) => text.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity)

/** The text of the first element of that name. */
function element(xml, name) {
  const match = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)
  return match === null ? undefined : plain(match[1])
}

function framesOf(xml) {
  return [...xml.matchAll(/<frame>[\s\S]*?<\/frame>/g)].map(([frame]) => ({
    object: element(frame, 'obj') ?? '',
    name: element(frame, 'fn') ?? '?',
    at: `${element(frame, 'file') ?? '?'}:${element(frame, 'line') ?? '?'}`,
  }))
}

/**
 * The errors in valgrind's XML whose stack has a frame of the addon, whose file is called `name`:
 * also of the copies that tests make of it, and of the build with faults.
 */
export function errorsOf(xml, name) {
  const errors = [...xml.matchAll(/<error>[\s\S]*?<\/error>/g)].map(([error]) => ({
    kind: element(error, 'kind'),
    what: element(error, 'what') ?? element(error, 'text') ?? '',
    frames: framesOf(error).filter(({ object }) => basename(object) === name),
  }))
  return errors.filter(({ frames }) => frames.length > 0)
}

/** One error once, however many processes had it: what is said of it, and how often it was. */
export function grouped(errors) {
  const found = new Map()
  for (const { kind, what, frames } of errors) {
    const lines = frames.slice(0, 12).map(({ name, at }) => `    ${name} (${at})`)
    const key = [kind, ...lines].join('\n')
    const known = found.get(key) ?? { kind, what, lines, times: 0 }
    known.times += 1
    found.set(key, known)
  }
  return [...found.values()]
}

/**
 * Whether a process of its own is behind the report: a fork that became a program that is not
 * looked at leaves one, too, without a state.
 */
export const isProcess = (xml) => xml.includes('<status>')

/** Whether valgrind came to the end of the process, and so looked for leaks. */
export const isWhole = (xml) => xml.includes('</valgrindoutput>')

const NOT_OK = /^( *not ok .*)\n(?:(?! *(?:not )?ok ).*\n)*? *error: (?:\|-\n *)?(.*)$/gm

/** The tests that failed, by what the test runner printed: as it was said, and the error. */
export const failuresOf = (tap) =>
  [...tap.matchAll(NOT_OK)].map(([, title, error]) => ({ title, error }))
