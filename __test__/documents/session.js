// A document as it is read, from the top: what one block starts or writes is there for the next.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { cacheDir } from '../../scripts/toolchain.mjs'

/** Ports that documents write; each stands for a free one. */
const PORTS = ['3000', '3001', '8000', '8080']

/** So many free ports; held together, so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

export class Session {
  /** In the repository, so that `milouv` and the packages of node_modules are found. */
  folder
  /** Where its socket files are: short, for such a path may have 107 bytes. */
  run
  /** The program that answers, and what it has to be asked: set by program.js. */
  server = null
  #ports

  static async open() {
    mkdirSync(cacheDir, { recursive: true })
    const session = new Session()
    session.folder = mkdtempSync(join(cacheDir, 'documents-'))
    session.run = mkdtempSync('/tmp/milouv-run-')
    const ports = await freePorts(PORTS.length)
    session.#ports = new Map(PORTS.map((port, at) => [port, ports[at]]))
    return session
  }

  /** The text with this session's ports and folders instead of those that are written. */
  localized(text) {
    const pattern = new RegExp(`(?<![\\w.])(${PORTS.join('|')})(?!\\w)`, 'g')
    return text
      .replace(pattern, (port) => this.#ports.get(port))
      .replaceAll('/run/app/', `${this.run}/`)
      .replaceAll('/srv/app', this.folder)
  }

  /** Where a text (as written) listens or connects: ports and socket files, in its order. */
  targetsOf(text) {
    const found = text.matchAll(
      new RegExp(`(?<![\\w.])(${PORTS.join('|')})(?!\\w)|/run/app/[\\w.-]+`, 'g'),
    )
    const names = [...new Set([...found].map(([name]) => name))]
    return names.map((name) => {
      if (name.startsWith('/')) return { socketPath: this.localized(name) }
      return { host: '127.0.0.1', port: this.#ports.get(name) }
    })
  }

  write(name, text) {
    const file = join(this.folder, name)
    writeFileSync(file, text)
    return file
  }

  async stopServer() {
    const { server } = this
    this.server = null
    await server?.stop()
  }

  async close() {
    await this.stopServer()
    rmSync(this.folder, { recursive: true, force: true })
    rmSync(this.run, { recursive: true, force: true })
  }
}

function connectAsProxy(options) {
  const socket = connect(options)
  socket.write('PROXY TCP4 192.0.2.7 198.51.100.1 41234 443\r\n')
  return socket
}

/**
 * Asks a server, over TLS or as a proxy where the target says so; gives
 * `{ status, headers, text }`.
 */
export function ask({ isTls = false, isProxied = false, ...target }, { method, path, body }) {
  const options = { ...target, method, path, agent: false, rejectUnauthorized: false }
  // An agent would make the connection itself.
  if (isProxied) Object.assign(options, { agent: undefined, createConnection: connectAsProxy })
  return new Promise((resolve, reject) => {
    const request = isTls ? httpsRequest : httpRequest
    const sent = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, text })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
