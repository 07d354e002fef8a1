// Bodies that are large, slow, not wanted or never complete.

import assert from 'node:assert/strict'
import { assertBytes, parseAnswers } from '../support/answers.js'
import { chunked } from '../support/raw-client.js'

const CHUNKED = ['transfer-encoding: chunked']
const large = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 7) % 253))
const post = (body) => ({ method: 'POST', body })
const pass = (request) => new Response(request.body)

/** Sends the beginning of an upload and leaves when the handler has begun. */
async function leaveMidway(client, rest = '') {
  const raw = await client.raw()
  raw.send(client.line('POST', rest, ['content-length: 100'], 'half'))
  await client.noted((notes) => assert.ok(notes.includes('begun')))
  await raw.reset()
}

export const uploads = {
  'a large body, all at once': {
    handle: async (request) => new Response(await request.arrayBuffer()),
    async check(client) {
      assertBytes(await (await client.ask('', post(large))).arrayBuffer(), large)
    },
  },

  'a large body, piece by piece': {
    handle: pass,
    async check(client) {
      assertBytes(await (await client.ask('', post(large))).arrayBuffer(), large)
      const body = new Blob([large]).stream()
      const streamed = await client.ask('', { method: 'POST', body, duplex: 'half' })
      assertBytes(await streamed.arrayBuffer(), large)
    },
  },

  'a piece goes back before the next comes': {
    handle: pass,
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('POST', '', CHUNKED, '3\r\none\r\n'))
      await raw.arrived(/one/)
      raw.send('3\r\ntwo\r\n')
      await raw.arrived(/two/)
      raw.send('0\r\n\r\n')
      assert.equal((await raw.answer()).text, 'onetwo')
    },
  },

  'a body in single bytes': {
    handle: async (request) => new Response(await request.text()),
    async check(client) {
      const raw = await client.raw()
      const text = client.line('POST', '', CHUNKED, chunked(['ab', 'c']))
      await raw.sendPieces(text.split(''))
      assert.equal((await raw.answer()).text, 'abc')
    },
  },

  'a small body that nobody reads is no hindrance': {
    handle: () => new Response('not read'),
    async check(client) {
      const raw = await client.raw()
      const text = client.line('POST', '', ['content-length: 5'], 'GET /')
      for (let round = 0; round < 3; round++) assert.equal((await raw.ask(text)).text, 'not read')
    },
  },

  'an answer before the upload is over': {
    handle: () => new Response('enough', { status: 413 }),
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('POST', '', [`content-length: ${large.length}`], 'first'))
      const answer = await raw.answer()
      assert.deepEqual([answer.status, answer.text], [413, 'enough'])
      // What else comes is no request, whatever becomes of the connection.
      raw.send(large.subarray(5))
      raw.send(client.line('POST', '', ['content-length: 0']))
      raw.end()
      const texts = parseAnswers(await raw.rest()).map(({ text }) => text)
      assert.ok(texts.length < 2 && texts.every((text) => text === 'enough'), texts)
    },
  },

  'a body that is read in part': {
    async handle(request) {
      const reader = request.body.getReader()
      const { value } = await reader.read()
      return Response.json(value.length > 0)
    },
    async check(client) {
      for (let round = 0; round < 2; round++) {
        assert.equal(await client.json('', post(large)), true)
      }
    },
  },

  'a body that is cancelled': {
    async handle(request) {
      await request.body.cancel()
      return Response.json([request.bodyUsed, request.signal.aborted])
    },
    async check(client) {
      assert.deepEqual(await client.json('', post('abc')), [true, false])
      assert.deepEqual(await client.json('', post(large)), [true, false])
    },
  },

  'reading fails when the client leaves midway': {
    async handle(request, { note, rest }) {
      const reading = request[rest.slice(1)]()
      note('begun')
      await reading.catch((error) => note(error instanceof Error))
      return new Response()
    },
    async check(client) {
      for (const way of ['text', 'json', 'arrayBuffer', 'blob', 'formData']) {
        const before = (await client.notes()).length
        const raw = await client.raw()
        raw.send(client.line('POST', `/${way}`, ['content-length: 100'], 'half'))
        await client.noted((notes) => assert.equal(notes.length, before + 1))
        await raw.reset()
        await client.noted((notes) => assert.equal(notes[before + 1], true))
      }
    },
  },

  'a stream fails when the client leaves midway': {
    async handle(request, { note }) {
      let text = ''
      try {
        for await (const piece of request.body) {
          text += Buffer.from(piece)
          note('begun')
        }
        note('ended')
      } catch (error) {
        note([text, error instanceof Error])
      }
      return new Response()
    },
    async check(client) {
      await leaveMidway(client)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', ['half', true]]))
    },
  },

  'a handler that does not mind may fail of it': {
    async handle(request, { note }) {
      note('begun')
      await request.text().finally(() => note('over'))
      return new Response('never seen')
    },
    async check(client) {
      await leaveMidway(client)
      await client.noted((notes) => assert.deepEqual(notes, ['begun', 'over']))
    },
  },

  'what was complete when the client left can be read, or fails': {
    async handle(request, { note }) {
      note('begun')
      await new Promise((resolve) => setTimeout(resolve, 50))
      note(
        await request.text().then(
          (text) => text === 'whole',
          (error) => error instanceof Error,
        ),
      )
      return new Response()
    },
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('POST', '', ['content-length: 5'], 'whole'))
      await client.noted((notes) => assert.deepEqual(notes, ['begun']))
      await raw.reset()
      await client.noted((notes) => assert.deepEqual(notes, ['begun', true]))
    },
  },

  'reading when the answer is out comes to an end': {
    handle(request, { note }) {
      setTimeout(async () => {
        note(
          await request.text().then(
            (text) => text === 'late',
            (error) => error instanceof Error,
          ),
        )
      }, 30)
      return new Response('early')
    },
    async check(client) {
      assert.equal(await client.text('', post('late')), 'early')
      await client.noted((notes) => assert.deepEqual(notes, [true]))
    },
  },

  '100-continue': {
    handle: async (request) => new Response(await request.text()),
    async check(client) {
      const raw = await client.raw()
      raw.send(client.line('POST', '', ['content-length: 2', 'expect: 100-continue']))
      assert.equal((await raw.answer()).status, 100)
      raw.send('ok')
      assert.equal((await raw.answer()).text, 'ok')
    },
  },
}
