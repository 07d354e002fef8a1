// What React Router's compiler would make of an app with these routes, written by hand.

import { createElement as h, Suspense, use } from 'react'
import { renderToReadableStream } from 'react-dom/server.browser'
import {
  createCookieSessionStorage,
  createRequestHandler,
  data,
  Outlet,
  redirect,
  ServerRouter,
  useActionData,
  useLoaderData,
  useRouteError,
} from 'react-router'

const { getSession, commitSession } = createCookieSessionStorage({
  cookie: { name: 'session', secrets: ['a secret of the tests'], path: '/' },
})
const sessionOf = (request) => getSession(request.headers.get('cookie'))
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const root = {
  default: () => h('html', null, h('body', null, h(Outlet))),
  ErrorBoundary() {
    const error = useRouteError()
    return h('html', null, h('body', null, `error ${error.status ?? error.message}`))
  },
}

const home = {
  async loader({ request }) {
    const session = await sessionOf(request)
    return data({ name: session.get('name') ?? 'nobody' }, { headers: { 'x-loaded': 'yes' } })
  },
  headers: ({ loaderHeaders }) => loaderHeaders,
  async action({ request }) {
    const form = await request.formData()
    if (form.get('name') === '') return data({ problem: 'no name' }, { status: 422 })
    const session = await sessionOf(request)
    session.set('name', form.get('name'))
    return redirect('/', { headers: { 'set-cookie': await commitSession(session) } })
  },
  default: function Home() {
    const { name } = useLoaderData()
    const problem = useActionData()?.problem
    return h('p', { id: 'name' }, problem ?? `Hello, ${name}`)
  },
}

const late = {
  loader: () => ({ late: pause(30).then(() => 'arrived late') }),
  default: function Late() {
    const { late: promise } = useLoaderData()
    return h(Suspense, { fallback: h('i', null, 'waiting') }, h(Arrived, { promise }))
  },
}
const Arrived = ({ promise }) => h('b', null, use(promise))

const resource = {
  loader: ({ request, params }) =>
    Response.json({ id: params.id, search: new URL(request.url).search, method: request.method }),
  action: async ({ request }) => new Response(request.body, { headers: { 'x-echo': 'yes' } }),
}

const failing = {
  loader({ params }) {
    if (params.how === 'response') throw new Response('gone', { status: 410 })
    throw new Error('on purpose')
  },
  default: () => null,
}

const route = (id, path, module, parentId = 'root') => ({ id, path, module, parentId })
const routes = {
  root: { id: 'root', path: '', module: root },
  home: { ...route('home', undefined, home), index: true },
  late: route('late', 'late', late),
  resource: route('resource', 'resource/:id', resource),
  failing: route('failing', 'failing/:how', failing),
}

const manifest = Object.entries(routes).map(([id, { module, ...more }]) => {
  const { loader, action, ErrorBoundary } = module
  const has = { hasLoader: loader !== undefined, hasAction: action !== undefined }
  return [
    id,
    {
      ...more,
      ...has,
      hasErrorBoundary: ErrorBoundary !== undefined,
      module: `/${id}.js`,
      imports: [],
    },
  ]
})

async function handleRequest(request, status, headers, context) {
  const element = h(ServerRouter, { context, url: request.url })
  const onError = () => {}
  const stream = await renderToReadableStream(element, { signal: request.signal, onError })
  headers.set('content-type', 'text/html')
  return new Response(stream, { status, headers })
}

const build = {
  entry: { module: { default: handleRequest, handleError() {} } },
  routes,
  assets: {
    entry: { module: '/entry.js', imports: [] },
    routes: Object.fromEntries(manifest),
    url: '/manifest.js',
    version: '1',
  },
  publicPath: '/',
  assetsBuildDirectory: '',
  future: {},
  ssr: true,
  isSpaMode: false,
  prerender: [],
  routeDiscovery: { mode: 'initial', manifestPath: '/__manifest' },
}

const handle = createRequestHandler(build, 'production')

export default { fetch: (request) => handle(request) }
