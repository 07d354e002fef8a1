// What milouv tells of requests and connections to whoever subscribes, through
// node:diagnostics_channel. The names are node:http's behind a prefix of our own: who listens to
// `http.server.request.start` counts on an IncomingMessage, a socket and a server with events.

import { channel, tracingChannel } from 'node:diagnostics_channel'

/** A request is about to reach the handler. */
export const requestStart = channel('milouv.server.request.start')
/** There is an answer, and none of it is sent. */
export const responseCreated = channel('milouv.server.response.created')
/** The request is over, however it ended. */
export const responseFinish = channel('milouv.server.response.finish')
/** A request was refused, as `onClientError` is told. */
export const requestRefused = channel('milouv.server.request.refused')
/** An InboundTcpSocket has accepted a connection. */
export const serverSocket = channel('milouv.server.socket')
/** The work of the handler, and what follows from it. */
export const handling = tracingChannel('milouv.server.handler')

const { start, end, asyncStart, asyncEnd, error } = handling

/** Asked once for each request, and nothing more where nobody listens. */
export function isObserved() {
  return (
    requestStart.hasSubscribers ||
    responseFinish.hasSubscribers ||
    responseCreated.hasSubscribers ||
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}
