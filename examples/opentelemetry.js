// Spans of OpenTelemetry for every request, made by a subscriber: the server knows nothing of it.
// Needs: npm install @opentelemetry/api @opentelemetry/sdk-trace-node

import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import {
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { HttpServer, Response } from 'milouv'

// OpenTelemetry's contexts live in a storage of ours, which can be bound to the server's channel.
const storage = new AsyncLocalStorage()
const contextManager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...args) => storage.run(active, () => work.call(self, ...args)),
  bind(active, target) {
    if (typeof target !== 'function') return target
    return (...args) => storage.run(active, target, ...args)
  },
  enable: () => contextManager,
  disable: () => contextManager,
}

const exporter = new ConsoleSpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
// Besides: from service to service, contexts go by the header field `traceparent`.
provider.register({ contextManager })
const tracer = trace.getTracer('milouv-example')

const spans = new WeakMap()
const getter = { get: (headers, name) => headers.get(name), keys: (headers) => [...headers.keys()] }

/** The span of a request, below that of its client if it sent one. */
function startSpan(message) {
  const { request, info } = message
  const { pathname, search, protocol, hostname, port } = new URL(request.url)
  const parent = propagation.extract(context.active(), request.headers, getter)
  const attributes = {
    'http.request.method': request.method,
    'url.scheme': protocol.slice(0, -1),
    'url.path': pathname,
    'server.address': hostname,
    'client.address': info.remoteAddress.address,
    'network.protocol.version': info.httpVersion,
  }
  if (search !== '') attributes['url.query'] = search.slice(1)
  if (port !== '') attributes['server.port'] = Number(port)
  const agent = request.headers.get('user-agent')
  if (agent !== null) attributes['user_agent.original'] = agent
  const span = tracer.startSpan(request.method, { kind: SpanKind.SERVER, attributes }, parent)
  spans.set(message, span)
  return trace.setSpan(parent, span)
}

/** Also where the client has left: then there may be no status, but there is an error. */
function endSpan(message) {
  const { status, error, reason } = message
  const span = spans.get(message)
  if (span === undefined) return
  if (status !== undefined) span.setAttribute('http.response.status_code', status)
  if (reason !== 'finished' || status >= 500) {
    span.setAttribute('error.type', String(error?.code ?? error?.name ?? status))
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
  }
  if (error instanceof Error) span.recordException(error)
  span.end()
}

// What the handler does is below the span of its request.
tracingChannel('milouv.server.handler').start.bindStore(storage, startSpan)
subscribe('milouv.server.response.finish', endSpan)

const server = new HttpServer({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
  onError: () => new Response('sorry\n', { status: 500 }),
})

server.listen(async (request) => {
  const { pathname } = new URL(request.url)
  if (pathname === '/fail') throw new TypeError('it does so on purpose')
  if (pathname === '/slow') await setTimeout(10_000, undefined, { signal: request.signal })
  return tracer.startActiveSpan('work', (span) => {
    const { traceId } = span.spanContext()
    span.end()
    return new Response(`${traceId}\n`)
  })
})

console.log(`listening on ${server.url}`)
console.log(`try: curl -i ${server.url}`)
