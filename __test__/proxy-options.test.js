// What `proxyProtocol`, `trustProxy` and `forwardedBy` take, and how they refuse the rest: the
// error says which option, and has a code for programs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HttpServer, InboundTcpSocket } from 'milouv'

const TYPE = [TypeError, 'ERR_INVALID_ARG_TYPE']
const VALUE = [TypeError, 'ERR_INVALID_ARG_VALUE']
const RANGE = [RangeError, 'ERR_OUT_OF_RANGE']
const UNKNOWN = [TypeError, 'ERR_UNKNOWN_OPTION']

const noWhole = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]
const noAddress = [
  ...['', 'localhost', '127.0.0', '127.0.0.1/', '127.0.0.1/33', '::1/129', '10.0.0.0/08'],
  ...['10.0.0.0/8/8', '10.0.0.0/-1', '::ffff:127.0.0.1', 'fe80::1%lo', '127.0.0.1:80', '[::1]'],
  ...[['127.0.0.1', ''], ['Loopback'], '127.0.0.1,', 'unix,x', 'true'],
]
const lists = ['127.0.0.1', 'loopback, 10.0.0.0/8', [], ['::/0', 'linklocal', 'uniquelocal']]

/** Each option: what it takes, and by which error it refuses what it does not. */
const OPTIONS = {
  proxyProtocol: [
    [undefined, false, { trust: true }],
    [[TYPE, [null, true, 1, '127.0.0.1', ['127.0.0.1'], () => {}]]],
  ],
  'proxyProtocol.trust': [
    [true, ...lists],
    [
      [TYPE, [undefined, false, null, 1, {}, [1], ['::1', null], () => true]],
      [VALUE, [...noAddress, 'unix']],
    ],
  ],
  'proxyProtocol.timeout': [
    [undefined, 0, 2 ** 31 - 1],
    [
      [TYPE, [null, '1', true, {}]],
      [RANGE, [...noWhole, 2 ** 31]],
    ],
  ],
  trustProxy: [
    [undefined, true, false, 0, 1, 2 ** 32 - 1, () => true, 'unix', ...lists],
    [
      [TYPE, [null, {}, [1], ['::1', null], 1n, Symbol('s')]],
      [VALUE, noAddress],
      [RANGE, [...noWhole, 2 ** 32]],
    ],
  ],
  forwardedBy: [
    [undefined, 'x-forwarded', 'forwarded'],
    [
      [TYPE, [null, true, ['forwarded']]],
      [VALUE, ['', 'Forwarded', 'x-forwarded-for']],
    ],
  ],
}

/** `{ a: { b: value } }` of `a.b`, with a proxy that is trusted unless that is what is asked. */
function optionsOf(name, value) {
  const [outer, inner] = name.split('.')
  return { [outer]: inner === undefined ? value : { trust: true, [inner]: value } }
}

function assertRefuses(call, [ErrorClass, code], name) {
  assert.throws(call, (error) => {
    assert.equal(error.constructor, ErrorClass, error.stack)
    assert.equal(error.code, code)
    assert.ok(error.message.startsWith(`options.${name} `), error.message)
    return true
  })
}

describe('takes what is right and refuses the rest', () => {
  for (const [name, [good, bad]] of Object.entries(OPTIONS)) {
    const ofSocket = name.startsWith('proxyProtocol') ? [InboundTcpSocket] : []
    for (const Class of [HttpServer, ...ofSocket]) {
      test(`${Class.name}: ${name}`, () => {
        for (const value of good) new Class(optionsOf(name, value))
        for (const [kind, values] of bad) {
          for (const value of values) {
            const make = () => new Class(optionsOf(name, value))
            assertRefuses(make, kind, name)
          }
        }
      })
    }
  }

  test('names of other options', () => {
    const make = () => new HttpServer(optionsOf('proxyProtocol.trusts', true))
    assertRefuses(make, UNKNOWN, 'proxyProtocol.trusts')
    for (const name of ['trustProxy', 'forwardedBy']) {
      assertRefuses(() => new InboundTcpSocket({ [name]: undefined }), UNKNOWN, name)
    }
  })

  test('at a path nobody has to be trusted by name', () => {
    for (const Class of [HttpServer, InboundTcpSocket]) {
      new Class({ path: '/run/a.sock', proxyProtocol: {} })
      assertRefuses(() => new Class({ proxyProtocol: {} }), TYPE, 'proxyProtocol.trust')
      const list = { path: '/run/a.sock', proxyProtocol: { trust: 'loopback' } }
      assertRefuses(() => new Class(list), VALUE, 'proxyProtocol.trust')
    }
  })

  test('at an abstract name, to which anybody may connect, all have to be', () => {
    for (const Class of [HttpServer, InboundTcpSocket]) {
      const make = (proxyProtocol) => new Class({ path: '\0milouv-test', proxyProtocol })
      make({ trust: true })
      for (const other of [{}, { trust: '127.0.0.1' }]) {
        assertRefuses(() => make(other), VALUE, 'proxyProtocol.trust')
      }
    }
  })
})
