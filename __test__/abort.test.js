// A client leaves, at each stage of an exchange: whoever works for it hears of it once, with a
// code, and everything is given back. Nobody hears of anything when all went well.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Response } from 'milouv'
import { longStream, UNIT } from './support/long-bytes.js'
import { request } from './support/raw-client.js'
import { connectTo, deferred, eventually, serve } from './support/serve.js'

const CODE = /^(ECONNRESET|EPIPE)$/
const LARGE = Buffer.alloc(16 * UNIT)

/** A server that writes down what its handler is told of the end of each exchange. */
function watched(t, handler, options) {
  const log = []
  const failures = []
  const onError = (error) => {
    failures.push(error)
  }
  const server = serve(
    t,
    (asked, info) => {
      asked.signal.addEventListener('abort', () => {
        assert.equal(asked.signal.reason.name, 'AbortError')
        assert.match(asked.signal.reason.code, CODE)
        log.push('signal')
      })
      info.completed.then(
        () => log.push('completed'),
        ({ code }) => log.push(CODE.test(code) ? 'not completed' : code),
      )
      return handler(asked, info, log)
    },
    { onError, ...options },
  )
  return { server, log, failures }
}

/** Everything was told, in whatever order, and nothing is left; nothing comes later either. */
async function assertTold({ server, log, failures }, expected) {
  await eventually(() => {
    assert.deepEqual([...log].sort(), [...expected].sort())
    assert.equal(server.stats().connections.open, 0)
  })
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  assert.deepEqual([...log].sort(), [...expected].sort())
  assert.deepEqual(failures, [])
}

const post = request('POST /', ['content-length: 1000'], 'a part')
/** Each stage: the handler, what is sent, when it is reached, and what must be told. */
const stages = {
  'in the head': { sent: request('GET /').slice(0, 20), told: [] },
  'in the body, read whole': {
    async handler(asked, _info, log) {
      log.push('started')
      await assert.rejects(asked.text(), ({ name, code }) => {
        assert.equal(name, 'AbortError')
        return CODE.test(code)
      })
      log.push('rejected')
      return new Response('nobody gets this')
    },
    sent: post,
    reached: ({ log }) => log.includes('started'),
    told: ['started', 'rejected', 'signal', 'not completed'],
  },
  'in the body, read as a stream': {
    async handler({ body }, _info, log) {
      const reader = body.getReader()
      assert.equal(Buffer.from((await reader.read()).value).toString(), 'a part')
      log.push('started')
      await assert.rejects(reader.read(), ({ code }) => CODE.test(code))
      await assert.rejects(reader.closed, ({ code }) => CODE.test(code))
      log.push('rejected')
      return new Response('nobody gets this')
    },
    sent: post,
    reached: ({ log }) => log.includes('started'),
    told: ['started', 'rejected', 'signal', 'not completed'],
  },
  'while the handler waits': {
    async handler({ signal }, _info, log) {
      log.push('started')
      // As most do: it fails with an error that names the signal's reason as its cause.
      await sleep(100_000, null, { signal })
    },
    sent: request('GET /'),
    reached: ({ log }) => log.includes('started'),
    told: ['started', 'signal', 'not completed'],
  },
  'while the handler waits, behind bytes that are not read': {
    handler(_asked, _info, log) {
      log.push('started')
      return new Promise(() => {})
    },
    sent: request('POST /', ['content-length: 1000000'], 'x'.repeat(500_000)),
    reached: ({ log, server }) => log.includes('started') && server.stats().bytesIn > 65_536,
    told: ['started', 'signal', 'not completed'],
  },
  'in the middle of an answer': {
    handler: () => new Response(LARGE),
    sent: request('GET /'),
    reached: ({ server }) => server.stats().bytesOut > UNIT,
    told: ['signal', 'not completed'],
  },
  'in a stream': {
    handler: (_asked, _info, log) =>
      new Response(longStream(LARGE.length, { onCancel: () => log.push('cancelled') })),
    sent: request('GET /'),
    reached: ({ server }) => server.stats().bytesOut > UNIT,
    told: ['cancelled', 'signal', 'not completed'],
  },
  'in a stream that waits': {
    handler(_asked, _info, log) {
      const start = (controller) => controller.enqueue(Buffer.from('first'))
      const cancel = ({ code }) => log.push(CODE.test(code) ? 'cancelled' : code)
      return new Response(new ReadableStream({ start, cancel }))
    },
    sent: request('GET /'),
    reached: ({ server }) => server.stats().bytesOut > 0,
    told: ['cancelled', 'signal', 'not completed'],
  },
  'in an iterable': {
    async handler({ signal }, _info, log) {
      async function* pieces() {
        try {
          for (;;) {
            yield 'piece'
            await sleep(1, null, { signal })
          }
        } finally {
          log.push('returned')
        }
      }
      return new Response(pieces())
    },
    sent: request('GET /'),
    reached: ({ server }) => server.stats().bytesOut > 0,
    told: ['returned', 'signal', 'not completed'],
  },
}

describe('a client is reset', () => {
  for (const [name, { handler, sent, reached, told }] of Object.entries(stages)) {
    test(name, async (t) => {
      const found = watched(t, handler)
      const client = await connectTo(t, found.server)
      client.pause().send(sent)
      const arrived = () => found.server.stats().bytesIn >= 20
      await eventually(() => assert.ok((reached ?? arrived)(found)))
      await client.reset()
      await assertTold(found, told)
    })
  }

  test('after the answer: nobody is told', async (t) => {
    const found = watched(t, () => new Response('all of it'))
    const client = await connectTo(t, found.server)
    assert.equal((await client.ask(request('GET /'))).text, 'all of it')
    await client.reset()
    await assertTold(found, ['completed'])
  })

  test('after a streamed answer: nobody is told', async (t) => {
    const onCancel = () => found.log.push('cancelled')
    const found = watched(t, () => new Response(longStream(3 * UNIT, { onCancel })))
    const client = await connectTo(t, found.server)
    assert.equal((await client.ask(request('GET /'))).body.length, 3 * UNIT)
    await client.reset()
    await assertTold(found, ['completed'])
  })

  test('with requests pipelined behind: only the running one is told', async (t) => {
    const handler = async (asked, _info, log) => {
      log.push('started')
      await new Promise((resolve) => asked.signal.addEventListener('abort', resolve))
      return new Response('nobody gets this')
    }
    const found = watched(t, handler)
    const client = await connectTo(t, found.server)
    client.send(request('GET /').repeat(3))
    await eventually(() => assert.deepEqual(found.log, ['started']))
    await client.reset()
    await assertTold(found, ['started', 'signal', 'not completed'])
  })
})

describe('all goes well', () => {
  test('and no signal aborts, no source is cancelled', async (t) => {
    const onCancel = () => found.log.push('cancelled')
    const answers = {
      '/text': () => new Response('text'),
      '/large': () => new Response(LARGE),
      '/stream': () => new Response(longStream(UNIT, { onCancel })),
      '/body': async (asked) => new Response(await asked.text()),
    }
    const found = watched(t, (asked) => answers[new URL(asked.url).pathname](asked))
    const client = await connectTo(t, found.server)
    for (const path of ['/text', '/large', '/stream']) await client.ask(request(`GET ${path}`))
    await client.ask(request('POST /body', ['content-length: 4', 'connection: close'], 'body'))
    await client.rest()
    await assertTold(found, Array(4).fill('completed'))
  })

  test('also for a client that ends its side early', async (t) => {
    const proceed = deferred()
    const handler = async (_asked, _info, log) => {
      log.push('started')
      await proceed.promise
      return new Response('late')
    }
    const found = watched(t, handler)
    const client = await connectTo(t, found.server, { allowHalfOpen: true })
    client.send(request('GET /')).end()
    await eventually(() => assert.deepEqual(found.log, ['started']))
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    proceed.resolve()
    assert.equal((await client.answer()).text, 'late')
    await assertTold(found, ['started', 'completed'])
  })
})

describe('a signal', () => {
  test('touched late is aborted already', async (t) => {
    const aborted = deferred()
    const server = serve(t, async (asked, info) => {
      await info.completed.catch(() => {})
      aborted.resolve(asked.signal)
      return new Response()
    })
    const client = await connectTo(t, server)
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    await client.reset()
    const signal = await aborted.promise
    assert.equal(signal.aborted, true)
    assert.match(signal.reason.code, CODE)
  })

  test('of a clone, or of a platform’s Request made of it, aborts too', async (t) => {
    const log = []
    const server = serve(t, (asked) => {
      const copies = [asked.clone(), new globalThis.Request(asked)]
      for (const { signal } of copies) signal.addEventListener('abort', () => log.push('signal'))
      return new Promise((resolve) => {
        asked.signal.addEventListener('abort', () => resolve(new Response()))
      })
    })
    const client = await connectTo(t, server)
    client.send(request('GET /'))
    await eventually(() => assert.equal(server.stats().requests, 1))
    await client.reset()
    await eventually(() => assert.deepEqual(log, ['signal', 'signal']))
  })
})
