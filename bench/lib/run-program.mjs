// A client program: run to its end, within a time, and never longer than the bench.
import { spawn } from 'node:child_process'

export function runProgram(command, args, limitMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const end = () => child.kill('SIGKILL')
    const timer = setTimeout(end, limitMs)
    process.once('exit', end)
    let text = ''
    const keep = (piece) => {
      text += piece
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', end)
      if (code === 0) resolve(text)
      else reject(new Error(`the client ended with ${signal ?? code}: ${text.trim().slice(-200)}`))
    })
  })
}

/** The JSON behind a mark in what a client printed. */
export function reportBehind(mark, text) {
  const line = text.split('\n').find((candidate) => candidate.startsWith(mark))
  if (!line) throw new Error(`the client gave no report: ${text.trim().slice(-200)}`)
  return JSON.parse(line.slice(mark.length))
}
