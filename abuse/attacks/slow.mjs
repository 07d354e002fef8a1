// Clients that take their time: to send, or to read.
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from '../../__test__/support/raw-client.js'
import { crowd, leave } from '../lib/crowd.mjs'

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

export const slowBodies = {
  name: 'slow bodies',
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

/** `bar`: KiB that the server may hold for each of them. */
function slowReaders({ path, what, bar, sizes }) {
  return {
    name: `slow readers of ${what}`,
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
        good: kept <= 0 && each < bar,
      }
    },
  }
}

const SIZES = { full: 500, small: 20 }

export const slowReadersOfBytes = slowReaders({
  path: '/large',
  what: 'an answer',
  bar: 1024,
  sizes: SIZES,
})

/** What the program made is held once, and no more: not beside a copy of it. */
export const slowReadersOfMade = slowReaders({
  path: '/made',
  what: 'an answer made for each',
  bar: 11 * 1024,
  sizes: { full: 100, small: 5 },
})

export const slowReadersOfStreams = slowReaders({
  path: '/stream',
  what: 'a stream',
  bar: 1024,
  sizes: SIZES,
})

export const pipelinedUnread = {
  name: 'pipelined, never read',
  about: 'send all of these ahead on one connection and read no answer',
  sizes: { full: 100_000, small: 5_000 },
  async run({ target, size }) {
    const [client] = await crowd(target.port, 1)
    client.pause()
    const text = request('GET /').repeat(100)
    for (let left = size; left > 0; left -= 100) client.send(text)
    await sleep(2_000)
    await target.serves()
    client.resume()
    let answered = 0
    while (answered < size && (await client.answer()).status === 200) answered++
    await leave([client])
    return { text: `${answered} were answered once it read`, good: answered === size }
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
