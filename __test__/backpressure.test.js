// Who sends faster than the other takes: write and drain, pause and resume, half-open ends,
// timeouts, and large arrays that are sent from their own memory.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pair, pattern } from './support/raw-socket.js'
import { eventually } from './support/serve.js'

// More than the kernel's buffers on both sides hold together.
const HUGE = 16 * 1024 * 1024
const HALF_OPEN = { client: { allowHalfOpen: true } }

function assertSame(actual, expected) {
  assert.equal(actual.length, expected.length)
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  assert.ok(actual.equals(expected), `the first wrong byte is at ${at}`)
}

/** Waits until a paused client's side is full, so that nothing moves any more. */
async function stuck(connection) {
  let before = -1
  for (let still = 0; still < 20; still++) {
    await nextTurn()
    if (connection.writableLength !== before) still = 0
    before = connection.writableLength
  }
  assert.ok(before > 0, 'the kernel has taken everything')
}

describe('write and drain', () => {
  test('little is sent at once: true, and no drain follows', async (t) => {
    const { recorder, client, connection } = await pair(t)
    for (let round = 0; round < 100; round++) assert.equal(connection.write('0123456789'), true)
    assert.equal((await client.bytes(1000)).toString(), '0123456789'.repeat(100))
    connection.end()
    await client.rest()
    await recorder.next('close')
    assert.deepEqual(recorder.log, ['open', 'close'])
  })

  test('too much is false; drain comes when all is out, once', async (t) => {
    const { recorder, client, connection } = await pair(t)
    const bytes = pattern(HUGE)
    client.pause()
    let written = 0
    let calls = 0
    while (written < HUGE) {
      const piece = bytes.subarray(written, written + 16_384)
      written += piece.length
      calls++
      if (!connection.write(piece)) break
    }
    assert.ok(calls > 1 && written < HUGE, `${calls} writes of 16 KiB before the first false`)
    assert.ok(connection.writableLength > 64 * 1024)
    assert.equal(connection.bytesWritten, written)
    assert.equal(connection.write(bytes.subarray(written)), false)
    assert.equal(connection.bytesWritten, HUGE)
    await stuck(connection)
    assert.ok(!recorder.log.includes('drain'))
    client.resume()
    assertSame(await client.bytes(HUGE), bytes)
    await recorder.next('drain')
    assert.equal(connection.writableLength, 0)
    assert.equal(connection.write('.'), true)
    connection.end()
    await recorder.next('close')
    assert.deepEqual(recorder.log, ['open', 'drain', 'close'])
  })

  test('a sender that waits for each drain sends all, with little waiting', async (t) => {
    const bytes = pattern(HUGE)
    let sent = 0
    let most = 0
    const pump = (connection) => {
      while (sent < HUGE) {
        const piece = bytes.subarray(sent, sent + 40_000)
        sent += piece.length
        const goOn = connection.write(piece)
        most = Math.max(most, connection.writableLength)
        if (!goOn) return
      }
      connection.end()
    }
    const { recorder, client } = await pair(t, { open: pump, drain: pump })
    assertSame(await client.rest(), bytes)
    await recorder.next('close')
    assert.ok(most > 64 * 1024 && most <= 64 * 1024 + 40_000, `${most} bytes waited`)
    assert.ok(recorder.log.includes('drain'))
  })

  test('what waits is sent in order, whatever it is', async (t) => {
    const { client, connection } = await pair(t)
    client.pause()
    const pieces = [pattern(HUGE)]
    for (let at = 0; at < 3000; at++) {
      pieces.push(Buffer.from(`<${at}>`))
      if (at % 500 === 0) pieces.push(pattern(100_000), Buffer.from('ü'.repeat(50_000)))
    }
    // Strings, small arrays (copied) and large ones (held) take different ways.
    for (const [at, piece] of pieces.entries()) {
      connection.write(at > 0 && at % 3 === 0 ? piece.toString('utf8') : piece)
    }
    connection.end()
    const texts = pieces.map((piece, at) =>
      at > 0 && at % 3 === 0 ? Buffer.from(piece.toString('utf8')) : piece,
    )
    await stuck(connection)
    client.resume()
    assertSame(await client.rest(), Buffer.concat(texts))
  })

  test('end sends what waits, then ends; no drain asks for more', async (t) => {
    const { recorder, client, connection } = await pair(t)
    const bytes = pattern(HUGE)
    client.pause()
    assert.equal(connection.write(bytes), false)
    connection.end('the end')
    assert.equal(connection.readyState, 'readOnly')
    await stuck(connection)
    client.resume()
    assertSame(await client.rest(), Buffer.concat([bytes, Buffer.from('the end')]))
    await recorder.next('close')
    assert.deepEqual(recorder.log, ['open', 'close'])
  })

  test('destroy throws away what waits', async (t) => {
    const { recorder, client, connection } = await pair(t)
    client.pause()
    connection.write(pattern(HUGE))
    await stuck(connection)
    connection.destroy()
    assert.deepEqual(await recorder.next('close'), [connection, undefined])
    const sent = connection.bytesWritten
    assert.ok(sent > 0 && sent < HUGE, `${sent} bytes were sent`)
    assert.equal(connection.writableLength, 0)
    client.resume()
    assert.equal((await client.rest()).length, sent)
  })

  test('a client that leaves while much waits: one close, with the reason', async (t) => {
    const { recorder, client, connection } = await pair(t)
    client.pause()
    connection.write(pattern(HUGE))
    await stuck(connection)
    client.reset()
    const [, error] = await recorder.next('close')
    assert.match(error.code, /^(ECONNRESET|EPIPE)$/)
    assert.deepEqual(recorder.log, ['open', 'close'])
  })
})

describe('pause and resume', () => {
  test('a paused connection reads nothing, and the client has to wait', async (t) => {
    const given = { open: (connection) => connection.pause() }
    const { recorder, client, connection } = await pair(t, given)
    const bytes = pattern(HUGE)
    const sent = client.sendPieces([bytes])
    let isSent = false
    sent.then(() => {
      isSent = true
    })
    for (let turn = 0; turn < 200; turn++) await nextTurn()
    assert.equal(isSent, false)
    assert.equal(connection.bytesRead, 0)
    assert.deepEqual(recorder.log, ['open'])
    connection.resume()
    assertSame(await recorder.bytes(HUGE), bytes)
    assert.equal(connection.bytesRead, HUGE)
    await sent
  })

  test('pausing in the handler `data` makes that read the last for now', async (t) => {
    const given = { data: (connection) => connection.pause() }
    const { recorder, client, connection } = await pair(t, given)
    const bytes = pattern(HUGE / 8)
    client.send(bytes).end()
    let received = Buffer.alloc(0)
    let reads = 0
    while (received.length < bytes.length) {
      const [, piece] = await recorder.next('data')
      received = Buffer.concat([received, piece])
      reads++
      await nextTurn()
      assert.equal(recorder.log.filter((name) => name === 'data').length, reads)
      connection.resume()
    }
    assertSame(received, bytes)
    await recorder.next('close')
  })

  test('a paused connection can be written to', async (t) => {
    const { client, connection } = await pair(t)
    connection.pause()
    connection.pause()
    connection.write('you need not answer')
    assert.equal((await client.bytes(19)).toString(), 'you need not answer')
  })
})

describe('half-open connections', () => {
  test('a client that ended its side gets a long answer to its end', async (t) => {
    const bytes = pattern(HUGE)
    const end = (connection) => {
      connection.write(bytes)
      connection.end()
    }
    const { recorder, client } = await pair(t, { end }, HALF_OPEN)
    client.send('question').end()
    assertSame(await client.rest(), bytes)
    assert.equal((await recorder.bytes(8)).toString(), 'question')
    assert.equal((await recorder.next('close'))[1], undefined)
  })

  test('without a handler `end`, what waits still goes out', async (t) => {
    const bytes = pattern(HUGE)
    const { recorder, client, connection } = await pair(t, {}, HALF_OPEN)
    client.pause()
    connection.write(bytes)
    await stuck(connection)
    client.end().resume()
    assertSame(await client.rest(), bytes)
    assert.equal((await recorder.next('close'))[1], undefined)
  })

  test('who ended first can still be sent to', async (t) => {
    const { recorder, client, connection } = await pair(t, { end: () => {} }, HALF_OPEN)
    connection.end('I only listen now')
    assert.equal((await client.rest()).toString(), 'I only listen now')
    const bytes = pattern(HUGE)
    client.send(bytes).end()
    assertSame(await recorder.bytes(HUGE), bytes)
    assert.equal((await recorder.next('close'))[1], undefined)
  })
})

describe('setTimeout', () => {
  const assertTimedOut = ([, error]) => {
    assert.ok(error instanceof Error)
    assert.equal(error.code, 'ETIMEDOUT')
    assert.match(error.message, /nothing was sent or received/)
  }

  test('ends a silent connection with ETIMEDOUT', async (t) => {
    const given = { open: (connection) => connection.setTimeout(30) }
    const { recorder, client } = await pair(t, given)
    assertTimedOut(await recorder.next('close'))
    assert.equal((await client.rest()).length, 0)
    assert.deepEqual(recorder.log, ['open', 'close'])
  })

  test('ends one whose client takes nothing, or sends nothing behind our end', async (t) => {
    const stalled = await pair(t)
    stalled.client.pause()
    stalled.connection.write(pattern(HUGE))
    await stuck(stalled.connection)
    stalled.connection.setTimeout(30)
    assertTimedOut(await stalled.recorder.next('close'))
    const ended = await pair(t, {}, HALF_OPEN)
    ended.connection.setTimeout(30).end()
    assertTimedOut(await ended.recorder.next('close'))
  })

  test('starts anew with every byte, and 0 turns it off', async (t) => {
    const { recorder, client, connection } = await pair(t)
    const began = performance.now()
    const period = 200
    connection.setTimeout(period)
    // Each pause is well under the period, all together are more than it.
    while (performance.now() - began < 2 * period) {
      client.send('.')
      await recorder.next('data')
      await new Promise((resolve) => setTimeout(resolve, period / 10))
    }
    assert.deepEqual(new Set(recorder.log), new Set(['open', 'data']))
    connection.setTimeout(10)
    connection.setTimeout(0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(connection.readyState, 'open')
  })
})

describe('an array that is sent', () => {
  /** A client that takes nothing, and an array of which most waits. */
  async function waiting(t, bytes) {
    const found = await pair(t)
    found.client.pause()
    found.connection.write(bytes)
    await stuck(found.connection)
    return found
  }

  async function assertDetached({ recorder, client }, bytes) {
    client.resume()
    const [, error] = await recorder.next('close')
    assert.equal(error.code, 'ERR_INVALID_STATE')
    assert.match(error.message, /detached/)
    const received = await client.rest()
    assert.ok(received.length < HUGE)
    // What did go out before was right.
    assertSame(received, bytes.subarray(0, received.length))
    assert.deepEqual(recorder.log, ['open', 'close'])
  }

  test('when large is sent from its own memory, not from a copy', async (t) => {
    const bytes = pattern(HUGE)
    const { client } = await waiting(t, bytes)
    bytes.fill('!', HUGE - 1000)
    client.resume()
    assertSame(await client.bytes(HUGE), bytes)
  })

  test('when small is copied', async (t) => {
    const { client, connection } = await waiting(t, pattern(HUGE))
    const bytes = pattern(1000)
    connection.write(bytes)
    bytes.fill('!')
    client.resume()
    const received = await client.bytes(HUGE + 1000)
    assertSame(received.subarray(HUGE), pattern(1000))
  })

  test('is kept alive until it is out', async (t) => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    let isGone = false
    const registry = new FinalizationRegistry(() => {
      isGone = true
    })
    const make = () => {
      const bytes = new Uint8Array(pattern(HUGE))
      registry.register(bytes, 'array')
      return bytes
    }
    const { client } = await waiting(t, make())
    for (let round = 0; round < 5; round++) {
      collect()
      await nextTurn()
    }
    assert.equal(isGone, false)
    client.resume()
    assertSame(await client.bytes(HUGE), pattern(HUGE))
    // Let go afterwards: not kept for ever.
    await eventually(() => {
      collect()
      assert.ok(isGone)
    })
  })

  test('may be a part of its buffer, or lie in shared memory', async (t) => {
    const shared = new Uint8Array(new SharedArrayBuffer(200_000))
    shared.set(pattern(200_000))
    const part = new Uint8Array(pattern(300_000).buffer, 100_000, 150_000)
    const { client, connection } = await pair(t)
    connection.write(shared)
    connection.write(part)
    connection.end()
    assertSame(await client.rest(), Buffer.concat([shared, part]))
  })

  test('and is detached while it waits: the connection fails, nothing else', async (t) => {
    const bytes = new Uint8Array(pattern(HUGE))
    const found = await waiting(t, bytes)
    const { length } = structuredClone(bytes, { transfer: [bytes.buffer] })
    assert.deepEqual([bytes.length, length], [0, HUGE])
    await assertDetached(found, pattern(HUGE))
  })

  test('and shrinks while it waits: the connection fails, nothing else', async (t) => {
    const buffer = new ArrayBuffer(HUGE, { maxByteLength: HUGE })
    const bytes = new Uint8Array(buffer)
    bytes.set(pattern(HUGE))
    const found = await waiting(t, bytes)
    buffer.resize(1000)
    await assertDetached(found, pattern(HUGE))
  })

  test('and is detached already: nothing is sent', async (t) => {
    const { client, connection } = await pair(t)
    const bytes = new Uint8Array(100_000)
    structuredClone(bytes, { transfer: [bytes.buffer] })
    assert.equal(connection.write(bytes), true)
    connection.end('only this')
    assert.equal((await client.rest()).toString(), 'only this')
  })
})
