// Clients that come and go: with a reset, half closed, killed, or after one request.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RawClient, request } from '../../__test__/support/raw-client.js'
import { endsWithParent } from '../../scripts/end-with-parent.mjs'
import { forEach, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'

const AT_ONCE = 100
const post = request('POST /echo', ['content-length: 100000'], 'a part of it')

/** What a client has done and seen when it resets. */
const stages = {
  'at once': async () => {},
  'in a head': async (client) => client.send('GET / HTTP/1.1\r\nhost: '),
  'in a body': async (client) => client.send(post),
  'waiting for an answer': async (client) => client.send(request('GET /hang')),
  'in an answer': async (client) => {
    client.pause().send(request('GET /large'))
  },
  'in a stream': async (client) => {
    client.send(request('GET /stream'))
    await client.arrived(/^HTTP\/1\.1 200 /)
  },
  'behind an answer': (client) => client.ask(request('GET /')),
}

export const resets = {
  name: 'resets',
  about: `reset, so many at each stage: ${Object.keys(stages).join(', ')}`,
  sizes: { full: 5_000, small: 50 },
  async run({ target, size }) {
    const failures = {}
    for (const [name, stage] of Object.entries(stages)) {
      const { gone, ...others } = await forEach(size, AT_ONCE, async () => {
        const client = await within(RawClient.connect(target.port), 'to connect')
        await within(stage(client), 'before the reset')
        await client.reset()
        return 'gone'
      })
      if (gone !== size) failures[name] = said(others)
      await target.serves()
    }
    const failed = Object.entries(failures).map(([name, what]) => `${name}: ${what}`)
    const stagesSaid = `${Object.keys(stages).length} stages, ${size} resets at each`
    return { text: [stagesSaid, ...failed].join('; '), good: failed.length === 0 }
  },
}

export const halfCloses = {
  name: 'half-closes',
  about: 'end their side behind the request, and wait for the answer',
  sizes: { full: 5_000, small: 100 },
  async run({ target, size }) {
    const outcomes = await forEach(size, AT_ONCE, async (at) => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      client.send(request(`GET ${at % 2 === 0 ? '/later' : '/'}`)).end()
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
    for (let round = 0; round < size; round++) {
      const args = [...endsWithParent, program, String(target.port), '100']
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const exit = once(child, 'exit')
      await sleep(700)
      child.kill('SIGKILL')
      await exit
      await target.serves()
    }
    return { text: `${size} processes were killed`, good: true }
  },
}

const FILES = 256

export const fewFiles = {
  name: 'fewer files than clients',
  about: `connect while the server may have ${FILES} files open (ulimit -n)`,
  sizes: { full: 500, small: 400 },
  few: FILES,
  async run({ target, size }) {
    const clients = []
    const outcomes = await forEach(size, AT_ONCE, async () => {
      const client = await within(RawClient.connect(target.port), 'to connect')
      clients.push(client)
      // Whoever is not accepted waits, or is turned away.
      const answer = client.ask(request('GET /')).then(({ status }) => `${status}`)
      return Promise.race([answer.catch(() => 'turned away'), sleep(500).then(() => 'waiting')])
    })
    const share = await target.idleShare()
    await Promise.all(clients.map((client) => client.destroy()))
    const percent = `${(share * 100).toFixed(0)} % of a core meanwhile`
    return { text: `${said(outcomes)}; ${percent}`, good: outcomes[200] > 0 && share < 0.5 }
  },
}
