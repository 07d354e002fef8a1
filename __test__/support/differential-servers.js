// milouv and node:http side by side with the same echo, and what each made of one connection.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HttpServer } from 'milouv'
import { parseAnswers } from './answers.js'

/** Far above what any case needs: reaching it is a hang, and a failure. */
const HANG = 20_000

/** Everything that one server saw and refused, by the client's port. */
class Log {
  #connections = new Map()

  of(port) {
    let entry = this.#connections.get(port)
    if (entry === undefined) {
      entry = { seen: [], refusal: null }
      this.#connections.set(port, entry)
    }
    return entry
  }

  take(port) {
    const entry = this.of(port)
    this.#connections.delete(port)
    return entry
  }
}

/** Base64, so that no byte of a request can look like an answer. */
const echoOf = ({ method, version, headers, body }) =>
  Buffer.from(JSON.stringify({ method, version, headers, body })).toString('base64')

function pairsOf(rawHeaders) {
  const pairs = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    pairs.push([rawHeaders[at].toLowerCase(), rawHeaders[at + 1]])
  }
  return pairs
}

const hasBody = (headers) =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined

/** The URL that a target and a Host mean (RFC 9110 section 7.1); null where they mean none. */
export function urlMeant(target, host) {
  const text = target.startsWith('/') || target === '*' ? `http://${host}${target}` : target
  const url = target === '*' ? `http://${host}/` : text
  return URL.canParse(url) ? new URL(url).href : null
}

function startMilouv() {
  const log = new Log()
  const failures = []
  const server = new HttpServer({
    onError: (error) => {
      failures.push(error)
    },
    onClientError: ({ remoteAddress, ...refusal }) => {
      log.of(remoteAddress.port).refusal = refusal
    },
  })
  const finish = (seen, body) => {
    seen.body = Buffer.from(body).toString('latin1')
    seen.complete = true
    return new Response(echoOf(seen))
  }
  server.listen((request, info) => {
    const { method, url } = request
    // Asked for first: one field alone is looked up another way than all of them.
    const cookie = request.headers.get('cookie')
    const headers = [...request.headers]
    const seen = { method, url, version: info.httpVersion, cookie, headers }
    Object.assign(seen, { body: '', complete: false })
    log.of(info.remoteAddress.port).seen.push(seen)
    if (request.body === null) return finish(seen, '')
    return request.arrayBuffer().then((body) => finish(seen, body))
  })
  const close = async () => {
    const closed = server.close()
    server.closeAllConnections()
    await closed
  }
  return { name: 'milouv', port: server.port, log, failures, close, stats: () => server.stats() }
}

/** A listener for 'clientError' would replace node's own answers, so the event is overheard. */
function overhear(server, log) {
  const emit = server.emit
  server.emit = function (name, ...values) {
    if (name === 'clientError') {
      const [{ code }, { remotePort }] = values
      // Once the socket is destroyed its port is gone; only the first error counts anyway.
      if (remotePort !== undefined) log.of(remotePort).refusal ??= { code }
    }
    return emit.call(this, name, ...values)
  }
}

async function startNode(authority) {
  const log = new Log()
  const server = createServer((request, response) => {
    const { method, url: target, httpVersion: version } = request
    const headers = [...new Headers(pairsOf(request.rawHeaders))]
    const url = urlMeant(target, request.headers.host ?? authority)
    const cookie = request.headers.cookie ?? null
    const seen = { method, target, url, version, cookie, headers, body: '', complete: false }
    seen.fields = pairsOf(request.rawHeaders)
    seen.arrived = () => request.complete
    log.of(request.socket.remotePort).seen.push(seen)
    const finish = () => {
      seen.complete = true
      const echo = echoOf(seen)
      // Without it node:http keeps no connection of HTTP/1.0.
      response.setHeader('Content-Length', echo.length)
      response.end(echo)
    }
    if (!hasBody(request.headers)) return finish()
    const pieces = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('end', () => {
      seen.body = Buffer.concat(pieces).toString('latin1')
      finish()
    })
  })
  overhear(server, log)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { name: 'node:http', port: server.address().port, log, failures: [], close }
}

export async function startBoth() {
  const milouv = startMilouv()
  return { milouv, node: await startNode(`127.0.0.1:${milouv.port}`) }
}

/** Sends bytes in the given pieces, ends its side and reads until the server ends the other. */
function converse(port, sent) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const received = []
    let localPort
    let reset = false
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('the server neither answered nor closed'))
    }, HANG)
    socket.on('connect', async () => {
      localPort = socket.localPort
      for (const [at, piece] of sent.entries()) {
        if (at > 0) await nextTurn()
        socket.write(piece, 'latin1')
      }
      socket.end()
    })
    socket.on('data', (bytes) => received.push(bytes))
    socket.on('error', () => {
      reset = true
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ bytes: Buffer.concat(received), localPort, reset })
    })
  })
}

/** The final statuses, and whether the last answer announces the end. node:http's are trusted. */
function looseAnswers(bytes) {
  const text = bytes.toString('latin1')
  const heads = text.match(/HTTP\/1\.1 [2-9]\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n/g) ?? []
  return heads.map((head) => ({
    status: Number(head.slice(9, 12)),
    closes: /^connection: close\r$/im.test(head),
    // What its parser refuses gets an answer without a date, and the socket is destroyed.
    isFinal: !/^date: /im.test(head),
  }))
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HEAD_WITHOUT_BODY = /content-length: [1-9]\d*\r\n(?:[^\r]+\r\n)*\r\n$/

function strictAnswers(bytes, seen) {
  const methods = seen.map(({ method }) => method)
  const text = bytes.toString('latin1').replaceAll(CONTINUE, '')
  // A refused HEAD was never seen; what ends with its head was an answer to one.
  if (HEAD_WITHOUT_BODY.test(text)) methods[seen.filter(({ complete }) => complete).length] = 'HEAD'
  return parseAnswers(Buffer.from(text, 'latin1'), methods).map((answer) => ({
    status: answer.status,
    closes: answer.get('connection') === 'close',
    text: answer.text,
  }))
}

/** What one server made of a text: what it saw, answered and refused. */
export async function outcomeOf(server, text, pieces = [text]) {
  const { bytes, localPort, reset } = await converse(server.port, pieces)
  const { seen, refusal } = server.log.take(localPort)
  const isOurs = server.name === 'milouv'
  const answers = isOurs ? strictAnswers(bytes, seen) : looseAnswers(bytes)
  const wrong = isOurs && !reset ? checkEchoes(seen, answers, refusal) : null
  return { steps: stepsOf(seen, answers, refusal), answers, wrong, reset }
}

/** Each request is answered with its own echo, in order, and a refusal comes behind them. */
function checkEchoes(seen, answers, refusal) {
  const served = seen.filter(({ complete }) => complete)
  const expected = served.length + (refusal !== null && refusal.status !== 0 ? 1 : 0)
  if (answers.length !== expected) return `${answers.length} answers where ${expected} were due`
  for (const [at, request] of served.entries()) {
    if (answers[at].status !== 200) return `answer ${at} is a ${answers[at].status}`
    const echo = request.method === 'HEAD' ? '' : echoOf(request)
    if (answers[at].text !== echo) return `answer ${at} is not to request ${at}`
  }
  const last = answers.at(-1)
  if (expected > served.length && last.status !== refusal.status) return 'another status was told'
  if (expected > served.length && !last.closes) return 'a refusal does not announce the end'
  return null
}

/** One step for each whole request, answered or not; then how the connection ended. */
function stepsOf(seen, answers, refusal) {
  const steps = []
  const whole = seen.filter((request) => request.complete || request.arrived?.())
  const cut = seen.find((request) => !whole.includes(request))
  let isOver = false
  for (const { status, isFinal } of answers) {
    if (status === 200) {
      steps.push({ kind: 'served', request: whole.shift(), isAnswered: true })
    } else if (!isFinal) {
      // node:http answers some requests in its handler's place and goes on with the next.
      isOver = status === refusal?.status
      steps.push({ kind: 'refused', status, ...(isOver ? refusal : { goesOn: true }) })
    }
  }
  for (const request of whole) steps.push({ kind: 'served', request, isAnswered: false })
  if (isOver) return steps
  const last = answers.find(({ isFinal }) => isFinal)
  if (last === undefined && refusal === null) {
    steps.push({ kind: cut === undefined ? 'ended' : 'cut', request: cut })
  } else {
    steps.push({ kind: 'refused', ...refusal, status: last?.status ?? 0, request: cut })
  }
  return steps
}
