// Clients that come and go: with a reset, half closed, killed, or after one request.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { forEach, leave, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'

const AT_ONCE = 100
const BEGUN = /^HTTP\/1\.1 \d\d\d /
const post = request('POST /echo', ['content-length: 100000'], 'a part of it')
const chunks = request('POST /echo', ['transfer-encoding: chunked'], '10\r\na part')
const expecting = request('POST /echo', ['content-length: 9', 'expect: 100-continue'])
const many = request('GET /').repeat(20) + request('GET /hang') + request('GET /').repeat(20)

const sending = (bytes) => async (client) => client.send(bytes)
const begun = (bytes) => async (client) => {
  client.send(bytes)
  await client.arrived(BEGUN)
}

/** What a client has done and seen when it resets. */
const stages = {
  'at once': async () => {},
  'in a head': sending('GET / HTTP/1.1\r\nhost: '),
  'in a body': sending(post),
  'in a chunk': sending(chunks),
  'told to continue': begun(expecting),
  'waiting for an answer': sending(request('GET /hang')),
  'with others waiting': begun(many),
  'with its side ended': async (client) => client.send(request('GET /hang')).end(),
  'in an answer': begun(request('GET /large')),
  'in a stream': begun(request('GET /stream')),
  'behind an answer': (client) => client.ask(request('GET /')),
  'behind a refusal': begun('nonsense\r\n\r\n'),
}
const STAGES = Object.keys(stages)
/** So that half of them have been read, and the others come with their reset. */
const READ_MS = 5

export const resets = {
  name: 'resets',
  about: `reset, at once or a moment later, so many at each stage: ${STAGES.join(', ')}`,
  sizes: { full: 5_000, small: 50 },
  async run({ target, size }) {
    const failures = {}
    for (const [name, stage] of Object.entries(stages)) {
      const { gone, ...others } = await forEach(size, AT_ONCE, async (at) => {
        const client = await within(RawClient.connect(target.port), 'to connect')
        await within(stage(client), 'before the reset')
        if (at % 2 === 0) await sleep(READ_MS)
        await client.reset()
        return 'gone'
      })
      if (gone !== size) failures[name] = said(others)
      await target.serves()
    }
    const failed = Object.entries(failures).map(([name, what]) => `${name}: ${what}`)
    const stagesSaid = `${STAGES.length} stages, ${size} resets at each`
    return { text: [stagesSaid, ...failed].join('; '), good: failed.length === 0 }
  },
}

const halves = [
  ['GET /'],
  ['GET /later'],
  ['POST /echo', ['content-length: 4'], 'body'],
  ['GET /stream'],
].map((parts) => request(...parts))

export const halfCloses = {
  name: 'half-closes',
  about: 'end their side behind the request or its body, and wait for the answer',
  sizes: { full: 5_000, small: 100 },
  async run({ target, size }) {
    const outcomes = await forEach(size, AT_ONCE, async (at) => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      client.send(halves[at % halves.length]).end()
      const { status } = await within(client.answer(), 'the answer')
      await within(client.closed, 'the end')
      return `${status}`
    })
    return { text: said(outcomes), good: outcomes[200] === size }
  },
}

export const oneRequestEach = {
  name: 'a connection for each request',
  about: 'connect, ask once, and close',
  sizes: { full: 50_000, small: 500 },
  async run({ target, size }) {
    const text = request('GET /', ['connection: close'])
    const outcomes = await forEach(size, AT_ONCE, async () => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      const { status } = await within(client.ask(text), 'the answer')
      await within(client.closed, 'the end')
      return `${status}`
    })
    return { text: said(outcomes), good: outcomes[200] === size }
  },
}

const program = fileURLToPath(new URL('../clients/load.mjs', import.meta.url))

export const killedClients = {
  name: 'clients killed under load',
  about: 'are processes of 100, each killed (-9) in the middle of its work',
  sizes: { full: 20, small: 2 },
  async run({ target, size }) {
    let answers = 0
    for (let round = 0; round < size; round++) {
      const args = [...endsWithParent, program, String(target.port), '100']
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const exit = once(child, 'exit')
      const underLoad = new Promise((resolve) => {
        child.on('message', (told) => told > 0 && resolve(told))
      })
      answers += await within(underLoad, `an answer in process ${round + 1}`)
      child.kill('SIGKILL')
      await within(exit, 'its end')
      await target.serves()
    }
    return {
      text: `${size} processes were killed, ${answers} pieces of answers into it`,
      good: true,
    }
  },
}

const FILES = 256
const SPINNING = 0.25

export const fewFiles = {
  name: 'fewer files than clients',
  about: `connect while the server may have ${FILES} files open (ulimit -n), and wait for room`,
  sizes: { full: 500, small: 400 },
  few: FILES,
  async run({ target, size }) {
    const served = []
    const waiting = []
    const outcomes = await forEach(size, AT_ONCE, async () => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      // Whoever is not accepted waits, or is turned away.
      const answer = client.ask(request('GET /')).then(({ status }) => `${status}`)
      const settled = answer.catch(() => 'turned away')
      const outcome = await Promise.race([settled, sleep(500).then(() => 'waiting')])
      if (outcome === 'waiting') waiting.push({ client, settled })
      else served.push(client)
      return outcome
    })
    const share = await target.idleShare()
    await leave(served)
    // There is room now, in turns, for those who waited.
    const late = await forEach(waiting.length, FILES, async (at) => {
      const { client, settled } = waiting[at]
      const outcome = await within(settled, 'its turn')
      await client.destroy()
      return outcome
    })
    const percent = `${(share * 100).toFixed(0)} % of a core meanwhile`
    const { waiting: had = 0, ...others } = outcomes
    const all = (others[200] ?? 0) + (late[200] ?? 0)
    return {
      text: `${said(others)}, ${had} waited; ${percent}; of those who waited: ${said(late)}`,
      good: others[200] > 0 && all === size && share < SPINNING,
    }
  },
}
