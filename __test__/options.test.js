// Wrong arguments to every public constructor and method: the error says which argument, what it
// takes and what it got, and has a code for programs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { HttpParser, HttpServer, InboundTcpSocket, TcpConnection } from 'milouv'
import { pair } from './support/raw-socket.js'
import { deferred, serve } from './support/serve.js'

const TYPE = [TypeError, 'ERR_INVALID_ARG_TYPE']
const VALUE = [TypeError, 'ERR_INVALID_ARG_VALUE']
const RANGE = [RangeError, 'ERR_OUT_OF_RANGE']
const UNKNOWN = [TypeError, 'ERR_UNKNOWN_OPTION']

/** `call` must throw that kind of error, and its message begin with the argument's name. */
function assertRefuses(call, [ErrorClass, code], name) {
  assert.throws(call, (error) => {
    assert.equal(error.constructor, ErrorClass, error.stack)
    assert.equal(error.code, code)
    assert.ok(error.message.startsWith(`${name} `), error.message)
    assert.ok(error.message.length > name.length + 15, error.message)
    return true
  })
}

const noBoolean = [0, 1, 'true', null, {}, Symbol('s')]
const noNumber = ['1', true, null, {}, [], 1n, () => {}, Symbol('s')]
const noWhole = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

/** Cases for a number option; `min` and `max` themselves are taken. */
function number(min, max) {
  return {
    good: [min, max],
    bad: [
      [TYPE, noNumber],
      [RANGE, [...noWhole, min - 1, max + 1]],
    ],
  }
}

const boolean = { good: [true, false], bad: [[TYPE, noBoolean]] }
const callback = { good: [() => {}, async () => {}], bad: [[TYPE, [null, 1, 'f', {}, []]]] }
const size = {
  good: [0, 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY],
  bad: [
    [TYPE, noNumber],
    [RANGE, [-1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1, Number.NEGATIVE_INFINITY]],
  ],
}

const INT32 = 2 ** 31 - 1
const UINT32 = 2 ** 32 - 1

const socketOptions = {
  hostname: {
    good: ['127.0.0.1', 'localhost', '::1', '[::1]', '0.0.0.0'],
    bad: [
      [TYPE, [null, 1, {}, ['127.0.0.1'], true, new URL('http://a/'), Symbol('s')]],
      [VALUE, ['', 'a\0b']],
    ],
  },
  port: number(0, 65_535),
  backlog: number(1, INT32),
  reusePort: boolean,
  ipv6Only: boolean,
  noDelay: boolean,
  path: {
    good: ['/run/a.sock', 'relative', ...(process.platform === 'linux' ? ['\0name'] : [])],
    bad: [
      [TYPE, [null, 1, {}, ['a'], true, new URL('file:///a')]],
      [VALUE, ['', '\0', 'a\0b', '\0a\0b']],
    ],
  },
  // They need a path: see socket-files.test.js.
  readableAll: { good: [false], bad: boolean.bad },
  writableAll: { good: [false], bad: boolean.bad },
  keepAlive: {
    good: [true, false, 0, 1, 32_767],
    bad: [
      [TYPE, ['1', null, {}, 1n]],
      [RANGE, [...noWhole, 32_768]],
    ],
  },
}

const parserOptions = {
  maxHeaderSize: number(1, INT32),
  maxHeadersCount: number(1, UINT32),
  maxRequestBodySize: size,
}

const limits = {
  ...parserOptions,
  maxConnections: number(0, UINT32),
  maxRequestsPerConnection: number(0, UINT32),
}

const overload = {
  maxConcurrentRequests: number(0, UINT32),
  retryAfter: number(0, INT32),
}

const timeouts = {
  headers: number(0, INT32),
  receive: number(0, INT32),
  send: number(0, INT32),
  idle: number(0, INT32),
}

const serverOptions = {
  ...socketOptions,
  signal: {
    good: [AbortSignal.abort(), new AbortController().signal],
    bad: [[TYPE, [null, {}, true, new AbortController()]]],
  },
  httpVersion: {
    good: ['1.1'],
    bad: [
      [TYPE, [1.1, null, {}]],
      [VALUE, ['', '1.0', 'HTTP/1.1']],
    ],
  },
  highWaterMark: number(1024, 1024 ** 3),
  onError: callback,
  onClientError: callback,
  globals: {
    good: ['compat', 'fast', 'none'],
    bad: [
      [TYPE, [null, true, 1, {}]],
      [VALUE, ['', 'all', 'Compat']],
    ],
  },
}

/** `make` with each good and each bad value of each option; `wrap` puts it in its place. */
function testOptions(schema, make, prefix = 'options', wrap = (options) => options) {
  for (const [name, { good, bad }] of Object.entries(schema)) {
    test(`${prefix}.${name}`, () => {
      for (const value of [undefined, ...good]) make(wrap({ [name]: value }))
      for (const [kind, values] of bad) {
        for (const value of values) {
          const given = wrap({ [name]: value })
          assertRefuses(() => make(given), kind, `${prefix}.${name}`)
        }
      }
    })
  }
  test(`${prefix} of another name or kind`, () => {
    const name = `${prefix}.prot`
    assertRefuses(() => make(wrap({ prot: 1 })), UNKNOWN, name)
    assertRefuses(() => make(wrap({ prot: undefined })), UNKNOWN, name)
    for (const known of Object.keys(schema)) {
      assert.throws(() => make(wrap({ prot: 1 })), { message: new RegExp(`\\b${known}\\b`) })
    }
    for (const value of [null, 1, 'a', true, [], () => {}, 1n]) {
      assertRefuses(() => make(wrap(value)), TYPE, prefix)
    }
    make(wrap(undefined))
    make(wrap({}))
    make(wrap(Object.create(null)))
  })
}

describe('new InboundTcpSocket', () => {
  testOptions(socketOptions, (options) => new InboundTcpSocket(options))
})

describe('new HttpParser', () => {
  testOptions(parserOptions, (options) => new HttpParser(options))
})

describe('new HttpServer', () => {
  const make = (options) => new HttpServer(options)
  testOptions(serverOptions, make)
  testOptions(limits, make, 'options.limits', (options) => ({ limits: options }))
  testOptions(timeouts, make, 'options.timeouts', (options) => ({ timeouts: options }))
  testOptions(overload, make, 'options.overload', (options) => ({ overload: options }))

  test('HTTP/2 and HTTP/3 are not there, and that is what it says', () => {
    for (const httpVersion of ['2', '3']) {
      assert.throws(() => make({ httpVersion }), {
        name: 'TypeError',
        code: 'ERR_NOT_SUPPORTED',
        message: `options.httpVersion: HTTP/${httpVersion} is not supported`,
      })
    }
  })
})

describe('listen', () => {
  test('of InboundTcpSocket takes a function or handlers, nothing else', () => {
    const socket = new InboundTcpSocket()
    for (const value of [undefined, null, 1, 'f', true, Symbol('s'), []]) {
      assertRefuses(() => socket.listen(value), TYPE, 'listener')
    }
    for (const name of ['open', 'data', 'drain', 'end', 'close']) {
      for (const value of [null, 1, 'f', {}, true]) {
        assertRefuses(() => socket.listen({ [name]: value }), TYPE, `listener.${name}`)
      }
    }
    assert.equal(socket.address(), null)
  })

  test('of HttpServer takes a function or an app with fetch, nothing else', () => {
    const server = new HttpServer()
    const values = [undefined, null, 1, 'f', true, {}, [], { fetch: 1 }, { handle() {} }]
    for (const value of values) {
      assertRefuses(() => server.listen(value), TYPE, 'handler')
    }
    assert.equal(server.listening, false)
  })
})

test('what cannot be shown is refused as clearly', () => {
  const explode = () => {
    throw new Error('not for your eyes')
  }
  const values = [
    Object.defineProperty({}, Symbol.toStringTag, { get: explode }),
    { [inspect.custom]: explode },
    Object.defineProperty(() => {}, 'name', { get: explode }),
    Object.defineProperty(() => {}, 'name', { value: Symbol('s') }),
  ]
  const { proxy, revoke } = Proxy.revocable(() => {}, {})
  revoke()
  for (const value of [...values, proxy]) {
    assertRefuses(() => new InboundTcpSocket({ port: value }), TYPE, 'options.port')
    assertRefuses(
      () => new HttpServer({ timeouts: { idle: value } }),
      TYPE,
      'options.timeouts.idle',
    )
    assertRefuses(() => new HttpParser().execute(value), TYPE, 'bytes')
  }
})

test('close of HttpServer takes a timeout and a grace', async () => {
  const server = new HttpServer()
  for (const name of ['timeout', 'grace']) {
    for (const value of noNumber) {
      assertRefuses(() => server.close({ [name]: value }), TYPE, `options.${name}`)
    }
    for (const value of [...noWhole, 2 ** 31]) {
      assertRefuses(() => server.close({ [name]: value }), RANGE, `options.${name}`)
    }
    await server.close({ [name]: undefined })
    await server.close({ [name]: 1 })
  }
  for (const value of [null, 1, []]) assertRefuses(() => server.close(value), TYPE, 'options')
  assertRefuses(() => server.close({ timeOut: 1 }), UNKNOWN, 'options.timeOut')
  for (const options of [undefined, {}, { timeout: undefined }, { timeout: 0 }]) {
    await server.close(options)
  }
})

test('execute of HttpParser takes bytes', () => {
  const parser = new HttpParser()
  const values = [undefined, null, 1, 'GET', {}, [], new ArrayBuffer(4), new Uint16Array(4)]
  // What only looks like an array of bytes is none, whatever instanceof says.
  const disguised = Object.create(Uint8Array.prototype)
  for (const value of [...values, new DataView(new ArrayBuffer(4)), disguised]) {
    assertRefuses(() => parser.execute(value), TYPE, 'bytes')
  }
  const foreign = runInNewContext('new Uint8Array([71, 69, 84])')
  for (const value of [new Uint8Array(0), Buffer.alloc(0), foreign]) {
    assert.deepEqual(parser.execute(value), [])
  }
  const [error] = parser.finish()
  assert.equal(error.offset, 3)
})

describe('TcpConnection', () => {
  test('cannot be made', () => {
    const expected = { name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' }
    assert.throws(() => new TcpConnection(), expected)
    assert.throws(() => new TcpConnection(Symbol('constructing'), 1), expected)
  })

  test('write and end take text and bytes', async (t) => {
    const { client, connection } = await pair(t)
    const disguised = Object.create(Uint8Array.prototype)
    const values = [null, 1, true, {}, [], new ArrayBuffer(4), new Uint16Array(4), disguised]
    for (const value of [...values, Symbol('s')]) {
      assertRefuses(() => connection.write(value), TYPE, 'data')
      assertRefuses(() => connection.end(value), TYPE, 'data')
    }
    assertRefuses(() => connection.write(), TYPE, 'data')
    assert.equal(connection.readyState, 'open')
    connection.write(runInNewContext('new Uint8Array([111])'))
    connection.end('k')
    assert.equal((await client.rest()).toString(), 'ok')
  })

  test('its settings take booleans and whole numbers', async (t) => {
    const { connection } = await pair(t)
    for (const value of noBoolean) {
      assertRefuses(() => connection.setNoDelay(value), TYPE, 'enable')
      assertRefuses(() => connection.setKeepAlive(value), TYPE, 'enable')
    }
    for (const value of noNumber) {
      assertRefuses(() => connection.setKeepAlive(true, value), TYPE, 'seconds')
      assertRefuses(() => connection.setTimeout(value), TYPE, 'ms')
    }
    assertRefuses(() => connection.setTimeout(), TYPE, 'ms')
    for (const value of noWhole) {
      assertRefuses(() => connection.setKeepAlive(true, value), RANGE, 'seconds')
      assertRefuses(() => connection.setTimeout(value), RANGE, 'ms')
    }
    assertRefuses(() => connection.setKeepAlive(true, 32_768), RANGE, 'seconds')
    assertRefuses(() => connection.setTimeout(2 ** 31), RANGE, 'ms')
    assert.equal(connection.readyState, 'open')
  })
})

test('what a handler is told checks its arguments', async (t) => {
  const outcome = deferred()
  const { url } = serve(t, (_request, info) => {
    try {
      for (const value of [undefined, null, 1, {}, () => {}]) {
        assertRefuses(() => info.waitUntil(value), TYPE, 'promise')
      }
      for (const value of noNumber) {
        assertRefuses(() => info.sendInformational(value), TYPE, 'status')
      }
      for (const value of [...noWhole, 99, 101, 200]) {
        assertRefuses(() => info.sendInformational(value), RANGE, 'status')
      }
      outcome.resolve('all refused')
    } catch (error) {
      outcome.resolve(error)
    }
    return new Response('ok')
  })
  assert.equal(await (await fetch(url)).text(), 'ok')
  assert.equal(await outcome.promise, 'all refused')
})

test('classes are made with new, and methods belong to their objects', () => {
  for (const Class of [InboundTcpSocket, TcpConnection, HttpParser, HttpServer]) {
    assert.throws(() => Class(), { name: 'TypeError', message: /without 'new'/ })
    for (const [name, member] of Object.entries(
      Object.getOwnPropertyDescriptors(Class.prototype),
    )) {
      if (name === 'constructor') continue
      const call = member.get ?? member.value
      assert.throws(() => call.call({}, new Uint8Array(1)), { name: 'TypeError' }, name)
    }
  }
})
