// The server that the tests fetch from: the files of the copy, and what the few programs among
// them answer that these tests ask for. On node:http, so that nothing tests itself.

import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileOf, readSource } from './page.mjs'

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.txt': 'text/plain',
}

const stash = new Map()

const text = (answer, body) => answer.setHeader('content-type', 'text/plain').end(body)

async function trickle(_request, answer, query) {
  const pause = Number(query.get('ms') ?? 500)
  answer.setHeader('content-type', 'text/plain')
  await sleep(pause)
  answer.flushHeaders()
  for (let i = Number(query.get('count') ?? 50); i > 0; i--) {
    await sleep(pause)
    answer.write('TEST_TRICKLE\n')
  }
  answer.end()
}

async function infinite(_request, answer, query) {
  const state = query.get('stateKey')
  const abort = query.get('abortKey')
  if (state) stash.set(state, 'open')
  answer.setHeader('content-type', 'text/plain')
  answer.write('.'.repeat(2048))
  // Bounded, should a test neither abort nor say so.
  for (let i = 0; i < 3000 && !answer.destroyed && !(abort && stash.delete(abort)); i++) {
    answer.write('.')
    await sleep(10)
  }
  answer.end()
  if (state) stash.set(state, 'closed')
}

const PROGRAMS = {
  'infinite-slow-response.py': infinite,
  'stash-put.py': (_request, answer, query) => {
    stash.set(query.get('key'), query.get('value'))
    text(answer, 'done')
  },
  'stash-take.py': (_request, answer, query) => {
    const value = stash.get(query.get('key')) ?? null
    stash.delete(query.get('key'))
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  },
  'status.py': (_request, answer, query) => {
    answer.writeHead(Number(query.get('code') ?? 200), query.get('text') ?? 'OMG')
    answer.end(query.get('content') ?? '')
  },
  'trickle.py': trickle,
}

function sendFile(root, origin, path, answer) {
  const file = fileOf(root, path)
  if (!existsSync(file) || !statSync(file).isFile()) return answer.writeHead(404).end()
  answer.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
  const isSub = path.includes('.sub.')
  answer.end(isSub ? readSource(root, path, origin) : readFileSync(file))
}

/** Serves the copy at `root`. @returns {Promise<{ origin: string, close: () => void }>} */
export async function serveResources(root) {
  const server = createServer((request, answer) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const path = decodeURIComponent(url.pathname)
    const program = PROGRAMS[path.slice(path.lastIndexOf('/') + 1)]
    if (path.includes('..')) return answer.writeHead(400).end()
    if (program === undefined) return sendFile(root, origin, path, answer)
    Promise.resolve(program(request, answer, url.searchParams)).catch(() => answer.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${server.address().port}`
  return { origin, close: () => server.close() && server.closeAllConnections() }
}
