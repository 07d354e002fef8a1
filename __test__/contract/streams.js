// Answers that come in pieces: in time, to their end, or not.

import assert from 'node:assert/strict'

const encoder = new TextEncoder()
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A piece that is not there at once. */
const later = (ms, piece) => async () => {
  await pause(ms)
  return piece
}

/** A stream of these texts, each pulled; what is a function is called. */
function streamOf(pieces, more = {}) {
  const left = [...pieces]
  return new ReadableStream({
    async pull(controller) {
      const piece = left.shift()
      if (piece === undefined) return controller.close()
      const made = typeof piece === 'function' ? await piece() : piece
      controller.enqueue(typeof made === 'string' ? encoder.encode(made) : made)
    },
    ...more,
  })
}

const fail = async () => {
  await pause(20)
  throw new Error('on purpose')
}

/** A stream that goes on until somebody cancels it. */
function endless(note) {
  return streamOf(Array(10_000).fill(later(5, 'more\n')), {
    cancel: (reason) => note(['cancelled', typeof reason]),
  })
}

export const streams = {
  'pieces go out as they come': {
    handle: () => new Response(streamOf(['first\n', later(60, 'second\n')])),
    async check(client) {
      const answer = await client.ask()
      const pieces = []
      for await (const piece of answer.body) pieces.push(Buffer.from(piece).toString())
      assert.deepEqual(pieces, ['first\n', 'second\n'])
    },
  },

  'server-sent events': {
    handle: () =>
      new Response(streamOf(['data: 1\n\n', later(30, 'data: 2\n\n')]), {
        headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
      }),
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await raw.arrived(/data: 1\n\n/)
      const answer = await raw.answer()
      assert.equal(answer.get('content-type'), 'text/event-stream')
      assert.equal(answer.text, 'data: 1\n\ndata: 2\n\n')
    },
  },

  'empty pieces are no end': {
    handle: () => new Response(streamOf(['a', new Uint8Array(0), 'b', new Uint8Array(0)])),
    async check(client) {
      assert.equal(await client.text(), 'ab')
      assert.equal((await (await client.raw()).ask(client.line('GET'))).text, 'ab')
    },
  },

  'a stream without a piece': {
    handle: () => new Response(streamOf([])),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        assert.equal((await raw.ask(client.line('GET'))).text, '')
      }
    },
  },

  'a stream that was closed before it was sent': {
    handle: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(encoder.encode('whole'))
            controller.close()
          },
        }),
      ),
    async check(client) {
      const raw = await client.raw()
      for (let round = 0; round < 2; round++) {
        assert.equal((await raw.ask(client.line('GET'))).text, 'whole')
      }
    },
  },

  'a byte stream that fills what it is given': {
    handle() {
      let left = 5
      return new Response(
        new ReadableStream({
          type: 'bytes',
          autoAllocateChunkSize: 16,
          pull(controller) {
            if (left-- === 0) {
              controller.close()
              controller.byobRequest?.respond(0)
              return
            }
            controller.byobRequest.view[0] = 97
            controller.byobRequest.respond(1)
          },
        }),
      )
    },
    async check(client) {
      assert.equal(await client.text(), 'aaaaa')
    },
  },

  'a length that was told is kept': {
    handle: () => new Response(streamOf(['ab', 'cd']), { headers: { 'Content-Length': '4' } }),
    async check(client) {
      const answer = await (await client.raw()).ask(client.line('GET'))
      assert.deepEqual([answer.get('content-length'), answer.text], ['4', 'abcd'])
      assert.equal(answer.get('transfer-encoding'), null)
    },
  },

  'a stream that fails is no whole answer': {
    handle: () => new Response(streamOf(['first', fail])),
    async check(client) {
      for (let round = 0; round < 2; round++) {
        await assert.rejects(client.text())
        const raw = await client.raw()
        raw.send(client.line('GET'))
        assert.doesNotMatch((await raw.rest()).toString(), /\r\n0\r\n/)
      }
    },
  },

  'a stream that fails before its first piece': {
    handle: (_, { rest }) => new Response(streamOf(rest === '/fine' ? [] : [fail])),
    async check(client) {
      const answer = await client.ask().catch(() => null)
      if (answer !== null && answer.status === 200) await assert.rejects(answer.text())
      assert.equal((await client.ask('/fine')).status, 200)
    },
  },

  'a stream of what are no bytes fails': {
    handle: () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue('text')
            controller.close()
          },
        }),
      ),
    async check(client) {
      const text = await client
        .ask()
        .then((answer) => (answer.status === 500 ? '' : answer.text()))
        .catch(() => 'broken off')
      assert.ok(text === '' || text === 'broken off', text)
    },
  },

  'a client that leaves cancels the stream': {
    handle: (_, { note }) => new Response(endless(note)),
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await raw.arrived(/more/)
      await raw.reset()
      await client.noted(([note]) => assert.equal(note?.[0], 'cancelled'))
      await pause(50)
      assert.equal((await client.notes()).length, 1)
    },
  },

  'a client that leaves ends a generator': {
    handle(_, { note }) {
      async function* numbers() {
        try {
          for (let at = 0; ; at++) {
            yield encoder.encode(`${at}\n`)
            await pause(5)
          }
        } finally {
          note('over')
        }
      }
      return new Response(numbers())
    },
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await raw.arrived(/3/)
      await raw.reset()
      await client.noted((notes) => assert.deepEqual(notes, ['over']))
    },
  },

  'HEAD cancels the stream': {
    handle: (_, { note }) => new Response(endless(note), { headers: { 'x-a': 'b' } }),
    async check(client) {
      const raw = await client.raw()
      const answer = await raw.ask(client.line('HEAD'))
      assert.deepEqual([answer.status, answer.get('x-a')], [200, 'b'])
      await client.noted(([note]) => assert.equal(note?.[0], 'cancelled'))
      assert.equal((await raw.ask(client.line('HEAD'))).status, 200)
    },
  },

  "a cancel that fails is nobody else's trouble": {
    handle: () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await pause(5)
            controller.enqueue(encoder.encode('x'))
          },
          cancel: () => Promise.reject(new Error('on purpose')),
        }),
      ),
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('GET'))
      await raw.arrived(/x/)
      await raw.reset()
      await (await client.raw()).ask(client.line('HEAD'))
      await pause(30)
    },
  },

  'a stream waits for the client': {
    handle(_, { note }) {
      let sent = 0
      const piece = () => {
        note(++sent)
        return new Uint8Array(65_536)
      }
      return new Response(streamOf(Array(1000).fill(piece)))
    },
    async check(client) {
      const raw = await client.raw()
      raw.pause().send(client.line('GET'))
      await client.noted((notes) => assert.ok(notes.length > 0))
      // Until it stands still: what the kernel's buffers hold is no fault.
      for (let before = -1; ; ) {
        const { length } = await client.notes()
        if (length === before) break
        before = length
        await pause(100)
      }
      assert.ok((await client.notes()).length < 900)
    },
  },
}
