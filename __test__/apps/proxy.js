// A reverse proxy in the ways that people write one.

export default (upstream) => (request) => {
  const { pathname, search } = new URL(request.url)
  const [, way, ...path] = pathname.split('/')
  const url = new URL(`/${path.join('/')}${search}`, upstream)
  return ways[way](url, request)
}

const ways = {
  request: (url, request) => fetch(new Request(url, request), { redirect: 'manual' }),

  init: (url, request) => fetch(url, request),

  members(url, { method, headers, body, signal }) {
    const sent = new Headers(headers)
    sent.delete('host')
    sent.set('x-forwarded-by', 'milouv')
    return fetch(url, { method, headers: sent, body, signal, duplex: 'half', redirect: 'manual' })
  },

  async response(url, request) {
    const answer = await fetch(new Request(url, request), { redirect: 'manual' })
    const mine = new Response(answer.body, answer)
    mine.headers.set('x-mine', 'yes')
    return mine
  },

  async buffered(url, request) {
    const body = request.body === null ? null : await request.arrayBuffer()
    const { method, headers } = request
    const answer = await fetch(url, { method, headers, body, redirect: 'manual' })
    // No longer the body that came: nobody can tell that these speak of another.
    const theirs = new Headers(answer.headers)
    for (const name of ['content-encoding', 'content-length']) theirs.delete(name)
    const { status, statusText } = answer
    return new Response(await answer.arrayBuffer(), { status, statusText, headers: theirs })
  },
}
