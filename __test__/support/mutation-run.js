// Sends harmed requests to a server in another process, in every manner a client can have, and
// a clean one after each.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { parseAnswer } from './answers.js'
import { inPieces, mutate, render, validRequest } from './request-generator.js'

/** Far above all bounds of the server: reaching it is a failure. */
const HANG = 20_000

const CLEAN = 'GET /clean HTTP/1.1\r\nHost: clean.test\r\nConnection: close\r\n\r\n'

/** The server's process, and what it says of itself. */
export class MutationServer {
  #child
  #stderr = ''

  /** Rejects when the process ends before it was told to. */
  died

  static async start(options) {
    const server = new MutationServer()
    server.#child = fork(
      fileURLToPath(new URL('mutation-server.js', import.meta.url)),
      [JSON.stringify(options)],
      { execArgv: ['--expose-gc', ...endsWithParent], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    )
    server.#child.stderr.on('data', (text) => {
      server.#stderr += text
    })
    server.died = once(server.#child, 'exit').then(([code, signal]) => {
      throw new Error(`the server ended with ${signal ?? code}: ${server.#stderr}`)
    })
    server.died.catch(() => {})
    const [{ port }] = await Promise.race([once(server.#child, 'message'), server.died])
    server.port = port
    return server
  }

  get stderr() {
    return this.#stderr
  }

  async report() {
    const answered = once(this.#child, 'message')
    this.#child.send('report')
    const [report] = await Promise.race([answered, this.died])
    return report
  }

  /** The report once no connection is open; with a bound, since that may be what fails. */
  async reportWhenIdle() {
    for (let left = HANG; left > 0; left -= 100) {
      const report = await this.report()
      if (report.stats.connections.open === 0) return report
      await sleep(100)
    }
    return this.report()
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill()
    await exited
  }
}

/** A harmed request and how it is sent. */
export function mutationCase(random) {
  let text = render(validRequest(random))
  if (random.chance(0.2)) text += render(validRequest(random))
  text = mutate(random, text, 1 + random.below(random.pick([1, 2, 4, 10])))
  const pieces = random.chance(0.7) ? [text] : inPieces(random, text, 1 + random.below(120))
  const chance = random.below(100)
  // Most end their side, some wait for the server's timeouts, some leave.
  const manner = chance < 84 ? 'end' : chance < 88 ? 'wait' : chance < 94 ? 'destroy' : 'reset'
  return { text, pieces, manner }
}

async function sendPieces(socket, pieces, manner) {
  for (const piece of pieces) {
    if (!socket.writable) break
    socket.write(piece, 'latin1')
    if (pieces.length > 1) await nextTurn()
  }
  if (manner === 'end') socket.end()
  if (manner === 'destroy') socket.destroy()
  if (manner === 'reset') socket.resetAndDestroy()
}

/** Everything that the server sends until it closes. */
function converse(port, { pieces, manner }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const received = []
    let failure = null
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`${manner}: the server neither answered nor closed`))
    }, HANG)
    socket.on('connect', () => sendPieces(socket, pieces, manner))
    socket.on('data', (bytes) => received.push(bytes))
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ bytes: Buffer.concat(received), failure })
    })
  })
}

/** The next answer; the server tells the method, but for refusals. Null: it is cut. */
function nextAnswer(bytes) {
  const head = parseAnswer(bytes, { method: 'HEAD', ended: true })
  if (head === null) return null
  const method = head.answer.get('x-method')
  const found = parseAnswer(bytes, { method: method ?? 'GET', ended: true })
  // A refused HEAD: nothing follows the head.
  return found ?? (method === null && head.length === bytes.length ? head : null)
}

/** Reads what came strictly; a chunked answer may be cut, since then its request was. */
function statusesOf(bytes) {
  const statuses = []
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at)
    const found = nextAnswer(rest)
    if (found === null) {
      const isCut = rest.includes('transfer-encoding: chunked\r\n')
      assert.ok(isCut, `half an answer: ${rest.toString('latin1', 0, 300)}`)
      return statuses
    }
    statuses.push(found.answer.status)
    at += found.length
  }
  return statuses
}

/** Sends a case, then a clean request on a new connection; gives the statuses of the first. */
export async function sendMutation(server, mutation) {
  const { bytes, failure } = await converse(server.port, mutation)
  const left = mutation.manner === 'destroy' || mutation.manner === 'reset'
  assert.ok(left || failure === null, `the connection failed: ${failure}`)
  const clean = await converse(server.port, { pieces: [CLEAN], manner: 'wait' })
  assert.deepEqual([clean.failure, statusesOf(clean.bytes)], [null, [200]], 'the clean request')
  return left ? [] : statusesOf(bytes)
}
