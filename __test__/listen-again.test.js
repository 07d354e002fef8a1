// Closing and failing to listen leave everything as it was, so that one can listen again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpServer, Response } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { serve } from './support/serve.js'

const hello = () => new Response('hello')
const textOf = async (server) => (await fetch(server.url)).text()

test('close with a time limit does not wait for background work that never ends', async (t) => {
  const server = new HttpServer()
  t.after(() => server.close({ timeout: 0 }))
  server.listen((_, info) => {
    info.waitUntil(new Promise(() => {}))
    return hello()
  })
  assert.equal(await textOf(server), 'hello')
  await server.close({ timeout: 50 })
  assert.equal(server.listening, false)

  server.listen(hello)
  assert.equal(await textOf(server), 'hello')
  // What the first handler waits for is not this one's.
  await server.close()
})

test('a time limit given later counts for a close that waits', async () => {
  const server = new HttpServer()
  server.listen((_, info) => {
    info.waitUntil(new Promise(() => {}))
    return hello()
  })
  await textOf(server)
  const first = server.close()
  await Promise.all([first, server.close({ timeout: 20 })])
  assert.equal(server.listening, false)
})

test('listen that fails leaves the globals untouched', (t) => {
  const { port } = serve(t, hello, { globals: 'none' })
  const names = ['Request', 'Response', 'fetch']
  const descriptors = () => names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
  // Node's own accessors load the classes when they are looked at, and become plain values then.
  for (const name of names) assert.ok(globalThis[name])
  const before = descriptors()
  for (const globals of ['compat', 'fast']) {
    const server = new HttpServer({ port, globals })
    assert.throws(() => server.listen(hello), { code: 'EADDRINUSE' })
    assert.throws(() => new HttpServer({ globals }).listen('no handler'))
    const signal = AbortSignal.abort(new Error('aborted before'))
    assert.throws(() => new HttpServer({ globals, signal }).listen(hello), /aborted before/)
    assert.deepEqual(descriptors(), before)
  }
})

// What is immovable stays so: each has a process of its own.
for (const name of ['Response', 'Request', 'fetch']) {
  test(`an immovable globalThis.${name} is left alone`, async (t) => {
    const source = `
      import { HttpServer, Response } from ${JSON.stringify(indexUrl)}
      const own = globalThis[${JSON.stringify(name)}]
      Object.defineProperty(globalThis, ${JSON.stringify(name)}, {
        value: own, writable: false, configurable: false, enumerable: false,
      })
      const server = new HttpServer({ globals: 'fast' })
      server.listen((req) => new Response(new URL(req.url).pathname))
      const text = await (await fetch(server.url + 'path')).text()
      const kept = globalThis[${JSON.stringify(name)}] === own
      await server.close()
      server.listen(() => new Response('again'))
      const again = await (await fetch(server.url)).text()
      await server.close()
      console.log(JSON.stringify({ text, kept, again }))
      // fetch keeps its connections for a while.
      process.exit()
    `
    const child = new Child(t, source)
    assert.deepEqual(await child.message(), { text: '/path', kept: true, again: 'again' })
  })
}
