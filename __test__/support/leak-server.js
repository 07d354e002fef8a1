// A server with one handler for each kind of request and answer, that tells what it holds.

import { HttpParser, HttpServer, InboundTcpSocket, Request, Response } from 'milouv'

const troubles = []
process.on('warning', (warning) => troubles.push(`${warning}`))
process.on('unhandledRejection', (error) => troubles.push(`unhandled: ${error?.stack}`))
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${error?.stack}`))

const HEAD = Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
const LARGE = new Uint8Array(100_000)
const stream = (...pieces) =>
  new ReadableStream({
    pull(controller) {
      if (pieces.length === 0) return controller.close()
      controller.enqueue(pieces.shift())
    },
  })
async function readInto(reader) {
  let text = ''
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(3))
    if (done) return text
    text += Buffer.from(value).toString()
  }
}
async function* words() {
  yield 'some '
  yield 'words'
}

const kinds = {
  text: () => new Response('text'),
  json: ({ url, headers }) => Response.json({ url, agent: headers.get('user-agent') }),
  async later() {
    await null
    return new Response('later')
  },
  native: () => new globalThis.Response('native', { headers: { 'x-a': 'b' } }),
  large: () => new Response(LARGE),
  stream: () => new Response(stream(LARGE.subarray(0, 1000), LARGE.subarray(0, 10))),
  iterable: () => new Response(words()),
  trailers: () => new Response('text', { trailers: Promise.resolve({ 'x-sum': '1' }) }),
  blob: () => new Response(new Blob(['blob'])),
  clone: (request) => new Response(request.clone().headers.get('host')),
  platform: (request) => new Response(new globalThis.Request(request).method),
  signal({ signal }, info) {
    signal.addEventListener('abort', () => troubles.push('a signal aborted'))
    info.completed.catch(({ code }) => troubles.push(`not completed: ${code}`))
    info.waitUntil(info.completed)
    return new Response(stream(LARGE.subarray(0, 10)))
  },
  early(_request, info) {
    info.sendInformational(103, { link: '</a>' })
    return new Response(info.remoteAddress.address)
  },
  fails() {
    throw new Error('as it was asked to')
  },
  unread: () => new Response('the body was not read'),
  body: async (request) => new Response(await request.text()),
  bytes: async (request) => new Response(await request.arrayBuffer()),
  form: async (request) => new Response((await request.formData()).get('a')),
  echo: ({ body }) => new Response(body),
  byob: async ({ body }) => new Response(await readInto(body.getReader({ mode: 'byob' }))),
  async cancelled({ body }) {
    await body.cancel()
    return new Response('cancelled')
  },
  async tee(request) {
    const copy = request.clone()
    return new Response((await request.text()) + (await copy.text()))
  },
  async fields(request, info) {
    await request.text()
    return new Response((await info.trailers).get('x-sum'))
  },
  parsers() {
    for (let left = 40; left > 0; left--) new HttpParser().execute(HEAD)
    return new Response('40 parsers')
  },
  made: () => new Response(new Request('http://a/', { method: 'POST', body: 'made' }).body),
}

const server = new HttpServer({ onError: () => new Response('it failed', { status: 500 }) })
server.listen((request, info) => {
  const kind = new URL(request.url).pathname.slice(1)
  return kind === 'report' ? report() : kinds[kind](request, info)
})

const raw = {
  handlers: new InboundTcpSocket().listen({ data: (connection, bytes) => connection.end(bytes) }),
  function: new InboundTcpSocket().listen(({ data }, connection) => connection.end(data)),
}

async function report() {
  // Twice, with a turn between: finalizers let go of what they stood for.
  for (let round = 0; round < 3; round++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo().length
  const connections =
    server.stats().connections.open + raw.handlers.connections + raw.function.connections
  // About what is neither V8's heap nor known to it: the addon's own, above all.
  const native = rss - heapTotal - external
  return Response.json({ heapUsed, external, native, resources, troubles, connections })
}

process.send({ http: server.port, handlers: raw.handlers.port, function: raw.function.port })
