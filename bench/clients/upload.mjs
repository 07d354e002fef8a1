// Uploads over some connections for some seconds; what has begun by then is finished, so that
// each byte the server took belongs to a request that is counted. wrk breaks off in the middle.
// usage: node upload.mjs WORKLOAD PORT SECONDS CONNECTIONS
import { connect } from 'node:net'
import { checkAnswer, parseAnswer } from '../lib/answer.mjs'
import { requestBytes } from '../lib/request.mjs'
import { MARK } from '../lib/uploader.mjs'
import { bodyOf, workloads } from '../lib/workloads.mjs'

const [name, port, seconds, connections] = process.argv.slice(2)
const workload = workloads.find((one) => one.name === name)
const request = requestBytes(workload, port)
const expected = Buffer.from(bodyOf(workload.kind))
const microseconds = () => performance.now() * 1000
const started = microseconds()
const deadline = started + Number(seconds) * 1e6

const latencies = []
const errors = { connect: 0, read: 0, write: 0, status: 0, timeout: 0 }

/** Sends and waits for the answer; resolves with false when the connection is of no more use. */
function exchange(socket) {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const settle = (fault) => {
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
      if (fault) errors[fault] += 1
      resolve(!fault)
    }
    const listeners = {
      error: () => settle('write'),
      close: () => settle('read'),
      data: (piece) => {
        bytes = Buffer.concat([bytes, piece])
        try {
          const answer = parseAnswer(bytes)
          if (!answer) return
          checkAnswer(answer, workload, expected)
          settle(answer.used === bytes.length ? undefined : 'read')
        } catch {
          settle('status')
        }
      },
    }
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)
    socket.write(request)
  })
}

async function uploads() {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  // Counted in exchange(); between two of them it shows in the next.
  socket.on('error', () => undefined)
  while (microseconds() < deadline) {
    const sent = microseconds()
    if (!(await exchange(socket))) break
    latencies.push(microseconds() - sent)
  }
  socket.destroy()
}

await Promise.all(Array.from({ length: Number(connections) }, uploads))
const sorted = latencies.sort((a, b) => a - b)
const within = (percent) => sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0
const report = {
  requests: sorted.length,
  microseconds: Math.round(microseconds() - started),
  sent: sorted.length * workload.bodySize,
  p50: within(50),
  p99: within(99),
  errors,
}
console.log(`${MARK}${JSON.stringify(report)}`)
