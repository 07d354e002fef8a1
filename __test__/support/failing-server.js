// A program whose handlers fail in every way there is. It sends the ports of its servers.

import { inspect } from 'node:util'
import { HttpServer, Response } from 'milouv'

function streamOf(pieces, failure) {
  return new ReadableStream({
    pull(controller) {
      if (pieces.length > 0) controller.enqueue(pieces.shift())
      else if (failure === undefined) controller.close()
      else controller.error(failure)
    },
  })
}

async function spent() {
  const response = new Response(streamOf([Buffer.from('abc')]))
  await response.text()
  return response
}

/** A value that throws when somebody wants to see it. */
const unshowable = {
  [inspect.custom]() {
    throw new Error('not for your eyes')
  },
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A ponyfill's stream that throws when it is told that nobody wants it. */
const uncancelled = {
  getReader: () => ({
    read: async () => ({ done: true }),
    cancel() {
      throw new Error('cancel threw')
    },
  }),
}

const withLength = (body, length) => new Response(body, { headers: { 'content-length': length } })
const fails = (text) => Promise.reject(new Error(text))
const bytes = Buffer.from('piece')

const handlers = {
  '/fine': () => new Response('fine'),
  '/throw': () => {
    throw new Error('thrown at once')
  },
  '/reject': () => fails('rejected'),
  '/throw-text': () => {
    throw 'only text'
  },
  '/throw-nothing': () => {
    throw undefined
  },
  '/reject-nothing': () => Promise.reject(),
  '/throw-unshowable': () => {
    throw unshowable
  },
  '/reject-unshowable': () => Promise.reject(unshowable),
  '/throw-revoked': () => {
    throw revoked()
  },
  '/nothing': () => undefined,
  '/text': () => 'no Response',
  '/object': () => ({ status: 200 }),
  '/async-nothing': async () => undefined,
  '/network-error': () => Response.error(),
  '/native-network-error': () => globalThis.Response.error(),
  '/spent': spent,
  '/heir': () => Object.create(new Response('inherited')),
  '/proxy': () => new Proxy(new Response('behind a proxy'), {}),
  '/uncancelled': () => ({ status: 200, headers: [['content-length', 'x']], body: uncancelled }),
  '/wrong-length': () => withLength('abc', '5'),
  '/two-lengths': () => withLength('abc', '3, 3'),
  '/body-fails': () => new Response(streamOf([bytes], new Error('the body failed'))),
  '/body-fails-at-once': () => new Response(streamOf([], new Error('the body never came'))),
  '/body-of-text': () => new Response(streamOf([bytes, 'text'])),
  '/body-too-long': () => withLength(streamOf([bytes, bytes]), '7'),
  '/body-too-short': () => withLength(streamOf([bytes]), '7'),
  '/background': (_, info) => {
    info.waitUntil(fails('failed in the background'))
    return new Response('fine')
  },
  '/background-unshowable': (_, info) => {
    info.waitUntil(Promise.reject(unshowable))
    return new Response('fine')
  },
}

const modes = {
  plain: undefined,
  answering: (error) => new Response(`mended: ${error?.message ?? error}`, { status: 503 }),
  'answering later': async (error) => new Response(`later: ${error?.message}`, { status: 503 }),
  native: (error) => new globalThis.Response(`native: ${error?.message}`, { status: 503 }),
  quiet: () => undefined,
  'quiet later': async () => undefined,
  throwing: () => {
    throw new Error('onError threw')
  },
  rejecting: () => fails('onError rejected'),
  wrong: () => 'onError gave text',
}

const ports = {}
for (const [mode, onError] of Object.entries(modes)) {
  const server = new HttpServer({ onError })
  server.listen((req, info) => handlers[new URL(req.url).pathname](req, info))
  ports[mode] = server.port
}
process.send(ports)
