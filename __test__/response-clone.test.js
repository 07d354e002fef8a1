// Clones: two Responses of one, which share nothing that a reader of one could change.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Response } from 'milouv'

const streamOf = (chunks, options) => {
  const left = [...chunks]
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (left.length === 0) return controller.close()
        controller.enqueue(left.shift())
      },
      ...options,
    },
    { highWaterMark: 0 },
  )
  return { stream, left }
}

async function readAll(response) {
  const chunks = []
  for await (const chunk of response.body) chunks.push(chunk)
  return chunks
}

for (const type of [undefined, 'bytes']) {
  test(`the chunks of a clone are copies (${type ?? 'default'} stream)`, async () => {
    const response = new Response(streamOf([new Uint8Array([1, 2])], { type }).stream)
    const clone = response.clone()
    const [mine] = await readAll(response)
    mine[0] = 9
    assert.deepEqual(await readAll(clone), [new Uint8Array([1, 2])])
  })
}

test('chunks that are no bytes are copied too', async () => {
  const chunks = [new DataView(new ArrayBuffer(4)), { a: [1] }]
  const response = new Response(streamOf(chunks).stream)
  const clone = response.clone()
  assert.deepEqual(await readAll(response), chunks)
  const copies = await readAll(clone)
  assert.deepEqual(copies, chunks)
  for (const [index, chunk] of chunks.entries()) assert.notEqual(copies[index], chunk)
})

test('a chunk that cannot be copied is an error for both, and ends the source', async () => {
  let reason
  const { stream } = streamOf([() => {}, 'x'], {
    cancel(given) {
      reason = given
    },
  })
  const response = new Response(stream)
  const clone = response.clone()
  await assert.rejects(readAll(clone), { name: 'DataCloneError' })
  await assert.rejects(readAll(response), { name: 'DataCloneError' })
  assert.equal(reason.name, 'DataCloneError')
})

test('a clone reads one chunk ahead and no more, and cancels when both are cancelled', async () => {
  let reason
  const chunks = Array.from({ length: 5 }, () => new Uint8Array(1))
  const { stream, left } = streamOf(chunks, {
    cancel(given) {
      reason = given
    },
  })
  const response = new Response(stream)
  const clone = response.clone()
  await new Promise(setImmediate)
  assert.equal(left.length, 4)
  assert.equal(response.bodyUsed, false)
  assert.equal(clone.bodyUsed, false)
  const reader = clone.body.getReader()
  await reader.read()
  await new Promise(setImmediate)
  assert.equal(left.length, 3)
  await Promise.all([reader.cancel('theirs'), response.body.cancel('mine')])
  assert.deepEqual(reason, ['mine', 'theirs'])
})
