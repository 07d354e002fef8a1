// Bodies that an application waits for come in large pieces, straight into memory of JavaScript's.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import { request } from './support/raw-client.js'
import { connectTo, deferred, serve } from './support/serve.js'

const MiB = 1024 * 1024
const SIZE = 8 * MiB
const bytes = Buffer.alloc(SIZE)
for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at)
const head = request('POST /', [`content-length: ${SIZE}`])

/** Serves the handler, which reads the body, and sends it the head and then the body. */
async function upload(t, handler) {
  const server = serve(t, handler)
  const client = await connectTo(t, server)
  client.send(head).send(bytes)
  return client
}

async function collect(body) {
  const pieces = []
  for await (const piece of body) pieces.push(piece)
  return pieces
}

describe('a large body', () => {
  test('comes whole, in pieces that are larger than what is held', async (t) => {
    let pieces
    const client = await upload(t, async (asked) => {
      pieces = await collect(asked.body)
      return new Response('read')
    })
    assert.equal((await client.answer()).text, 'read')
    assert.ok(Buffer.concat(pieces).equals(bytes))
    assert.ok(pieces.some((piece) => piece.byteLength > 64 * 1024))
    for (const piece of pieces) {
      assert.equal(Object.getPrototypeOf(piece), Uint8Array.prototype)
      // What memory there is behind a piece has nothing of others.
      assert.ok(Buffer.from(piece.buffer, piece.byteLength).every((byte) => byte === 0))
    }
  })

  test('gives pieces that can be transferred and kept', async (t) => {
    const moved = []
    const client = await upload(t, async (asked) => {
      for await (const piece of asked.body) {
        moved.push(structuredClone(piece, { transfer: [piece.buffer] }))
        assert.equal(piece.byteLength, 0)
      }
      return new Response('read')
    })
    assert.equal((await client.answer()).text, 'read')
    assert.ok(Buffer.concat(moved).equals(bytes))
  })

  test('can be read at once, and by a clone, too', async (t) => {
    const client = await upload(t, async (asked) => {
      const clone = asked.clone()
      const both = await Promise.all([asked.arrayBuffer(), clone.arrayBuffer()])
      return Response.json(both.map((all) => Buffer.from(all).equals(bytes)))
    })
    assert.deepEqual(JSON.parse((await client.answer()).text), [true, true])
  })

  test('is left alone when the reader cancels', async (t) => {
    const server = serve(t, async (asked) => {
      const reader = asked.body.getReader()
      const { value } = await reader.read()
      // A second read waits when the first was answered, and is cancelled as it does.
      const second = reader.read()
      await reader.cancel()
      await second
      return new Response(String(value.byteLength > 0))
    })
    const client = await connectTo(t, server)
    client.send(head).send(bytes.subarray(0, SIZE - 1024))
    assert.equal((await client.answer()).text, 'true')
  })

  test('that stops coming, or ends early, is told', async (t) => {
    const { promise: failed, resolve } = deferred()
    const server = serve(t, async (asked) => {
      await collect(asked.body).catch(resolve)
      return new Response('read')
    })
    const client = await connectTo(t, server)
    client.send(head).send(bytes.subarray(0, 3 * MiB))
    setTimeout(() => client.destroy(), 50)
    assert.equal((await failed).name, 'AbortError')
  })

  test('that is here already is read at once, but for the turns of others', async (t) => {
    let turn = 0
    const seen = new Map()
    const client = await upload(t, async (asked) => {
      const next = () => {
        turn += 1
        timer = setImmediate(next)
      }
      let timer = setImmediate(next)
      // The sockets between take what they hold meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 100))
      for await (const piece of asked.body) {
        seen.set(turn, [...(seen.get(turn) ?? []), piece.byteLength])
      }
      clearImmediate(timer)
      return new Response('read')
    })
    assert.equal((await client.answer()).text, 'read')
    const turns = [...seen.values()]
    assert.ok(turns.some((pieces) => pieces.length > 1))
    const most = Math.max(...turns.map((pieces) => pieces.reduce((sum, one) => sum + one, 0)))
    assert.ok(most <= MiB + 128 * 1024, `${most} bytes in a turn`)
  })

  test('that a reset cuts off gives what has come, and then the error', async (t) => {
    const { promise: outcome, resolve } = deferred()
    const server = serve(t, async (asked) => {
      await new Promise((next) => setTimeout(next, 100))
      let length = 0
      try {
        for await (const piece of asked.body) length += piece.byteLength
      } catch (error) {
        resolve({ length, code: error.code })
      }
      return new Response('read')
    })
    const client = await connectTo(t, server)
    client.send(head).send(bytes.subarray(0, MiB))
    setTimeout(() => client.reset(), 50)
    const { length, code } = await outcome
    assert.equal(code, 'ECONNRESET')
    assert.ok(length <= MiB)
  })
})
