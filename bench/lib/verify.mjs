// Before anything is timed: the very request of the workload on a raw socket, and every byte of
// the answer looked at. A server that answers something else is not measured.
import { connect } from 'node:net'
import { checkAnswer, parseAnswer } from './answer.mjs'
import { requestBytes } from './request.mjs'
import { bodyOf } from './workloads.mjs'

const LIMIT_MS = 15_000
// What all the answers together may have besides their bodies.
const EXTRA_BYTES = 1 << 20

/** The bytes that have come, joined only when there may be a whole answer among them. */
class Inbox {
  #pieces = []
  length = 0

  push(piece) {
    this.#pieces.push(piece)
    this.length += piece.length
  }

  join() {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0]
  }

  drop(count) {
    this.#pieces = [this.join().subarray(count)]
    this.length -= count
  }
}

/** Takes the whole answers off the front; throws at the first that is not right. */
function takeAnswers(state, workload) {
  const { expected, inbox } = state
  while (inbox.length >= expected.length) {
    const answer = parseAnswer(inbox.join())
    if (!answer) return
    checkAnswer(answer, workload, expected)
    state.answers += 1
    state.answerBytes = answer.used
    state.dated = answer.fields.has('date')
    inbox.drop(answer.used)
  }
}

/**
 * Sends the workload's request as often as one write of it holds (twice on one connection where
 * it is kept alive, to see that it is) and resolves with the size of one answer.
 */
export function verify(workload, port, writes = workload.closes ? 1 : 2) {
  const request = requestBytes(workload, port)
  const bytes = workload.depth > 1 ? Buffer.concat(Array(workload.depth).fill(request)) : request
  const wanted = workload.depth * writes
  const expected = Buffer.from(bodyOf(workload.kind))
  const state = { inbox: new Inbox(), expected, answers: 0, answerBytes: 0, dated: false }
  const most = wanted * expected.length + EXTRA_BYTES
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (error) => {
      clearTimeout(timer)
      socket.destroy()
      if (error) reject(new Error(`not measured, since it ${error.message}`))
      else resolve({ answerBytes: state.answerBytes, dated: state.dated })
    }
    const fail = (why) => settle(new Error(why))
    const timer = setTimeout(() => fail('did not answer in time'), LIMIT_MS)
    let asked = 0
    const ask = () => {
      asked += workload.depth
      socket.write(bytes)
    }
    socket.on('connect', ask)
    socket.on('error', (error) => fail(`failed with ${error.code}`))
    socket.on('data', (piece) => {
      state.inbox.push(piece)
      try {
        takeAnswers(state, workload)
      } catch (error) {
        return settle(error)
      }
      if (state.inbox.length > most) return fail('sent too much')
      if (state.answers > asked) return fail('sent more answers than it was asked for')
      if (state.answers < asked) return
      if (asked < wanted) ask()
      else if (!workload.closes) finish(state, settle, fail)
    })
    socket.on('end', () => {
      if (workload.closes && state.answers === wanted) finish(state, settle, fail)
      else fail(`ended the connection after ${state.answers} of ${wanted} answers`)
    })
  })
}

function finish(state, settle, fail) {
  if (state.inbox.length > 0) fail('sent bytes behind its last answer')
  else settle()
}
