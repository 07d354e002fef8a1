// A program: one of the contract's servers with the handlers of all cases. `/AREA/3/more` is the
// fourth case of an area, and what that has noted is at `/notes/AREA/3`.

import { areas } from '../contract/index.js'
import { servers } from './contract-servers.js'

const [name] = process.argv.slice(2)
const notes = new Map()
const faults = []

process.on('unhandledRejection', (error) => faults.push(`unhandled rejection: ${error}`))
process.on('uncaughtException', (error) => faults.push(`uncaught: ${error}`))

function notesOf(key) {
  if (!notes.has(key)) notes.set(key, [])
  return notes.get(key)
}

const cases = new Map()
for (const [area, list] of Object.entries(areas)) {
  for (const [at, { handle }] of Object.values(list).entries()) cases.set(`${area}/${at}`, handle)
}

function handler(request, info) {
  // As a pattern, so that nothing of the request but its URL is touched here.
  const [, how, key, rest = ''] = /^\w+:\/\/[^/]*\/(notes\/)?(\w+\/\d+|faults)(.*)$/.exec(
    request.url,
  )
  if (key === 'faults') return Response.json(faults)
  if (how !== undefined) return Response.json(notesOf(key))
  return cases.get(key)(request, {
    rest,
    note: (note) => notesOf(key).push(note),
    base: `${new URL(request.url).origin}/${key}`,
    waitUntil: (promise) => info.waitUntil(promise),
  })
}

/** A case may throw what its answer is made of. */
function onError(error) {
  if (error?.answer === 'throw') throw new Error('on purpose, too')
  if (error?.answer !== undefined) return new Response(error.answer, { status: 418 })
}

process.send({ port: await servers[name].start(handler, onError) })
