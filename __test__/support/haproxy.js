// An HAProxy of our own: its configuration in a folder that goes away.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './serve.js'

const configuration = (sections) => `
global
  maxconn 100
defaults
  timeout connect 10s
  timeout client 60s
  timeout server 60s
${sections}
`

/** A port that nobody listens on now, for programs that have to be told one. */
export async function unusedPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts HAProxy with these sections; settles once somebody listens at the port. */
export async function startHaproxy(t, path, sections, port) {
  const folder = await mkdtemp(join(tmpdir(), 'milouv-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(sections))
  let log = ''
  const child = spawn(path, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log += text
    })
  }
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true })
  })
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`HAProxy ended: ${log}`)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  })
}
