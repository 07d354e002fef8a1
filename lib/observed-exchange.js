// An exchange that somebody watches through node:diagnostics_channel. One message goes through all
// channels, so that a subscriber can keep what it knows of a request by it.

import { handling, requestStart, responseCreated, responseFinish } from './channels.js'
import { ConnectionInfo } from './connection-info.js'
import { Exchange } from './exchange.js'
import { createRequest } from './request.js'
import { isResponse } from './response.js'

export class ObservedExchange extends Exchange {
  #message
  #completed
  #announced
  // Asked at the start: who comes later must not hear of an end without a beginning.
  #isHeard = requestStart.hasSubscribers || responseFinish.hasSubscribers

  constructor(service, key, head, meta) {
    super(service, key, head, meta)
    this.request = createRequest(this)
    this.#message = {
      request: this.request,
      response: undefined,
      info: new ConnectionInfo(this),
      server: service.server,
      status: undefined,
      error: undefined,
      reason: undefined,
    }
  }

  /** Calls the handler; what it gives goes to `answer`, or `fail`. Neither throws. */
  serve(handler, answer, fail) {
    const message = this.#message
    // Whoever is told how it ended wants to know why.
    this.join()
    this.#completed = this.service.watchCompletion(this)
    handling.start.runStores(message, () => {
      let result
      let isPromise = false
      this.#begin()
      try {
        result = handler(message.request, message.info)
        isPromise = !isResponse(result) && typeof result?.then === 'function'
        if (!isPromise) answer(result)
      } catch (error) {
        this.#handlerFailed(error)
        fail(error)
      } finally {
        handling.end.publish(message)
      }
      if (!isPromise) return
      Promise.resolve(result).then(
        (response) => this.#resume(answer, response),
        (error) => {
          this.#handlerFailed(error)
          this.#resume(fail, error)
        },
      )
    })
  }

  watchCompletion() {
    return this.#completed
  }

  answering(response) {
    if (this.done || this.aborted !== null) return
    // A platform's Response comes twice: see toWire.
    if (response !== undefined && this.#announced === response) return
    this.#announced = response
    const message = this.#message
    message.response = undefined
    message.status = undefined
    if (typeof response?.status !== 'number') return
    message.response = response
    message.status = response.status
    responseCreated.publish(message)
  }

  answeringItself(status) {
    this.#message.response = undefined
    this.#message.status = status
  }

  failed(error) {
    this.#message.error ??= error
  }

  #begin() {
    if (this.#isHeard) requestStart.publish(this.#message)
    // What follows has the stores of AsyncLocalStorage of here, whoever settles it.
    this.#completed.then(
      () => this.#finish('finished'),
      (error) => {
        this.failed(error)
        this.#finish(error.code === 'ERR_RESPONSE_ABORTED' ? 'error' : 'aborted')
      },
    )
  }

  #handlerFailed(error) {
    this.failed(error)
    handling.error.publish(this.#message)
  }

  #resume(continuation, value) {
    handling.asyncStart.runStores(this.#message, () => {
      continuation(value)
      handling.asyncEnd.publish(this.#message)
    })
  }

  #finish(reason) {
    this.#message.reason = reason
    if (this.#isHeard) responseFinish.publish(this.#message)
  }
}
