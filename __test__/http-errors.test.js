// When the app's code fails the client is told, the error is told, and the process goes on.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertBytes } from './support/answers.js'
import { startProgram } from './support/program.js'
import { RawClient, request } from './support/raw-client.js'

const PLAIN_500 = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\ndate: <date>\r\n\r\n'

let program
let ports
const cleanUp = []
before(async () => {
  program = startProgram({ after: (end) => cleanUp.push(end) }, 'failing-server.js')
  ports = await program.message()
})
after(() => Promise.all(cleanUp.map((end) => end())))

async function connectTo(t, mode = 'plain') {
  const client = await RawClient.connect(ports[mode])
  t.after(() => client.destroy())
  return client
}

/** The process lives, the same connection serves on, and nothing is left on stderr. */
async function assertFine(client) {
  assert.equal((await client.ask(request('GET /fine'))).text, 'fine')
  assert.equal(program.stderr, '')
}

// What stderr says ends with a stack, or with a brace when the error has properties.
const told = (text) => new RegExp(`milouv: the handler failed: ${text}[\\s\\S]*?\\n(?! )`)

describe('a handler that fails', () => {
  const invalid = "TypeError[\\s\\S]*code: 'ERR_INVALID_RESPONSE'[\\s\\S]*\\n}"
  const cases = {
    '/throw': 'Error: thrown at once\\n +at ',
    '/reject': 'Error: rejected\\n +at ',
    '/throw-text': 'only text',
    '/throw-nothing': 'undefined',
    '/reject-nothing': 'undefined',
    '/nothing': invalid,
    '/text': invalid,
    '/object': invalid,
    '/async-nothing': invalid,
    '/network-error': invalid,
    '/native-network-error': invalid,
    '/throw-revoked': '<Revoked Proxy>',
    '/throw-unshowable': '\\[Object\\]',
    '/reject-unshowable': '\\[Object\\]',
    '/spent': invalid,
    '/heir': invalid,
    '/proxy': invalid,
    '/uncancelled': "Error: [\\s\\S]*code: 'HTTP_INVALID_CONTENT_LENGTH'\\n}",
    '/wrong-length': "Error: [\\s\\S]*code: 'HTTP_INVALID_CONTENT_LENGTH'\\n}",
    '/two-lengths': "Error: [\\s\\S]*code: 'HTTP_INVALID_CONTENT_LENGTH'\\n}",
  }

  for (const [path, text] of Object.entries(cases)) {
    test(`${path}: 500 without details, the error on stderr`, async (t) => {
      const client = await connectTo(t)
      assertBytes((await client.ask(request(`GET ${path}`))).whole, PLAIN_500)
      await program.takeError(told(text))
      await assertFine(client)
    })
  }

  test('pipelined requests around it are answered', async (t) => {
    const client = await connectTo(t)
    const paths = ['/fine', '/throw', '/reject', '/fine']
    client.send(paths.map((path) => request(`GET ${path}`)).join(''))
    for (const status of [200, 500, 500, 200]) assert.equal((await client.answer()).status, status)
    await program.takeError(told('Error: thrown at once'))
    await program.takeError(told('Error: rejected'))
    await assertFine(client)
  })

  test('what waitUntil was given', async (t) => {
    const client = await connectTo(t)
    assert.equal((await client.ask(request('GET /background'))).text, 'fine')
    await program.takeError(/waitUntil[^\n]*: Error: failed in the background[\s\S]*?\n(?! )/)
    await assertFine(client)
  })
})

test('what waitUntil was given, and cannot be shown', async (t) => {
  const client = await connectTo(t)
  assert.equal((await client.ask(request('GET /background-unshowable'))).text, 'fine')
  await program.takeError(/waitUntil[^\n]*: \[Object\]\n/)
  await assertFine(client)
})

describe('onError', () => {
  const answers = {
    answering: ['mended: thrown at once', 'mended: rejected'],
    'answering later': ['later: thrown at once', 'later: rejected'],
    native: ['native: thrown at once', 'native: rejected'],
  }
  for (const [mode, texts] of Object.entries(answers)) {
    test(`${mode}: its Response is sent, stderr stays empty`, async (t) => {
      const client = await connectTo(t, mode)
      for (const [at, path] of ['/throw', '/reject'].entries()) {
        const answer = await client.ask(request(`GET ${path}`))
        assert.deepEqual([answer.status, answer.text], [503, texts[at]])
      }
      await assertFine(client)
    })
  }

  test('it hears of wrong answers too', async (t) => {
    const client = await connectTo(t, 'answering')
    for (const path of ['/nothing', '/text', '/spent', '/wrong-length', '/async-nothing']) {
      const answer = await client.ask(request(`GET ${path}`))
      assert.equal(answer.status, 503, path)
      assert.match(answer.text, /^mended: \w/)
    }
    await assertFine(client)
  })

  for (const mode of ['quiet', 'quiet later']) {
    test(`${mode}: nothing given, an empty 500`, async (t) => {
      const client = await connectTo(t, mode)
      for (const path of ['/throw', '/reject']) {
        assertBytes((await client.ask(request(`GET ${path}`))).whole, PLAIN_500)
      }
      await assertFine(client)
    })
  }

  const failures = {
    throwing: 'Error: onError threw\\n +at ',
    rejecting: 'Error: onError rejected\\n +at ',
    wrong: "TypeError[\\s\\S]*code: 'ERR_INVALID_RESPONSE'[\\s\\S]*\\n}",
  }
  for (const [mode, text] of Object.entries(failures)) {
    for (const path of ['/throw', '/reject']) {
      test(`${mode} after ${path}: a 500, both errors on stderr`, async (t) => {
        const client = await connectTo(t, mode)
        assertBytes((await client.ask(request(`GET ${path}`))).whole, PLAIN_500)
        await program.takeError(
          told(path === '/throw' ? 'Error: thrown at once' : 'Error: rejected'),
        )
        await program.takeError(new RegExp(`onError failed too: ${text}[\\s\\S]*?\\n(?! )`))
        await assertFine(client)
      })
    }
  }
})

describe('a body that fails behind the head', () => {
  const head = 'HTTP/1.1 200 OK\r\n'
  const cases = {
    '/body-fails': 'Error: the body failed\\n +at ',
    '/body-fails-at-once': 'Error: the body never came\\n +at ',
    '/body-of-text': "TypeError: [\\s\\S]*code: 'ERR_INVALID_ARG_TYPE'\\n}",
    '/body-too-long': "Error: [\\s\\S]*code: 'HTTP_BODY_TOO_LONG'\\n}",
    '/body-too-short': "Error: [\\s\\S]*code: 'HTTP_BODY_TOO_SHORT'\\n}",
  }

  for (const [path, text] of Object.entries(cases)) {
    test(`${path}: the connection is cut, the error is on stderr`, async (t) => {
      const client = await connectTo(t)
      client.send(request(`GET ${path}`) + request('GET /fine'))
      const bytes = (await client.rest()).toString()
      assert.ok(bytes === '' || bytes.startsWith(head), bytes)
      assert.ok(!bytes.endsWith('0\r\n\r\n'), `the answer looks whole: ${bytes}`)
      assert.ok(!bytes.includes('fine'), 'nothing behind it is served')
      await program.takeError(
        new RegExp(`milouv: a Response body failed: ${text}[\\s\\S]*?\\n(?! )`),
      )
      await assertFine(await connectTo(t))
    })

    test(`${path}: onError is told`, async (t) => {
      const client = await connectTo(t, 'throwing')
      client.send(request(`GET ${path}`))
      await client.rest()
      await program.takeError(
        new RegExp(`milouv: a Response body failed: ${text}[\\s\\S]*?\\n(?! )`),
      )
      await program.takeError(/onError failed too: Error: onError threw[\s\S]*?\n(?! )/)
      await assertFine(await connectTo(t))
      const quiet = await connectTo(t, 'quiet')
      quiet.send(request(`GET ${path}`))
      await quiet.rest()
      await assertFine(await connectTo(t))
    })
  }
})
