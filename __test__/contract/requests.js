// What a handler sees of a request besides its body.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'

const methodOf = (request) => Response.json(request.method)
const urlOf = (request, { rest }) => Response.json([request.url, rest])

/** Asks with a head given in full but for the path. */
async function withHead(client, line, fields) {
  const raw = await client.raw()
  const answer = await raw.ask(`${line.replace('PATH', client.base)}\r\n${fields}\r\n\r\n`)
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text)
}

export const requests = {
  'method, url and headers': {
    handle: (request) => Response.json([request.method, request.url, [...request.headers]]),
    async check(client) {
      const headers = { 'X-Mixed': 'Case', accept: 'text/x' }
      const rest = '/show?a=%20b&c=%C3%BC&d'
      const [method, url, fields] = await client.json(rest, { method: 'OPTIONS', headers })
      assert.equal(method, 'OPTIONS')
      assert.equal(url, `${client.origin}${client.base}${rest}`)
      const found = new Map(fields)
      assert.equal(found.get('x-mixed'), 'Case')
      assert.equal(found.get('accept'), 'text/x')
      assert.equal(found.get('host'), new URL(client.origin).host)
    },
  },

  'the usual methods': {
    handle: methodOf,
    async check(client) {
      const raw = await client.raw()
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        assert.equal(JSON.parse((await raw.ask(client.line(method))).text), method)
      }
    },
  },

  'methods that are not so usual': {
    handle: methodOf,
    async check(client) {
      const raw = await client.raw()
      for (const method of ['PURGE', 'M-SEARCH', 'PROPFIND', 'LINK']) {
        assert.equal(JSON.parse((await raw.ask(client.line(method))).text), method)
      }
    },
  },

  'TRACE reaches the handler': {
    handle: methodOf,
    async check(client) {
      const raw = await client.raw()
      assert.equal(JSON.parse((await raw.ask(client.line('TRACE'))).text), 'TRACE')
    },
  },

  'dot segments are resolved, escapes kept': {
    handle: urlOf,
    async check(client) {
      const raw = await client.raw()
      for (const [given, seen] of [
        ['/a/../b', '/b'],
        ['/a/./b/', '/a/b/'],
        ['/a/%2e%2e/b', '/b'],
        ['/%61%2Fb%zz', '/%61%2Fb%zz'],
        ['//a//b', '//a//b'],
        ['/a?b/../c', '/a?b/../c'],
        ['/:a@b', '/:a@b'],
      ]) {
        const [url, rest] = JSON.parse((await raw.ask(client.line('GET', given))).text)
        assert.deepEqual([url, rest], [`http://test${client.base}${seen}`, seen])
      }
    },
  },

  'what stands in a target as clients send it': {
    handle: urlOf,
    async check(client) {
      const raw = await client.raw()
      for (const [given, seen] of [
        ['?a=b|c', '?a=b|c'],
        ['?{a}=[b]', '?{a}=[b]'],
        ['?a="b"', '?a=%22b%22'],
        ['?a=<b>', '?a=%3Cb%3E'],
        ["?a='b'", '?a=%27b%27'],
        ['/a^b`c', '/a%5Eb%60c'],
        ['?', '?'],
        ['??', '??'],
      ]) {
        const [, rest] = JSON.parse((await raw.ask(client.line('GET', given))).text)
        // What the URL parser leaves and what it escapes differs between Node's lines.
        assert.equal(decodeURIComponent(rest), decodeURIComponent(seen))
      }
    },
  },

  'the url has the Host, as a URL has it': {
    handle: urlOf,
    async check(client) {
      for (const [host, seen] of [
        ['example.com', 'example.com'],
        ['example.com:80', 'example.com'],
        ['example.com:8080', 'example.com:8080'],
        ['EXAMPLE.com', 'example.com'],
        ['[::1]:81', '[::1]:81'],
        ['127.0.0.1', '127.0.0.1'],
      ]) {
        const [url] = await withHead(client, 'GET PATH HTTP/1.1', `host: ${host}`)
        assert.equal(url, `http://${seen}${client.base}`)
      }
    },
  },

  'a target with an authority of its own': {
    handle: urlOf,
    async check(client) {
      const line = 'GET http://other:81PATH?a HTTP/1.1'
      const [url] = await withHead(client, line, 'host: other:81')
      assert.equal(url, `http://other:81${client.base}?a`)
    },
  },

  'a Host that is none is refused': {
    handle: urlOf,
    async check(client) {
      for (const host of ['a/b', 'a?b', 'a#b', 'a b', 'a@b', 'a:b', 'a:99999', '[::1']) {
        const raw = await client.raw()
        raw.send(`GET ${client.base} HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
        assert.equal((await raw.answer()).status, 400, host)
      }
    },
  },

  'HTTP/1.0 needs no Host': {
    handle: urlOf,
    async check(client) {
      const [url] = await withHead(client, 'GET PATH HTTP/1.0', 'accept: a')
      assert.equal(new URL(url).pathname, client.base)
    },
  },

  'headers are looked up in any case, combined and sorted': {
    handle({ headers }) {
      const one = ['X-B', 'x-b', 'cookie', 'x-none'].map((name) => headers.get(name))
      const has = ['x-B', 'x-none'].map((name) => headers.has(name))
      const seen = []
      headers.forEach((value, name, all) => {
        seen.push([name, value, all === headers])
      })
      const entries = [...headers]
      const names = [...headers.keys()]
      return Response.json({ one, has, seen, entries, names, values: [...headers.values()] })
    },
    async check(client) {
      const raw = await client.raw()
      const fields = ['X-B: 1', 'x-a:  2 ', 'x-b: 3', 'cookie: a=b', 'cookie: c=d']
      const answer = JSON.parse((await raw.ask(client.line('GET', '', fields))).text)
      assert.deepEqual(answer.one, ['1, 3', '1, 3', 'a=b; c=d', null])
      assert.deepEqual(answer.has, [true, false])
      const all = [
        ['cookie', 'a=b; c=d'],
        ['host', 'test'],
        ['x-a', '2'],
        ['x-b', '1, 3'],
      ]
      assert.deepEqual(answer.entries, all)
      assert.deepEqual(
        answer.seen,
        all.map((pair) => [...pair, true]),
      )
      assert.deepEqual(
        answer.names,
        all.map(([name]) => name),
      )
      assert.deepEqual(
        answer.values,
        all.map(([, value]) => value),
      )
    },
  },

  'header values are bytes': {
    handle: ({ headers }) => Response.json([headers.get('x-a'), headers.get('x-b')]),
    async check(client) {
      const raw = await client.raw()
      const { text } = await raw.ask(client.line('GET', '', ['x-a: caf\xe9', 'x-b:']))
      assert.deepEqual(JSON.parse(text), ['caf\xe9', ''])
    },
  },

  'headers go into a copy, which can be changed': {
    handle({ headers }) {
      const copy = new Headers(headers)
      copy.set('x-a', 'mine')
      copy.append('x-new', 'new')
      return Response.json([headers.get('x-a'), copy.get('x-a'), Object.fromEntries(copy)])
    },
    async check(client) {
      const raw = await client.raw()
      const { text } = await raw.ask(client.line('GET', '', ['x-a: theirs']))
      const all = { host: 'test', 'x-a': 'mine', 'x-new': 'new' }
      assert.deepEqual(JSON.parse(text), ['theirs', 'mine', all])
    },
  },

  'names that are none throw': {
    handle({ headers }) {
      const failures = ['a b', '', 'é'].map((name) => {
        try {
          return headers.get(name)
        } catch (error) {
          return error instanceof TypeError
        }
      })
      return Response.json(failures)
    },
    async check(client) {
      assert.deepEqual(await client.json(), [true, true, true])
    },
  },

  'request, headers and signal are instances of their classes': {
    handle(request) {
      class Mine extends Request {}
      return Response.json([
        request instanceof Request,
        request.headers instanceof Headers,
        request.signal instanceof AbortSignal,
        request.clone() instanceof Request,
        Object.prototype.toString.call(request),
        Object.prototype.toString.call(request.headers),
        request instanceof Mine,
        new Mine('http://a/') instanceof Request,
      ])
    },
    async check(client) {
      const tags = ['[object Request]', '[object Headers]']
      assert.deepEqual(await client.json(), [true, true, true, true, ...tags, false, true])
    },
  },

  'what has no meaning on a server is there': {
    handle(request) {
      const { cache, credentials, integrity, keepalive, mode, redirect, referrer } = request
      return Response.json([cache, credentials, integrity, keepalive, mode, redirect, referrer])
    },
    async check(client) {
      const usual = ['default', 'same-origin', '', false, 'cors', 'follow', 'about:client']
      assert.deepEqual(await client.json(), usual)
    },
  },

  'a getter gives the same object twice': {
    handle(request) {
      const keys = ['headers', 'signal', 'body', 'url']
      const first = keys.map((key) => request[key])
      return Response.json(keys.map((key, at) => request[key] === first[at]))
    },
    async check(client) {
      const all = [true, true, true, true]
      assert.deepEqual(await client.json('', { method: 'POST', body: 'a' }), all)
    },
  },

  'util.inspect shows what came': {
    handle: (request) => new Response(inspect(request)),
    async check(client) {
      const text = await client.text('?here', { headers: { 'x-seen': 'yes' } })
      for (const what of [/\?here/, /GET/, /x-seen/]) assert.match(text, what)
    },
  },

  'everything can still be looked at when the answer is out': {
    handle(request, { note }) {
      setTimeout(() => {
        const { method, url, headers, signal } = request
        note([method, new URL(url).search, headers.get('x-a'), signal.aborted])
      }, 30)
      return new Response()
    },
    async check(client) {
      await client.text('?later', { headers: { 'x-a': 'b' } })
      await client.noted((notes) => assert.deepEqual(notes, [['GET', '?later', 'b', false]]))
    },
  },
}
