// Everything that the channels of node:diagnostics_channel tell of one server.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventually, serveRaw } from './serve.js'

const PREFIX = 'milouv.server.'
const CHANNELS = ['request.start', 'response.created', 'response.finish', 'request.refused']
const TRACED = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

export class Watched {
  /** What was told, in its order: the channel's name without its prefix, and the message. */
  log = []
  server = undefined
  /** Called with each, as a subscriber that does something about it. */
  onTold = () => {}
  #names

  /** Without `traced`, nobody listens to the TracingChannel. */
  constructor(t, { traced = false, channels = CHANNELS } = {}) {
    const handlers = traced ? TRACED.map((name) => `tracing:${PREFIX}handler:${name}`) : []
    this.#names = [...channels.map((name) => PREFIX + name), ...handlers]
    for (const name of this.#names) subscribe(name, this.#hear)
    t.after(() => this.stop())
  }

  stop() {
    for (const name of this.#names) unsubscribe(name, this.#hear)
  }

  #hear = (message, name) => {
    if (this.server !== undefined && message.server !== this.server) return
    const told = name.replace(PREFIX, '')
    this.log.push({ name: told, message })
    this.onTold(told, message)
  }

  names() {
    return this.log.map(({ name }) => name)
  }

  told(wanted) {
    return this.log.filter(({ name }) => name === wanted).map(({ message }) => message)
  }

  get starts() {
    return this.told('request.start')
  }

  get finishes() {
    return this.told('response.finish')
  }

  /** Waits until so many requests are over; each has to be told of once at either end. */
  async over(count) {
    await eventually(() => assert.equal(this.finishes.length, count))
    this.assertPaired()
    assert.equal(this.starts.length, count)
    return this.finishes
  }

  assertPaired() {
    const { starts, finishes } = this
    assert.equal(new Set(starts).size, starts.length, 'a request started twice')
    assert.equal(new Set(finishes).size, finishes.length, 'a request ended twice')
    for (const message of finishes) assert.ok(starts.includes(message), 'an end without a start')
  }
}

/** A server, watched, with a raw client that is connected to it. */
export async function watch(t, handler, options = {}, watching = {}) {
  const watched = new Watched(t, watching)
  const { server, client } = await serveRaw(t, handler, options)
  watched.server = server
  return { watched, server, client }
}

/** A body that fails at once. */
export const brokenBody = () =>
  new ReadableStream({
    pull(controller) {
      controller.error(new Error('the body failed'))
    },
  })
