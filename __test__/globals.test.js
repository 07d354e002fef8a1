import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

// Each case in a process of its own: the globals are touched only once in each.
const lib = new URL('../lib/', import.meta.url)
const support = new URL('./support/fake-exchange.js', import.meta.url)
const POST = 'POST /x\\nhost:a\\na:b\\n'

function run(body, first = '') {
  const script = `
    ${first}
    import assert from 'node:assert/strict'
    const { createRequest, Request } = await import('${lib}request.js')
    const { Response, toWire } = await import('${lib}response.js')
    const { installGlobals, uninstallGlobals } = await import('${lib}globals.js')
    const { fakeExchange } = await import('${support}')
    const served = (text = 'body') => createRequest(fakeExchange('${POST}', { body: text }))
    const isLoaded = () => process.moduleLoadList.some((name) => name.endsWith('/undici/undici'))
    ${body}
    console.log('done')
  `
  const args = ['--input-type=module', '--eval', script]
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' })
  assert.match(output, /done\n$/)
}

test("milouv does not load the platform's fetch by itself", () => {
  run(`
    assert.equal(isLoaded(), false)
    installGlobals('compat')
    assert.equal(toWire(new Response('x', { headers: { a: 'b' } })).body, 'x')
    assert.ok(!(new Response('x') instanceof Promise))
    assert.equal(await (await Promise.resolve(new Response('x'))).text(), 'x')
    assert.throws(() => toWire({}))
    assert.equal(isLoaded(), false)
    assert.ok(new Response('x') instanceof globalThis.Response)
    assert.ok(new Response('x').headers instanceof globalThis.Headers)
  `)
})

test("compat: new Request and fetch take milouv's Request; undone afterwards", () => {
  run(`
    const before = [globalThis.fetch]
    installGlobals('compat')
    const one = served()
    const copy = new globalThis.Request(one, { headers: { c: 'd' } })
    assert.equal(copy.url, 'http://a/x')
    assert.equal(copy.method, 'POST')
    assert.equal(await copy.text(), 'body')
    assert.equal(one.bodyUsed, true)
    assert.throws(() => new globalThis.Request(one), TypeError)
    assert.equal(await new globalThis.Request('http://b/', served()).text(), 'body')
    const spare = served()
    assert.equal(await new globalThis.Request(spare, { body: 'own' }).text(), 'own')
    assert.equal(await spare.text(), 'body')
    assert.ok(copy instanceof globalThis.Request)
    assert.ok(copy instanceof Request)
    assert.ok(served() instanceof globalThis.Request)
    assert.equal(copy.constructor, globalThis.Request)
    assert.equal(globalThis.Request.name, 'Request')
    class Mine extends globalThis.Request {}
    assert.ok(new Mine(served()) instanceof Mine)
    assert.equal(await (await fetch('data:,x')).text(), 'x')
    await assert.rejects(fetch(one), TypeError)
    const proxy = globalThis.Request
    uninstallGlobals('compat')
    assert.notEqual(globalThis.Request, proxy)
    assert.equal(globalThis.Request.prototype, proxy.prototype)
    assert.equal(globalThis.Request.prototype.constructor, globalThis.Request)
    assert.equal(globalThis.fetch, before[0])
    assert.throws(() => new globalThis.Request(served()))
    installGlobals('compat')
    assert.equal(await new globalThis.Request(served()).text(), 'body')
    uninstallGlobals('compat')
  `)
})

test("compat: another body does not go on with the first one's length", () => {
  run(`
    const { createServer } = await import('node:http')
    const upstream = createServer(({ headers }, response) => {
      response.end(headers['content-length'])
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => upstream.on('listening', resolve))
    const url = 'http://127.0.0.1:' + upstream.address().port
    installGlobals('compat')
    const head = 'POST /x\\nhost:a\\ncontent-length:4\\n'
    const { headers } = createRequest(fakeExchange(head, { body: 'body' }))
    const lengthOf = async (body) => {
      const signal = AbortSignal.timeout(10_000)
      const init = { method: 'POST', headers, body, duplex: 'half', signal }
      return (await fetch(url, init)).text()
    }
    assert.equal(await lengthOf('longer'), '6')
    assert.equal(await lengthOf(new Uint8Array(2)), '2')
    assert.equal(await lengthOf(new Blob(['longer'])), '6')
    assert.equal(await lengthOf(new Blob(['body']).stream()), '4')
    const one = createRequest(fakeExchange(head, { body: 'body' }))
    const other = new globalThis.Request(one, { body: 'longer' })
    assert.equal(other.headers.get('content-length'), null)
    assert.equal(new globalThis.Request(one).headers.get('content-length'), '4')
    upstream.close()
    upstream.closeAllConnections()
  `)
})

test('counted: the last one undoes it', () => {
  run(`
    const { fetch } = globalThis
    installGlobals('compat')
    installGlobals('fast')
    served()
    uninstallGlobals('compat')
    assert.notEqual(globalThis.fetch, fetch)
    assert.equal(globalThis.Response, Response)
    assert.equal(await new globalThis.Request(served()).text(), 'body')
    uninstallGlobals('fast')
    assert.equal(globalThis.fetch, fetch)
    assert.notEqual(globalThis.Response, Response)
    assert.equal((await globalThis.fetch('data:,x')).constructor, globalThis.Response)
  `)
})

test('what somebody else put there meanwhile stays', () => {
  run(`
    installGlobals('fast')
    served()
    const theirs = [class {}, class {}, () => {}]
    ;[globalThis.Request, globalThis.Response, globalThis.fetch] = theirs
    uninstallGlobals('fast')
    assert.deepEqual([globalThis.Request, globalThis.Response, globalThis.fetch], theirs)
  `)
})

test("somebody's own accessor answers as before", () => {
  run(`
    const Theirs = class {}
    const get = () => Theirs
    Object.defineProperty(globalThis, 'Request', { get, configurable: true })
    installGlobals('compat')
    served()
    assert.equal(globalThis.Request, Theirs)
    assert.equal(globalThis.Request, Theirs)
    uninstallGlobals('compat')
    assert.equal(Object.getOwnPropertyDescriptor(globalThis, 'Request').get, get)
  `)
})

test("fast: the global Response is milouv's, and fetch's are still instances of it", () => {
  run(`
    const Platform = globalThis.Response
    installGlobals('fast')
    assert.equal(globalThis.Response, Response)
    assert.ok((await fetch('data:,x')) instanceof Response)
    assert.ok(new Response('x') instanceof Platform)
    assert.equal(toWire(new globalThis.Response('x')).body, 'x')
    uninstallGlobals('fast')
    assert.equal(globalThis.Response, Platform)
  `)
})

test('none: nothing is touched, and instanceof holds', () => {
  run(`
    const { fetch } = globalThis
    installGlobals('none')
    const one = served()
    assert.equal(isLoaded(), false)
    assert.equal(globalThis.fetch, fetch)
    assert.ok(one instanceof globalThis.Request)
    assert.throws(() => new globalThis.Request(one))
    assert.equal(new globalThis.Request('http://a/').constructor, globalThis.Request)
    uninstallGlobals('none')
  `)
})

test('two copies of milouv do not fight', () => {
  const folder = mkdtempSync(join(tmpdir(), 'milouv-'))
  try {
    cpSync(fileURLToPath(lib), join(folder, 'lib'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    run(`
      const copy = '${folder}/lib/'
      const two = {
        ...(await import(copy + 'request.js')),
        ...(await import(copy + 'response.js')),
        ...(await import(copy + 'globals.js')),
      }
      const theirs = () => two.createRequest(fakeExchange('${POST}', { body: 'two' }))
      const { fetch } = globalThis
      assert.notEqual(two.Request, Request)
      for (const [first, second] of [['compat', 'compat'], ['fast', 'fast'], ['compat', 'fast']]) {
        installGlobals(first)
        two.installGlobals(second)
        served()
        theirs()
        assert.equal(await new globalThis.Request(theirs()).text(), 'two')
        assert.equal(await new globalThis.Request(served()).text(), 'body')
        assert.equal(await new Request(theirs()).text(), 'two')
        assert.equal(toWire(new two.Response('x')).body, 'x')
        assert.equal(two.toWire(new Response('x')).body, 'x')
        uninstallGlobals(first)
        assert.equal(await new globalThis.Request(theirs()).text(), 'two')
        two.uninstallGlobals(second)
        assert.equal(globalThis.fetch, fetch)
        assert.ok(served() instanceof globalThis.Request && theirs() instanceof globalThis.Request)
      }
    `)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("a global that was replaced by milouv's is told from the platform's", () => {
  run(`
    globalThis.Request = Request
    globalThis.Response = class extends Response {}
    assert.throws(() => new Request('http://a/'), { code: 'ERR_INVALID_STATE' })
    // The platform's class is out of reach, and nothing else: what it is for goes on without.
    const fetched = await fetch('data:,x')
    assert.equal(fetched instanceof Response, false)
    assert.equal(new Response('x') instanceof fetched.constructor, false)
    assert.equal(await new Response(toWire(fetched).body).text(), 'x')
  `)
})

test("with the platform's known before, its place can be taken", () => {
  run(
    `
    globalThis.Request = Request
    globalThis.Response = Response
    assert.equal(new globalThis.Request('http://a/').url, 'http://a/')
    assert.ok(new Request('http://a/') instanceof Platform.Request)
    assert.ok((await fetch('data:,x')) instanceof globalThis.Response)
    const { type } = await new Response(new Blob(['x'], { type: 'text/x' })).blob()
    assert.equal(type, 'text/x')
  `,
    'globalThis.Platform = { Request: globalThis.Request }',
  )
})

test("fast: what an app has put there before, of milouv's, is left there", () => {
  run(`
    globalThis.Response = Response
    for (let times = 0; times < 2; times++) {
      installGlobals('fast')
      assert.equal(globalThis.Response, Response)
      uninstallGlobals('fast')
      assert.equal(globalThis.Response, Response)
    }
  `)
})

test('fast: a listen that fails by the globals leaves them as they were', () => {
  run(`
    const { fetch } = globalThis
    globalThis.Response = class extends Response {}
    const Theirs = globalThis.Response
    for (let times = 0; times < 2; times++) {
      assert.throws(() => installGlobals('fast'), { code: 'ERR_INVALID_STATE' })
    }
    served()
    assert.equal(globalThis.Response, Theirs)
    assert.equal(globalThis.fetch, fetch)
  `)
})
