// When time does not pass as it should.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from '../../__test__/support/raw-client.js'
import { aptInstall } from '../../scripts/tools.mjs'
import { crowd, leave, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'

const DAY_S = 24 * 3600
const SECONDS_OFF = 10

function count(list) {
  const outcomes = {}
  for (const one of list) outcomes[one] = (outcomes[one] ?? 0) + 1
  return outcomes
}

const statusOf = (client) =>
  within(client.answer(), 'the answer').then(
    ({ status }) => `${status}`,
    (error) => error.message.split('\r\n')[0],
  )

export const blockedLoop = {
  name: 'the loop blocked for 3 s',
  about: 'are idle, in a head or in a body meanwhile, with timeouts of 2 s, and go on behind it',
  sizes: { full: 300, small: 15 },
  config: { timeout: 2_000 },
  async run({ target, size }) {
    const clients = await crowd(target.port, size)
    const whole = request('POST /echo', ['content-length: 4'], 'body')
    // Nothing, part of the head, or part of the body.
    const cuts = [0, 20, whole.length - 2]
    const cutOf = (at) => cuts[at % cuts.length]
    clients.forEach((client, at) => {
      client.send(whole.slice(0, cutOf(at)))
    })
    await sleep(200)
    const [blocker] = await crowd(target.port, 1)
    const blocked = blocker.ask(request('GET /block'))
    await sleep(1_000)
    clients.forEach((client, at) => {
      client.send(whole.slice(cutOf(at)))
    })
    const { text } = await within(blocked, 'the answer of the blocked')
    const outcomes = count(await Promise.all(clients.map(statusOf)))
    await leave([...clients, blocker])
    return { text: said(outcomes), good: text === 'blocked' && outcomes[200] === size }
  },
}

const FOLDERS = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib/aarch64-linux-gnu/faketime']

/** The library that lets a process see another wall clock; undefined where it is not to be had. */
function fakeClock() {
  const look = () =>
    FOLDERS.map((folder) => join(folder, 'libfaketimeMT.so.1')).find((path) => existsSync(path))
  return look() ?? (aptInstall('faketime') ? look() : undefined)
}

function environment() {
  const library = fakeClock()
  if (library === undefined) throw new Error('not run: libfaketime (apt-get install faketime)')
  const folder = mkdtempSync(join(tmpdir(), 'milouv-clock-'))
  const file = join(folder, 'offset')
  writeFileSync(file, '+0\n')
  return {
    variables: [
      `LD_PRELOAD=${library}`,
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      'FAKETIME_NO_CACHE=1',
      // A clock that is set moves the wall clock alone.
      'DONT_FAKE_MONOTONIC=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
    ],
    setClock: (seconds) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Asks, and gives the date of the answer, which a strict reader would not believe. */
async function dateOf(client) {
  client.send(request('GET /'))
  await client.arrived(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nHello World$/)
  const text = (await client.bytes(1)).toString('latin1')
  return Date.parse(/^date: (.*)$/im.exec(text)[1])
}

export const clockJumps = {
  name: 'the wall clock jumps',
  about: 'have a connection open while the clock is set 400 days ahead, back, and 400 days behind',
  sizes: { full: 200, small: 10 },
  environment,
  async run({ target, size, setClock }) {
    const clients = await crowd(target.port, size)
    const outcomes = []
    for (const days of [400, 0, -400]) {
      setClock(days * DAY_S)
      await sleep(1_200)
      for (const client of clients) {
        const date = await within(dateOf(client), 'the answer')
        const off = date / 1000 - (Date.now() / 1000 + days * DAY_S)
        outcomes.push(Math.abs(off) < SECONDS_OFF ? '200' : 'a wrong date')
      }
    }
    await leave(clients)
    setClock(0)
    await sleep(1_200)
    const counts = count(outcomes)
    return { text: said(counts), good: counts[200] === 3 * size }
  },
}
