// Answer bodies: everything one can be made of, pulled no faster than the client takes it, and
// held to the length that was declared.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Response } from 'milouv'
import { LongCheck, longBytes, longStream, UNIT } from './support/long-bytes.js'
import { request } from './support/raw-client.js'
import { deferred, eventually, serveRaw } from './support/serve.js'
import { open, startStreaming } from './support/streaming-clients.js'

const TEXT = 'größer'
const BYTES = new TextEncoder().encode(TEXT)
const KiB = 1024

async function* asynchronous(pieces) {
  for (const piece of pieces) {
    await nextTurn()
    yield piece
  }
}

const streamOf = (pieces, type) =>
  new ReadableStream({
    type,
    async pull(controller) {
      await nextTurn()
      if (pieces.length === 0) return controller.close()
      controller.enqueue(pieces.shift())
    },
  })

function form() {
  const made = new FormData()
  made.append('name', TEXT)
  return made
}

/** What each body is made of, and whether its length is known ahead. */
const kinds = {
  string: [() => TEXT, true],
  ArrayBuffer: [() => BYTES.slice().buffer, true],
  SharedArrayBuffer: [() => new Uint8Array(new SharedArrayBuffer(BYTES.length)).fill(97), true],
  Uint8Array: [() => BYTES, true],
  Buffer: [() => Buffer.from(TEXT), true],
  'a part of an array': [() => Buffer.from(`<${TEXT}>`).subarray(1, -1), true],
  Float64Array: [() => new Float64Array([1.5, -2]), true],
  DataView: [() => new DataView(BYTES.slice().buffer), true],
  Blob: [() => new Blob([TEXT, BYTES], { type: 'text/x-test' }), true],
  URLSearchParams: [() => new URLSearchParams({ name: TEXT }), true],
  FormData: [form, false],
  'ReadableStream of bytes': [() => streamOf([BYTES.slice(), BYTES.slice()], 'bytes'), false],
  'ReadableStream by default': [() => streamOf([BYTES, Buffer.from('2')]), false],
  'async iterable': [() => asynchronous([TEXT, BYTES, '', new Uint8Array(0), 'end']), false],
  null: [() => null, true],
}

/** The bytes that the platform makes of it; of an iterable, one after the other. */
async function bytesOf(body) {
  if (body?.[Symbol.asyncIterator] === undefined || body instanceof ReadableStream) {
    const response = new globalThis.Response(body instanceof Uint8Array ? Buffer.from(body) : body)
    return Buffer.from(await response.arrayBuffer())
  }
  const pieces = []
  for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

const withoutBoundary = (bytes) => bytes.toString('latin1').replace(/-+formdata-[^\r]*/gi, '')

describe('a body made of', () => {
  for (const [name, [make, isSized]] of Object.entries(kinds)) {
    test(name, async (t) => {
      const { client } = await serveRaw(t, () => new Response(make()))
      const expected = await bytesOf(make())
      for (let round = 0; round < 2; round++) {
        const answer = await client.ask(request('GET /'))
        assert.equal(withoutBoundary(answer.body), withoutBoundary(expected))
        const length = answer.get('content-length')
        assert.equal(length, isSized ? String(expected.length) : null)
      }
      const head = await client.ask(request('HEAD /'))
      assert.equal(head.body.length, 0)
      if (isSized) assert.equal(head.get('content-length'), String(expected.length))
    })
  }

  test('pieces of any size, every byte in its place', async (t) => {
    const sizes = [1, 65_535, 7, 65_536, 65_537, 3, 1_000_000, 2, 100, 200_000, 64]
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const { client } = await serveRaw(t, () => {
      let at = 0
      const pieces = sizes.map((size) => {
        at += size
        return Buffer.from(longBytes(at - size, size))
      })
      return new Response(streamOf(pieces))
    })
    const { body } = await client.ask(request('GET /'))
    const check = new LongCheck()
    check.take(body)
    assert.deepEqual([check.length, check.wrong], [total, -1])
  })
})

describe('what is no piece of a body', () => {
  const streams = {
    'a string in a ReadableStream': [() => streamOf(['text']), /must be a Uint8Array, not 'text'/],
    'a number in an iterable': [() => asynchronous([1]), /must be a Uint8Array or a string, not 1/],
  }
  for (const [name, [make, message]] of Object.entries(streams)) {
    test(`${name} is refused clearly, and the client can tell`, async (t) => {
      const told = deferred()
      const options = { onError: (error) => told.resolve(error) }
      const { client } = await serveRaw(t, () => new Response(make()), options)
      client.send(request('GET /'))
      const error = await told.promise
      assert.equal(error.name, 'TypeError')
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
      assert.match(error.message, message)
      // Broken off: no last chunk.
      assert.ok(!(await client.rest()).toString('latin1').endsWith('0\r\n\r\n'))
    })
  }
})

describe('a declared content-length', () => {
  const respond = (pieces, length) => {
    const headers = { 'content-length': String(length) }
    return new Response(streamOf(pieces), { headers })
  }

  test('is sent, and the body without chunks', async (t) => {
    const { client } = await serveRaw(t, () => respond([Buffer.from('ab'), Buffer.from('c')], 3))
    const answer = await client.ask(request('GET /'))
    assert.deepEqual([answer.text, answer.get('content-length'), answer.chunks], ['abc', '3', null])
  })

  for (const [name, length, code] of [
    ['more', 2, 'HTTP_BODY_TOO_LONG'],
    ['less', 4, 'HTTP_BODY_TOO_SHORT'],
  ]) {
    test(`a stream that brings ${name} is an error and ends the connection`, async (t) => {
      const told = deferred()
      const options = { onError: (error) => told.resolve(error) }
      const handler = () => respond([Buffer.from('ab'), Buffer.from('c')], length)
      const { client } = await serveRaw(t, handler, options)
      client.send(request('GET /'))
      assert.equal((await told.promise).code, code)
      const received = (await client.rest()).toString('latin1')
      const body = received.slice(received.indexOf('\r\n\r\n') + 4)
      assert.ok(body.length <= length && 'abc'.startsWith(body), body)
    })
  }
})

describe('a source', () => {
  for (const highWaterMark of [KiB, 64 * KiB, 1024 * KiB]) {
    test(`is pulled only as the client takes it, with ${highWaterMark} bytes held`, async (t) => {
      const piece = 1000
      let pulled = 0
      const total = 64 * UNIT
      const onPull = (length) => {
        pulled += length
      }
      const handler = () => new Response(longStream(total, { piece, onPull }))
      const { server, client } = await serveRaw(t, handler, { highWaterMark })
      const ahead = () => pulled - server.stats().bytesOut
      client.pause().send('GET / HTTP/1.0\r\n\r\n')
      await atRest(() => pulled)
      assert.ok(pulled > 0 && pulled < total, `${pulled} bytes were pulled`)
      assert.ok(ahead() <= highWaterMark + 2 * piece, `${ahead()} bytes ahead of the socket`)
      client.resume()
      const received = await client.rest()
      const check = new LongCheck()
      check.take(received.subarray(received.indexOf('\r\n\r\n') + 4))
      assert.deepEqual([check.length, check.wrong], [total, -1])
    })
  }

  test('that is never empty does not keep the server from others', async (t) => {
    // Ready at once, always, and a client in another process that takes all there is: nothing
    // but the server's own fairness lets anyone else in.
    const { port, report } = await startStreaming(t)
    const greedy = await open(t, port)
    let received = 0
    greedy.on('data', (bytes) => {
      received += bytes.length
    })
    greedy.write(request('GET /stream'))
    for (let asked = 0; asked < 5; asked++) {
      const before = received
      await eventually(() => assert.ok(received > before + 16 * UNIT))
      assert.equal((await report()).counts['stream.started'], 1)
    }
  })

  test('whose pieces are ready together leaves in one chunk’s time', async (t) => {
    const pieces = ['one', 'two', 'three']
    function* ready() {
      yield* pieces
    }
    const body = { [Symbol.asyncIterator]: () => ready() }
    const { client } = await serveRaw(t, () => new Response(body))
    const answer = await client.ask(request('GET /'))
    assert.deepEqual(answer.chunks.map(String), pieces)
  })

  test('that failed before its first piece still leaves the client without an end', async (t) => {
    const failure = new Error('the source failed')
    const told = deferred()
    const body = new ReadableStream({ pull: () => Promise.reject(failure) })
    const options = { onError: (error) => told.resolve(error) }
    const { client } = await serveRaw(t, () => new Response(body), options)
    client.send(request('GET /'))
    assert.equal(await told.promise, failure)
    assert.ok(!(await client.rest()).toString('latin1').endsWith('0\r\n\r\n'))
  })

  test('is cancelled with a reason when the client leaves', async (t) => {
    const reason = deferred()
    const body = longStream(Number.MAX_SAFE_INTEGER, { onCancel: reason.resolve })
    const { server, client } = await serveRaw(t, () => new Response(body))
    client.send(request('GET /'))
    await client.bytes(1000)
    await client.reset()
    assert.match((await reason.promise).code, /^(ECONNRESET|EPIPE)$/)
    await eventually(() => assert.equal(server.stats().connections.open, 0))
  })
})

/** Waits until the value changes no more. */
async function atRest(value) {
  let before = Number.NaN
  for (let still = 0; still < 20; still++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (value() !== before) still = 0
    before = value()
  }
}
