// One scene for each hook of the addon: what a client does so that the hook is called, and what a
// program does with the connection that would rather have its exchange end well.

import { deferred } from '../../lib/deferred.js'
import { KEY, openRegisters, registers } from '../../lib/registers.js'
import { call, listenBare } from './binding-calls.js'
import { RawClient, request } from './raw-client.js'
import { eventually } from './serve.js'

openRegisters()

const piece = new Uint8Array(1024 * 1024)
const WATCHED = 7
const STREAM = -1

/** Writes until the kernel takes no more, or nobody is there: far less than there is at most. */
function fill(write) {
  for (let left = 64; left > 0; left--) {
    const waiting = write(piece)
    if (typeof waiting !== 'number' || waiting < 0 || waiting > piece.length) return
  }
}

/** The path of a request's packed head. */
const pathOf = (head) => head.split(/[ \n]/)[1]

const answers = {
  '/text': (key) => call('respond', key, [200, '', 0, 'text', undefined]),
  '/body': (key) => call('readBody', key),
  '/wait': () => undefined,
  '/watch': (key) => {
    call('watchCompletion', key, [WATCHED, false])
    call('respond', key, [200, '', 0, 'text', undefined])
  },
  '/stream': (key) => {
    call('respond', key, [200, '', 0, STREAM, undefined])
    fill((data) => call('writeData', key, [data]))
  },
}

/** What a client does to bring each hook about, and what it sends. */
const http = {
  onRequest: { send: request('GET /text') },
  onBody: {
    send: request('POST /body', ['content-length: 4']),
    next: (client) => client.send('body'),
  },
  onDrain: { send: request('GET /stream'), paused: true, next: (client) => client.resume() },
  onAbort: { send: request('GET /wait'), next: (client) => client.reset() },
  onComplete: { send: request('GET /watch') },
  onClientError: { send: 'nonsense\r\n\r\n' },
  onConnection: { send: '' },
  onClosed: { send: request('GET /text'), closes: true },
}

const raw = {
  onOpen: { send: '' },
  onData: { send: 'bytes' },
  onDrain: { send: 'much', paused: true, next: (client) => client.resume() },
  onEnd: { send: 'bytes', next: (client) => client.end() },
  onClose: { send: 'bytes', next: (client) => client.reset() },
  onClosed: { send: 'bytes', closes: true },
}

export const scenes = { http, raw }

/** What a program does in each hook when nobody plays with it. */
const behaviour = {
  http: {
    onRequest: (key, head) => answers[pathOf(head)](key),
    onBody(key) {
      call('readBody', key)
      call('respond', key, [200, '', 0, 'text', undefined])
    },
    onDrain: (key) => call('endData', key),
  },
  raw: {
    onData(key, data) {
      const write = (bytes) => call('writeRaw', key, [bytes])
      if (`${data}` === 'much') fill(write)
      else write(data)
    },
    onEnd: (key) => call('endRaw', key),
  },
}

/** These hooks are not told of a connection. */
const KEYLESS = ['onComplete', 'onClientError', 'onConnection', 'onClosed']

/**
 * Plays a scene and calls `play({ key, listener })` from within its hook, the first time that is
 * called. Settles when the listener and all its connections have gone.
 */
export async function playScene(kind, name, play) {
  const { send, paused, next, closes } = scenes[kind][name]
  const begun = deferred()
  const played = deferred()
  const closed = deferred()
  const keys = { key: 0, listener: 0 }
  let plays = 0
  const hooks = {}
  const enter = (hook, args) => {
    if (kind === 'http' && hook === 'onRequest') keys.key = registers[KEY]
    else if (!KEYLESS.includes(hook)) keys.key = args[0]
    if (hook === name && plays++ === 0) played.resolve(guarded(() => play({ ...keys })))
    const told = hook === 'onRequest' ? [keys.key, ...args] : args
    behaviour[kind][hook]?.(...told)
    if (hook === 'onClosed') closed.resolve()
    // It comes before the client has said anything.
    if (hook !== 'onConnection') begun.resolve()
  }
  for (const hook of Object.keys(scenes[kind])) hooks[hook] = (...args) => enter(hook, args)
  const { key, port } = listenBare(kind, hooks)
  keys.listener = key
  const client = await RawClient.connect(port)
  if (paused) client.pause()
  if (send !== '') client.send(send)
  if (next !== undefined) {
    await begun.promise
    await next(client)
  }
  if (closes) {
    await begun.promise
    call('closeAllConnections', key)
    call('closeListener', key)
  }
  const failure = await played.promise
  await leave(client, key)
  await closed.promise
  if (failure !== undefined) throw failure
}

/** What a hook throws would end the process; the test is told instead. */
function guarded(body) {
  try {
    body()
  } catch (error) {
    return error
  }
}

/** The client goes, then the listener; whatever was done to them, they end. */
async function leave(client, listener) {
  await client.destroy()
  call('closeAllConnections', listener)
  call('closeListener', listener)
  await eventually(() => {
    if (call('listenerStats', listener) !== null) throw new Error('the listener is still there')
  })
}
