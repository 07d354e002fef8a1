// Opens connections and sends on each a request (or the first bytes of one), tells the parent,
// and holds them. Asked to finish, sends the rest (or the request again) and sees the answers.
// usage: node connections.mjs WORKLOAD PORT COUNT, with a channel for messages
import { connect } from 'node:net'
import { checkAnswer, parseAnswer } from '../lib/answer.mjs'
import { requestBytes } from '../lib/request.mjs'
import { bodyOf, workloads } from '../lib/workloads.mjs'

// Fewer than a server's backlog.
const AT_ONCE = 100

const [name, port, count] = process.argv.slice(2)
const workload = workloads.find((one) => one.name === name)
const request = requestBytes(workload, port)
const expected = Buffer.from(bodyOf(workload.kind))
const cut = workload.firstBytes ?? request.length
const first = request.subarray(0, cut)
const rest = cut < request.length ? request.subarray(cut) : request

/** Resolves with the answer to these bytes; rejects at anything else. */
function answered(socket, bytes) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0)
    const settle = (error) => {
      socket.off('data', onData).off('error', settle).off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    const onClose = () => settle(new Error('the server closed it'))
    const onData = (piece) => {
      got = Buffer.concat([got, piece])
      try {
        const answer = parseAnswer(got)
        if (!answer) return
        checkAnswer(answer, workload, expected)
        settle()
      } catch (error) {
        settle(error)
      }
    }
    socket.on('data', onData).on('error', settle).on('close', onClose)
    socket.write(bytes)
  })
}

function opened() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      // What befalls it while nobody waits shows when the request is finished.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

const sent = (socket) => new Promise((resolve) => socket.write(first, resolve))

async function open(sockets) {
  const socket = await opened()
  sockets.push(socket)
  if (cut < request.length) await sent(socket)
  else await answered(socket, first)
}

/** Does the work for each number, some at once; tells the parent how it went. */
async function forEach(work) {
  const report = { done: 0, lost: 0, why: undefined }
  let next = 0
  const worker = async () => {
    while (next < Number(count)) {
      next += 1
      try {
        await work(next - 1)
        report.done += 1
      } catch (error) {
        report.lost += 1
        report.why ??= error.message
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  process.send(report)
}

const sockets = []
process.once('message', () => forEach((at) => answered(sockets[at], rest)))
await forEach(() => open(sockets))
