// What clients do to a server whose calls fail: each scene ends well, or with a connection that
// was closed in the middle of right bytes. Anything else is thrown.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { startProgram } from './program.js'
import { RawClient, request } from './raw-client.js'
import { eventually } from './serve.js'

export const LARGE = 6 * 1024 * 1024
export const PIECE = 'piece of a stream '.repeat(500)

const UPLOAD = Buffer.alloc(2 * 1024 * 1024, 'upload')
const DIGEST = createHash('sha256').update(UPLOAD).digest('hex')
const BODY = 'some bytes of a body'
const LIMIT = 5_000
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const post = (path, length) => request(`POST ${path}`, [`content-length: ${length}`])

/** What was to come goes with the error, so that what came of it can be compared. */
const expecting = (promise, expected) =>
  promise.catch((error) => {
    throw Object.assign(error, { expected })
  })

async function right(client, expected) {
  const bytes = Buffer.from(expected)
  const answer = await expecting(client.answer(), bytes)
  assert.equal(answer.status, 200)
  assert.ok(answer.body.equals(bytes), `${answer.body.length} bytes are not the ${bytes.length}`)
}

/** A raw connection sends back what it got. */
async function echoed(client, expected) {
  const wanted = Buffer.from(expected)
  const bytes = await expecting(client.bytes(wanted.length), wanted)
  assert.ok(bytes.equals(wanted), `${bytes.length} bytes are not the ${wanted.length}`)
}

/** The client reads nothing for a while, so that the kernel's buffers fill up. */
async function slowly(client, path) {
  client.pause().send(request(`GET ${path}`))
  await pause(15)
  client.resume()
  await right(client, Buffer.alloc(LARGE, 'a'))
}

/** By name: the protocol that is spoken, and what happens on a connection. */
export const scenes = {
  hello: ['http', (client) => right(client.send(request('GET /hello')), 'hello')],
  later: ['http', (client) => right(client.send(request('GET /later')), 'later')],
  'the body of a POST': [
    'http',
    async (client) => {
      client.send(post('/echo', BODY.length))
      await pause(2)
      await right(client.send(BODY), BODY)
    },
  ],
  upload: [
    'http',
    (client) => right(client.send(post('/upload', UPLOAD.length)).send(UPLOAD), DIGEST),
  ],
  'a large array': ['http', (client) => slowly(client, '/large')],
  'a large text': ['http', (client) => slowly(client, '/text')],
  stream: ['http', (client) => right(client.send(request('GET /stream')), PIECE.repeat(20))],
  pipelined: [
    'http',
    async (client) => {
      client.send(request('GET /hello').repeat(3) + request('GET /later') + request('GET /hello'))
      for (const text of ['hello', 'hello', 'hello', 'later', 'hello']) await right(client, text)
    },
  ],
  'one after another': [
    'http',
    async (client) => {
      for (let left = 3; left > 0; left--) await right(client.send(request('GET /hello')), 'hello')
    },
  ],
  close: [
    'http',
    async (client) => {
      await right(client.send(request('GET /hello', ['connection: close'])), 'hello')
      assert.equal((await client.rest()).length, 0)
    },
  ],
  'half-close': [
    'http',
    async (client) => {
      await right(client.send(request('GET /later')).end(), 'later')
      assert.equal((await client.rest()).length, 0)
    },
  ],
  nonsense: [
    'http',
    async (client) => {
      client.send('nonsense\r\n\r\n')
      assert.equal((await client.answer()).status, 400)
    },
  ],
  raw: [
    'raw',
    async (client) => {
      for (const text of ['some bytes', 'more bytes']) {
        await echoed(client.send(text), text)
      }
      client.end()
      assert.equal((await client.rest()).length, 0)
    },
  ],
  'behind a proxy': [
    'proxied',
    async (client) => {
      await echoed(client.send('PROXY UNKNOWN\r\nsome bytes'), 'some bytes')
      client.end()
      assert.equal((await client.rest()).length, 0)
    },
  ],
  'much raw': [
    'raw',
    async (client) => {
      client.pause().send(UPLOAD)
      await pause(15)
      await echoed(client.resume(), UPLOAD)
    },
  ],
}

/** Plays a scene on a connection of its own. True: it ended well; false: it was cut. */
export async function play(name, ports) {
  const [protocol, act] = scenes[name]
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} hangs`)), LIMIT)
  })
  let client
  try {
    client = await RawClient.connect(ports[protocol], { allowHalfOpen: true })
    await Promise.race([act(client), late])
    return true
  } catch (error) {
    // What had come until then was right, as far as it came.
    if (error.received !== undefined && isPrefix(error)) return false
    if (['ECONNRESET', 'EPIPE'].includes(error.code)) return false
    throw error
  } finally {
    clearTimeout(timer)
    await client?.destroy()
  }
}

/** The beginning of an answer and of its body, or of what a raw connection sends back. */
function isPrefix({ received, expected }) {
  const isOf = (whole, bytes) => whole.subarray(0, bytes.length).equals(bytes)
  if (expected !== undefined && received.length > 0 && isOf(expected, received)) return true
  const text = received.toString('latin1')
  const lines = ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 400 Bad Request\r\n']
  if (!lines.some((line) => line.startsWith(text.slice(0, line.length)))) return false
  const end = received.indexOf('\r\n\r\n')
  if (end < 0 || expected === undefined) return true
  const body = received.subarray(end + 4)
  const isChunked = /^transfer-encoding: chunked$/im.test(text.slice(0, end))
  return isOf(expected, isChunked ? unchunked(body) : body)
}

/** What came of a chunked body: of a text without line ends. */
function unchunked(body) {
  const text = body.toString('latin1').replace(/(\r(\n[0-9a-f]*\r?)?|^[0-9a-f]+\r?)$/, '')
  return Buffer.from(text.replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, ''), 'latin1')
}

/** Talks to the process of faulty-server.js. */
export class FaultyServer {
  #program

  constructor(program) {
    this.#program = program
  }

  static async start(program) {
    assert.equal((await program.message()).result, 'ready')
    return new FaultyServer(program)
  }

  async ask(name, given = {}) {
    this.#program.send({ name, given })
    const { result, error } = await this.#program.message()
    if (error !== undefined) throw new Error(`${name}: ${error}`)
    return result
  }

  get exited() {
    return this.#program.exited
  }

  /** Waits for a panic that was asked for. */
  panicked(place) {
    return this.#program.takeError(new RegExp(`a test wanted this panic: ${place}\\n`))
  }

  get stderr() {
    return this.#program.stderr
  }
}

/** A server in a process of its own, and what it has while nothing is asked of it. */
export async function startFaulty(t, index) {
  const program = startProgram(t, 'faulty-server.js', [index], ['--expose-gc'])
  const server = await FaultyServer.start(program)
  const ports = await server.ask('ports')
  const bystander = await RawClient.connect(ports.http)
  const undisturbed = async () => {
    assert.equal((await bystander.ask(request('GET /hello'))).text, 'hello')
  }
  await undisturbed()
  const calm = await server.ask('state')
  /** Whatever went wrong is over: all others are served, and nothing is left. */
  const recovered = async () => {
    await undisturbed()
    assert.equal(await play('hello', ports), true, 'a new client is served')
    await eventually(async () => {
      const { descriptors, pid: _, ...state } = await server.ask('state')
      assert.deepEqual(state, { handles: calm.handles, open: calm.open })
      // Node itself may have had one open at the start that it has closed by now.
      assert.ok(descriptors <= calm.descriptors, `${descriptors}, not ${calm.descriptors} are open`)
    })
  }
  /** Everything can be closed, and then the process ends by itself. */
  const end = async () => {
    await bystander.destroy()
    await server.ask('close')
    assert.deepEqual(await server.exited, { code: 0, signal: null }, server.stderr)
    // Whatever else panicked has broken what is always true.
    const panics = new Set(server.stderr.match(/panicked at [^:]+/g))
    panics.delete('panicked at src/uv/faults.rs')
    assert.deepEqual([...panics], [], server.stderr)
  }
  return { server, ports, recovered, end }
}

/**
 * Plays a scene in which one call does as it is told, and `also` some others: its outcome, what the
 * server heard, and whether the call came. Whoever was served is told how that ended.
 */
export async function playArmed({ server, ports, recovered, scene, what, also, ...fault }) {
  await server.ask('told')
  await server.ask('arm', { times: 1, also, ...fault })
  const well = await play(scene, ports).catch((error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error })
  })
  const { [fault.call]: made = 0 } = await server.ask('disarm')
  await recovered().catch((error) => {
    throw new Error(`${what}, and then: ${error.message}`, { cause: error })
  })
  const told = await server.ask('told')
  assert.deepEqual(told.uncaught, [], what)
  assert.deepEqual(told.waiting, { http: 0, raw: 0 }, `${what}: who waits to be told of an end`)
  return { well, ...told, came: made > fault.skip }
}
