// Clients that take their time: to send, or to read.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from '../../__test__/support/raw-client.js'
import { crowd, forEach, leave, said } from '../lib/crowd.mjs'
import { within } from '../lib/target.mjs'
import { LARGE } from '../servers/behaviour.mjs'

const TIMEOUT_MS = 2_000
const LIMIT_MS = 8_000
const config = { timeout: TIMEOUT_MS }

/** How many the server has closed when it had time enough. */
async function closedInTime(clients) {
  let closed = 0
  const all = clients.map((client) => client.closed.then(() => closed++))
  await Promise.race([Promise.all(all), sleep(LIMIT_MS)])
  return closed
}

/** Sends a byte now and then for as long as the server lets it. */
async function trickle(clients, text, every) {
  let over = false
  const done = sleep(LIMIT_MS).then(() => {
    over = true
  })
  for (let at = 0; !over && at < text.length; at++) {
    for (const client of clients) client.send(text[at])
    await Promise.race([sleep(every), done])
  }
}

export const slowHeads = {
  name: 'slow heads',
  about: 'send a byte of their head every 100 ms',
  sizes: { full: 1000, small: 20 },
  config,
  async run({ target, size }) {
    const clients = await crowd(target.port, size)
    const trickling = trickle(clients, `GET / HTTP/1.1\r\nx: ${'a'.repeat(200)}`, 100)
    const closed = await closedInTime(clients)
    await target.serves()
    await leave(clients)
    await trickling
    return { text: `${closed} of ${size} were closed in time`, good: closed === size }
  },
}

const SLOW_BYTES = (2 * TIMEOUT_MS) / 100

/** node:http refuses with so little that the parser of the tests takes it for no answer. */
function refusedPlainly(error) {
  const [, status] = /^HTTP\/1\.1 (408) /.exec(error.message) ?? []
  if (status === undefined) throw error
  return { status }
}

/** Each byte is a sign of life: no timeout of milouv's is for all of a body. */
export const slowBodies = {
  name: 'slow bodies',
  about: 'send a byte of their body every 100 ms, for twice the timeout, and then the rest',
  sizes: { full: 1000, small: 20 },
  config,
  async run({ target, size }) {
    const clients = await crowd(target.port, size)
    const body = 'a'.repeat(10_000)
    const head = request('POST /echo', [`content-length: ${body.length}`])
    for (const client of clients) client.send(head)
    await trickle(clients, body.slice(0, SLOW_BYTES), 100)
    await target.serves()
    const outcomes = await forEach(size, size, async (at) => {
      const answer = clients[at].send(body.slice(SLOW_BYTES)).answer()
      const { status, text } = await within(answer, 'the answer').catch(refusedPlainly)
      return status === 200 && text !== `${body.length}` ? `200 of ${text} bytes` : `${status}`
    })
    await leave(clients)
    const { 200: whole = 0, 408: refused = 0 } = outcomes
    return { text: said(outcomes), good: whole + refused === size }
  },
}

export const haltedBodies = {
  name: 'halted bodies',
  about: 'send half of their body, and no more',
  sizes: { full: 1000, small: 20 },
  config,
  async run({ target, size }) {
    const clients = await crowd(target.port, size)
    const half = request('POST /echo', ['content-length: 10000'], 'a'.repeat(5000))
    for (const client of clients) client.send(half)
    const closed = await closedInTime(clients)
    await target.serves()
    await leave(clients)
    return { text: `${closed} of ${size} were closed in time`, good: closed === size }
  },
}

const SIP = 64 * 1024
/** The kernel tells of what a client takes once a third of its buffer is free: that has MiBs. */
const PATIENT_MS = 6_000

/** Takes a sip of a large answer every 100 ms, for twice the timeout, then all; how that went. */
function sip(port) {
  return new Promise((resolve, reject) => {
    const slowUntil = performance.now() + 2 * PATIENT_MS
    let at
    const callback = (count, buffer) => {
      const bytes = buffer.subarray(0, count)
      const start = at === undefined ? bytes.indexOf('\r\n\r\n') + 4 : 0
      at ??= 0
      const body = bytes.subarray(start)
      const isRight = LARGE.subarray(at, at + body.length).equals(body)
      at += body.length
      if (!isRight || at >= LARGE.length) {
        resolve(isRight ? 'whole' : 'other bytes')
        socket.destroy()
      }
      if (performance.now() > slowUntil) return true
      setTimeout(() => socket.resume(), 100)
      return false
    }
    const onread = { buffer: Buffer.alloc(SIP), callback }
    const socket = connect({ port, host: '127.0.0.1', onread }, () => {
      socket.write(request('GET /large'))
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(`cut at ${at}`))
  })
}

/** Whoever reads, however slowly, gets all of it. */
export const slowReaders = {
  name: 'slow readers',
  about: 'read 64 KiB of 10 MiB every 100 ms, for twice the timeout, and then the rest',
  sizes: { full: 200, small: 10 },
  config: { timeout: PATIENT_MS },
  async run({ target, size }) {
    const before = target.look()
    const reading = forEach(size, size, () => within(sip(target.port), 'the end of the answer'))
    await sleep(PATIENT_MS)
    await target.serves()
    const each = (target.look().rss - before.rss) / size / 1024
    const outcomes = await reading
    return {
      text: `${said(outcomes)}; ${each.toFixed(0)} KiB for each`,
      good: outcomes.whole === size && each < 1024,
    }
  },
}

const FEW = 50

/** `bar`: KiB that the server may hold for each of them. */
function haltedReaders({ path, what, bar, sizes }) {
  return {
    name: `readers of ${what} that halt`,
    about: `ask for ${what} of 10 MiB and do not read it; bar: ${bar} KiB for each`,
    sizes,
    config,
    async run({ target, size }) {
      const before = target.look()
      const clients = await crowd(target.port, size)
      for (const client of clients) client.pause().send(request(`GET ${path}`))
      await sleep(TIMEOUT_MS / 2)
      await target.serves()
      const each = (target.look().rss - before.rss) / size / 1024
      // A socket that does not read learns of its end only when it looks.
      await sleep(LIMIT_MS - TIMEOUT_MS)
      const kept = target.look().files - before.files
      await leave(clients)
      const closed = kept > 0 ? `${kept} were kept` : 'all were closed in time'
      return {
        text: `${each.toFixed(0)} KiB for each; ${closed}`,
        // What all take once is much for a few.
        good: kept <= 0 && (each < bar || size < FEW),
      }
    },
  }
}

const SIZES = { full: 500, small: 20 }

export const haltedReadersOfBytes = haltedReaders({
  path: '/large',
  what: 'an answer',
  bar: 1024,
  sizes: SIZES,
})

/** What the program made is held once, and no more: not beside a copy of it. */
export const haltedReadersOfMade = haltedReaders({
  path: '/made',
  what: 'an answer made for each',
  bar: 11 * 1024,
  sizes: { full: 100, small: 5 },
})

export const haltedReadersOfStreams = haltedReaders({
  path: '/stream',
  what: 'a stream',
  bar: 1024,
  sizes: SIZES,
})

const PIPELINING = 20
/** KiB: a third and less of what all answers of one would come to. */
const PIPELINED_BAR = 4096

export const pipelinedUnread = {
  name: 'pipelined and never read',
  about:
    `send all of these ahead on each of ${PIPELINING} connections and read no answer; ` +
    `bar: ${PIPELINED_BAR} KiB for each`,
  sizes: { full: 100_000, small: 5_000 },
  async run({ target, size }) {
    const before = target.look().rss
    const clients = await crowd(target.port, PIPELINING)
    const text = request('GET /').repeat(size)
    for (const client of clients) client.pause().send(text)
    await sleep(2_000)
    await target.serves()
    const each = (target.peak - before) / PIPELINING / 1024
    // One has thought better of it.
    const [client] = clients
    client.resume()
    let answered = 0
    while (answered < size && (await client.answer()).status === 200) answered++
    await leave(clients)
    return {
      text: `${each.toFixed(0)} KiB for each; ${answered} were answered to the one that read`,
      good: answered === size && each < PIPELINED_BAR,
    }
  },
}

export const fastUploads = {
  name: 'uploads faster than the program',
  about: 'upload so many MiB each, twenty at once, to a program that takes 5 ms over each piece',
  sizes: { full: 50, small: 2 },
  async run({ target, size }) {
    const before = target.look().rss
    const clients = await crowd(target.port, 20)
    const length = size * 1024 * 1024
    const body = Buffer.alloc(length, 'body')
    const answers = clients.map((client) => {
      client.send(request('POST /slow-app', [`content-length: ${length}`]))
      client.send(body)
      return client.answer()
    })
    const texts = (await Promise.all(answers)).map(({ status, text }) => `${status} ${text}`)
    await leave(clients)
    const whole = texts.filter((text) => text === `200 ${length}`).length
    const grown = (target.peak - before) / 1024 / 1024
    return {
      text: `${whole} of 20 arrived whole, with ${grown.toFixed(0)} MiB more at most`,
      good: whole === 20 && grown < 256,
    }
  },
}
