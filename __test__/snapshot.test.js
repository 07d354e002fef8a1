import assert from 'node:assert/strict'
import test from 'node:test'
import { HttpServer, Response } from 'milouv'
import { toWire } from './support/to-wire.js'

const SIZE = 64 * 1024
const bodyOf = (bytes) => toWire(new Response(bytes)).body
const filled = (byte, size = SIZE) => new Uint8Array(size).fill(byte)

test('bytes that come again as they were share one copy, which is not theirs', () => {
  const bytes = filled(1)
  const bodies = Array.from({ length: 4 }, () => bodyOf(bytes))
  assert.ok(bodies.every((body) => body.buffer !== bytes.buffer))
  assert.equal(bodies[2], bodies[1])
  assert.equal(bodies[3], bodies[1])
  assert.deepEqual(bodies[3], filled(1))
})

test('a Response has the bytes as they were when it was made, however often they change', () => {
  const bytes = filled(0)
  const responses = Array.from({ length: 8 }, (_, at) => {
    bytes[at % 2 === 0 ? 0 : SIZE - 1] = at
    return { response: new Response(bytes), expected: new Uint8Array(bytes) }
  })
  bytes.fill(9)
  for (const { response, expected } of responses) {
    assert.deepEqual(toWire(response).body, expected)
  }
})

test('what a Response gives away is not what others share', async () => {
  const bytes = filled(1)
  const [, first, second] = Array.from({ length: 3 }, () => new Response(bytes))
  assert.equal(toWire(first).body, toWire(second).body)
  const [clone, reader] = [second.clone(), new Response(bytes).body.getReader()]
  for (const taken of [
    await first.bytes(),
    new Uint8Array(await clone.arrayBuffer()),
    (await reader.read()).value,
  ]) {
    taken.fill(7)
    structuredClone(taken, { transfer: [taken.buffer] })
  }
  assert.deepEqual(await second.bytes(), filled(1))
  assert.deepEqual(bodyOf(bytes), filled(1))
})

test('views that grow and shrink', () => {
  const buffer = new ArrayBuffer(SIZE, { maxByteLength: 2 * SIZE })
  const view = new Uint8Array(buffer)
  for (const size of [SIZE, SIZE, 2 * SIZE, 2 * SIZE, SIZE, SIZE]) {
    buffer.resize(size)
    assert.deepEqual(bodyOf(view), new Uint8Array(size))
  }
})

test('a server sends what the bytes were at each answer', async (t) => {
  const bytes = filled(0, 1024 * 1024)
  const server = new HttpServer({ port: 0 })
  t.after(() => server.close())
  server.listen(() => new Response(bytes))
  for (let answer = 0; answer < 9; answer += 1) {
    if (answer % 3 === 2) bytes[bytes.length - 1] = answer
    const body = await (await fetch(server.url)).arrayBuffer()
    assert.deepEqual(new Uint8Array(body), bytes)
  }
})
