// Raw sockets that a test starts and that are gone when it ends.

import { InboundTcpSocket } from 'milouv'
import { RawClient } from './raw-client.js'

const NAMES = ['open', 'data', 'drain', 'end', 'close']

/** Listens on a free port until the test is over. */
export function listen(t, listener, options = {}) {
  const socket = new InboundTcpSocket(options).listen(listener)
  t.after(() => socket.close())
  return socket
}

/** A client of a raw socket, gone with the test. */
export async function connectTo(t, { port }, options = {}) {
  const client = await RawClient.connect(port, options)
  t.after(() => client.destroy())
  return client
}

/** Handlers that write down what they are told, so that a test can wait for it in order. */
export class Recorder {
  /** The handlers' names, in the order of the calls. */
  log = []
  handlers = {}
  #queues = new Map()

  /** `end` is only there where it is given: without it a connection ends by itself. */
  constructor(given = {}) {
    for (const name of NAMES) {
      if (name === 'end' && given.end === undefined) continue
      this.#queues.set(name, { arrived: [], waiting: [] })
      this.handlers[name] = (...args) => {
        this.log.push(name)
        this.#arrive(name, args)
        return given[name]?.(...args)
      }
    }
  }

  /** The arguments of the first call of that name that nobody has waited for yet. */
  next(name) {
    const { arrived, waiting } = this.#queues.get(name)
    if (arrived.length > 0) return Promise.resolve(arrived.shift())
    return new Promise((resolve) => waiting.push(resolve))
  }

  /** All bytes of the `data` calls nobody has waited for, until there are `count`. */
  async bytes(count) {
    const pieces = []
    for (let length = 0; length < count; length += pieces.at(-1).length) {
      const [, bytes] = await this.next('data')
      pieces.push(bytes)
    }
    return Buffer.concat(pieces)
  }

  #arrive(name, args) {
    const { arrived, waiting } = this.#queues.get(name)
    if (waiting.length > 0) waiting.shift()(args)
    else arrived.push(args)
  }
}

/** A recorded socket with one client; `connection` is our end of it. */
export async function pair(t, given = {}, { client: clientOptions, ...options } = {}) {
  const recorder = new Recorder(given)
  const socket = listen(t, recorder.handlers, options)
  const client = await connectTo(t, socket, clientOptions)
  const [connection] = await recorder.next('open')
  return { recorder, socket, client, connection }
}

let made = Buffer.alloc(0)

/** Bytes in which every stretch differs from its neighbours, so that a mix-up shows. */
export function pattern(length) {
  if (made.length < length) {
    made = Buffer.alloc(length + 4)
    for (let at = 0; at < length; at += 4) made.writeInt32LE(Math.imul(at, 0x9e3779b1), at)
  }
  return Buffer.from(made.subarray(0, length))
}
