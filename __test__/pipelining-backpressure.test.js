// A client that asks for much at once and reads nothing: its answers are not made before it takes
// those that are waiting.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, serveRaw } from './support/serve.js'

const SIZE = 1024 * 1024
/** What the buffers of both kernels can hold of such answers, and some more. */
const FEW = 50
/** Enough for a server without bounds to answer everything, many times over. */
const ROUNDS = 100

/** Each body differs from its neighbours, so that a mix-up shows. */
const letter = (at) => String.fromCharCode(97 + (at % 26))
const bodies = {
  'a fresh array': (at) => new Uint8Array(SIZE).fill(letter(at).charCodeAt(0)),
  'a string': (at) => letter(at).repeat(SIZE),
}
const manners = {
  'at once': (make) => new Response(make()),
  'a turn later': async (make) => {
    await nextTurn()
    return new Response(make())
  },
}

/** The server's count stands still when another client has been served so often. */
async function askManyTimes(client) {
  for (let round = 0; round < ROUNDS; round += 1) await client.ask(request('GET /other'))
}

describe('requests in one write, of a client that does not read', () => {
  // A gigabyte, once; the other kinds show the same with less.
  let count = 1_000
  for (const [kind, bodyOf] of Object.entries(bodies)) {
    for (const [manner, answer] of Object.entries(manners)) {
      const total = count
      count = 200
      test(`${total} times ${kind}, ${manner}`, async (t) => {
        let handled = 0
        const { server, client } = await serveRaw(t, (req) => {
          if (req.url.endsWith('/other')) return new Response('other')
          const at = handled++
          return answer(() => bodyOf(at))
        })
        client.pause().send(request('GET /').repeat(total))
        await askManyTimes(await connectTo(t, server))
        t.diagnostic(`${handled} answers were made before the client read`)
        assert.ok(handled >= 1 && handled <= FEW, `${handled} requests were handled`)

        client.resume()
        for (let at = 0; at < total; at += 1) {
          const { status, body } = await client.answer()
          assert.equal(status, 200)
          assert.equal(body.length, SIZE)
          assert.ok(body.equals(Buffer.alloc(SIZE, letter(at))), `the answer ${at} is another's`)
        }
        assert.equal(handled, total)
      })
    }
  }
})
