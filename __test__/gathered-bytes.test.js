// A body that is read whole is put together of pieces of any size, in their order; and many small
// ones take little more than their bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { RawClient, request } from './support/raw-client.js'
import { SeededRandom, seedOfRun } from './support/seeded-random.js'

const SIZES = [0, 1, 7, 100, 1_000, 4_095, 4_096, 4_097, 70_000]

async function* piecesOf(bytes, sizes) {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
}

test('pieces of all sizes, in all orders', async (t) => {
  const seed = seedOfRun()
  t.diagnostic(`seed ${seed}`)
  for (let at = 0; at < 200; at++) {
    const random = SeededRandom.forCase(seed, at)
    const sizes = Array.from({ length: random.below(60) }, () => random.pick(SIZES))
    const length = sizes.reduce((sum, size) => sum + size, 0)
    const bytes = Buffer.alloc(length)
    for (let byte = 0; byte < length; byte++) bytes[byte] = byte % 251
    const body = await new Response(piecesOf(bytes, sizes)).bytes()
    assert.ok(bytes.equals(body), `case ${at}: ${sizes}`)
    assert.equal(body.buffer.byteLength, length, 'no room is left')
  }
})

test("one piece of the application's stays its own", async () => {
  for (const memory of [new ArrayBuffer(4), new SharedArrayBuffer(4)]) {
    const piece = new Uint8Array(memory).fill(1)
    for (const source of [piecesOf(piece, [4]), ReadableStream.from([piece])]) {
      const body = await new Response(source).bytes()
      assert.ok(body.buffer instanceof ArrayBuffer)
      piece.fill(2)
      assert.deepEqual([...body], [1, 1, 1, 1])
      piece.fill(1)
    }
  }
})

const COUNT = 100_000
const MOST_FOR_EACH = 20

const SMALL_PIECES = `
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
function held() {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
async function* bytes() {
  const before = held()
  for (let left = ${COUNT}; left > 0; left--) yield new Uint8Array(1)
  console.log(JSON.stringify((held() - before) / ${COUNT}))
}
await new Response(bytes()).arrayBuffer()
`

test('a piece of one byte does not take hundreds', async (t) => {
  const child = new Child(t, SMALL_PIECES, { flags: ['--expose-gc'] })
  const each = Number(await child.message())
  assert.ok(each < MOST_FOR_EACH, `${each} bytes for each`)
})

const SERVER = `
import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
const server = new HttpServer()
server.listen(async (req) => new Response(await req.arrayBuffer()))
console.log(server.port)
`

test('a body that a client sends byte by byte', async (t) => {
  const child = new Child(t, SERVER)
  const client = await RawClient.connect(await child.message())
  t.after(() => client.destroy())
  const bytes = Buffer.from(Array.from({ length: 2_000 }, (_, at) => at % 256))
  client.send(request('POST /', [`content-length: ${bytes.length}`]))
  await client.sendPieces(Array.from(bytes, (byte) => Buffer.of(byte)))
  const { body } = await client.answer()
  assert.ok(body.equals(bytes))
})
