// Which classes a test file gets to see.

import { recordRequests, servedRequests } from './served.mjs'

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })

const defineRequest = (Request) => define('Request', Request)

async function milouv() {
  const exported = await import('milouv')
  // Before it is replaced: milouv's wraps it.
  void globalThis.Request
  // As in an app: while a server listens, fetch and the platform's Request take milouv's, and
  // Response is milouv's.
  const server = new exported.HttpServer({ globals: 'fast' })
  server.listen(() => new exported.Response())
  server.unref()
  defineRequest(exported.Request)
  return exported
}

// milouv's headers are no class that one can construct: they come with a Response.
function headersOf(Response) {
  const { prototype } = globalThis.Headers
  const Headers = new Proxy(globalThis.Headers, {
    construct: (_target, [init]) =>
      new Response(null, init === undefined ? undefined : { headers: init }).headers,
  })
  Object.defineProperty(prototype, 'constructor', { value: Headers })
  return Headers
}

/**
 * What each way of running a file puts in the place of the platform's classes. What it returns is
 * asked at the end for what else there is to report.
 */
export const ways = {
  platform: async () => () => {},
  milouv: async () => {
    await milouv()
    return () => {}
  },
  headers: async () => {
    define('Headers', headersOf((await milouv()).Response))
    return () => {}
  },
  record: async () => {
    const recorded = recordRequests(defineRequest)
    return async () => ({ requests: await recorded() })
  },
  served: async ({ requests }) => {
    const count = await servedRequests(requests, await milouv(), defineRequest)
    return () => ({ served: count() })
  },
}
