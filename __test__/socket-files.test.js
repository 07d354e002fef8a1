// The file of a Unix domain socket: who may use it, when it is replaced, when it goes, and the
// errors of a path.

import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { HttpServer, InboundTcpSocket } from 'milouv'
import { Child, indexUrl } from './support/child.js'
import { listen } from './support/raw-socket.js'
import { connectToPath, socketPath } from './support/unix-socket.js'

const hello = (_, connection) => connection.end('hello')

/** Both kinds fail with the same error, which is given. */
function failure(options) {
  const errors = [InboundTcpSocket, HttpServer].map((Listener) => {
    const listener = new Listener(options)
    try {
      listener.listen(() => {})
    } catch (error) {
      assert.equal(listener.address(), null)
      return error
    }
    listener.close()
    return assert.fail('it listens')
  })
  assert.deepEqual({ ...errors[1] }, { ...errors[0] })
  assert.equal(errors[1].message, errors[0].message)
  return errors[0]
}

async function assertServes(t, path, text = 'hello') {
  const client = await connectToPath(t, path)
  client.send('hello?')
  assert.equal((await client.rest()).toString(), text)
}

/** A process that listens at a path. */
async function otherProcess(t, path) {
  const source = `
    import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
    new InboundTcpSocket({ path: ${JSON.stringify(path)} }).listen((_, connection) => {
      connection.end('from the other')
    })
    console.log('listening')
  `
  const child = new Child(t, source)
  assert.equal(await child.line(), 'listening')
  return child
}

describe('a path that is taken', () => {
  test('by a living socket is EADDRINUSE', async (t) => {
    const path = await socketPath(t)
    listen(t, hello, { path })
    const error = failure({ path })
    assert.ok(error.message.endsWith(`EADDRINUSE: address already in use ${path}`), error.message)
    const { code, syscall, address } = error
    assert.deepEqual({ code, syscall, address }, { code: 'EADDRINUSE', syscall, address: path })
    assert.equal('port' in error, false)
    await assertServes(t, path)
  })

  test('by one of another process, and by one of node:net', async (t) => {
    const path = await socketPath(t)
    await otherProcess(t, path)
    assert.equal(failure({ path }).code, 'EADDRINUSE')
    await assertServes(t, path, 'from the other')

    const ofNode = `${path}-of-node`
    const server = createServer((socket) => socket.once('data', () => socket.end('from node')))
    t.after(() => server.close())
    await new Promise((resolve) => server.listen(ofNode, resolve))
    assert.equal(failure({ path: ofNode }).code, 'EADDRINUSE')
    await assertServes(t, ofNode, 'from node')
  })

  test('by one whose queue is full is EADDRINUSE', async (t) => {
    const path = await socketPath(t)
    const source = `
      import { InboundTcpSocket } from ${JSON.stringify(indexUrl)}
      const path = ${JSON.stringify(path)}
      new InboundTcpSocket({ path, backlog: 1 }).listen(() => {})
      console.log('listening')
      // It accepts nobody from now on.
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 50)
    `
    const child = new Child(t, source)
    assert.equal(await child.line(), 'listening')
    await new Promise((resolve) => setTimeout(resolve, 150))
    // As many as get in.
    for (let at = 0; at < 2; at++) await connectToPath(t, path)
    assert.equal(failure({ path }).code, 'EADDRINUSE')
    assert.ok(existsSync(path))
    await child.kill()
    listen(t, hello, { path })
    await assertServes(t, path)
  })

  test('by what is no socket is EADDRINUSE, and left alone', async (t) => {
    const path = await socketPath(t)
    await writeFile(path, 'precious')
    assert.equal(failure({ path }).code, 'EADDRINUSE')
    assert.equal(await readFile(path, 'utf8'), 'precious')
    const [link, folder] = [`${path}-link`, `${path}-folder`]
    await symlink(path, link)
    await mkdir(folder)
    for (const taken of [link, folder]) assert.equal(failure({ path: taken }).code, 'EADDRINUSE')
  })

  test('by a socket that nobody listens on is replaced', async (t) => {
    const path = await socketPath(t)
    const child = await otherProcess(t, path)
    await child.kill()
    assert.ok(statSync(path).isSocket())
    const socket = listen(t, hello, { path })
    await assertServes(t, path)
    await socket.close()
    assert.equal(existsSync(path), false)
  })
})

describe('the file goes', () => {
  test('with close()', async (t) => {
    const path = await socketPath(t)
    const socket = listen(t, hello, { path })
    assert.ok(statSync(path).isSocket())
    const closed = socket.close()
    assert.equal(existsSync(path), false)
    await closed
  })

  test('also where the working folder has changed', async (t) => {
    const path = await socketPath(t)
    const before = process.cwd()
    t.after(() => process.chdir(before))
    process.chdir(dirname(path))
    const socket = listen(t, hello, { path: basename(path) })
    process.chdir(before)
    assert.equal(socket.address(), basename(path))
    await assertServes(t, path)
    await socket.close()
    assert.equal(existsSync(path), false)
  })

  test('with the worker that ends', async (t) => {
    const path = await socketPath(t)
    const source = `
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(\`
        import(${JSON.stringify(indexUrl)}).then(({ HttpServer }) => {
          new HttpServer({ path: ${JSON.stringify(path)} }).listen(() => new Response('hello'))
          require('node:worker_threads').parentPort.postMessage('listening')
        })\`, { eval: true, execArgv: [] })
      await once(worker, 'message')
      const { existsSync } = await import('node:fs')
      const before = existsSync(${JSON.stringify(path)})
      await worker.terminate()
      console.log(JSON.stringify([before, existsSync(${JSON.stringify(path)})]))
    `
    assert.deepEqual(await new Child(t, source).message(), [true, false])
  })

  test('but not where another has taken its place', async (t) => {
    const path = await socketPath(t)
    const first = listen(t, hello, { path })
    await rename(path, `${path}-away`)
    listen(t, (_, connection) => connection.end('second'), { path })
    await first.close()
    await assertServes(t, path, 'second')
  })

  test('not by a failed listen of another', async (t) => {
    const path = await socketPath(t)
    listen(t, hello, { path })
    for (let tries = 0; tries < 3; tries++) failure({ path })
    await assertServes(t, path)
  })
})

describe('who may use it', () => {
  const modeOf = (path) => statSync(path).mode & 0o777

  test('says the umask, and readableAll and writableAll add to it', async (t) => {
    const before = process.umask(0o077)
    t.after(() => process.umask(before))
    const cases = [
      [{}, 0o700],
      [{ readableAll: false, writableAll: false }, 0o700],
      [{ readableAll: true }, 0o744],
      [{ writableAll: true }, 0o722],
      [{ readableAll: true, writableAll: true }, 0o766],
    ]
    for (const [options, expected] of cases) {
      const path = await socketPath(t)
      listen(t, hello, { path, ...options })
      assert.equal(modeOf(path).toString(8), expected.toString(8), JSON.stringify(options))
    }
  })

  const noRoot = process.getuid?.() !== 0 && 'only root can become another user'
  test('another user gets in with writableAll only', { skip: noRoot }, async (t) => {
    const before = process.umask(0o022)
    t.after(() => process.umask(before))
    const path = await socketPath(t)
    await chmod(dirname(path), 0o755)
    const paths = [path, `${path}-open`]
    listen(t, hello, { path: paths[0] })
    listen(t, hello, { path: paths[1], writableAll: true })
    const source = `
      import { connect } from 'node:net'
      process.setuid(65534)
      const tried = ${JSON.stringify(paths)}.map((path) => new Promise((resolve) => {
        const socket = connect(path)
        socket.on('error', ({ code }) => resolve(code))
        socket.on('connect', () => resolve('in'))
      }))
      console.log(JSON.stringify(await Promise.all(tried)))
      process.exit()
    `
    assert.deepEqual(await new Child(t, source).message(), ['EACCES', 'in'])
  })
})

describe('a path where none can be', () => {
  test('in no folder is ENOENT', async (t) => {
    const path = join(await socketPath(t), 'socket')
    const error = failure({ path })
    assert.deepEqual([error.code, error.syscall, error.address], ['ENOENT', 'bind', path])
  })

  test('that is too long is ENAMETOOLONG, and never cut', async (t) => {
    const start = await socketPath(t)
    const longest = process.platform === 'linux' ? 107 : 103
    const path = start.padEnd(longest, 'x')
    listen(t, hello, { path })
    assert.ok(existsSync(path))
    await assertServes(t, path)
    const error = failure({ path: `${path}x` })
    assert.deepEqual([error.code, error.address], ['ENAMETOOLONG', `${path}x`])
  })

  test('with other letters than ASCII is one, its length in bytes', async (t) => {
    const start = await socketPath(t)
    const path = `${start}-grüße`
    const socket = listen(t, hello, { path })
    assert.equal(socket.address(), path)
    await assertServes(t, path)
    assert.equal(failure({ path: start + 'ü'.repeat(50) }).code, 'ENAMETOOLONG')
  })
})

describe('a path does not go with what belongs to a port', () => {
  const path = '/never/made'
  const cases = [
    [{ path, hostname: '127.0.0.1' }, 'options.hostname'],
    [{ path, port: 0 }, 'options.port'],
    [{ path, reusePort: true }, 'options.reusePort'],
    [{ path, ipv6Only: true }, 'options.ipv6Only'],
    [{ readableAll: true }, 'options.readableAll'],
    [{ port: 1, writableAll: true }, 'options.writableAll'],
    [{ path: '\0name', writableAll: true }, 'options.writableAll'],
  ]
  for (const [options, name] of cases) {
    test(JSON.stringify(options), { skip: process.platform !== 'linux' }, () => {
      for (const Listener of [InboundTcpSocket, HttpServer]) {
        assert.throws(
          () => new Listener(options),
          (error) => {
            assert.equal(error.constructor, TypeError)
            assert.equal(error.code, 'ERR_INCOMPATIBLE_OPTION_PAIR')
            assert.ok(error.message.startsWith(`${name} cannot be combined with `), error.message)
            return true
          },
        )
      }
    })
  }

  test('what is not given, or says no, is no conflict', () => {
    for (const Listener of [InboundTcpSocket, HttpServer]) {
      new Listener({ path, hostname: undefined, port: undefined, reusePort: false })
      new Listener({ path, ipv6Only: false, noDelay: false, keepAlive: 5, backlog: 1 })
      new Listener({ path: undefined, port: 1, readableAll: false })
    }
  })
})
