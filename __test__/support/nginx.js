// An nginx of our own: its files in a folder that goes away, its port a socket in that folder.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const configuration = (folder, locations, others) => `
${others}
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 64m;
${locations}
}
`

/**
 * Starts nginx with what `blocks(socket)` gives inside its http block, and `others` outside of it.
 * @returns `ask(path, options, body)`, which gives `{ status, headers, body }`, and `errors()`
 */
export async function startNginx(t, path, blocks, others = '') {
  const folder = await mkdtemp(join(tmpdir(), 'milouv-nginx-'))
  const socketPath = join(folder, 'socket')
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration(folder, blocks(`unix:${socketPath}`), others))
  const stdio = ['ignore', 'ignore', 'pipe']
  const child = spawn(path, ['-p', folder, '-e', 'stderr', '-c', file], { stdio })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true })
  })
  const lines = []
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      // It listens before it chooses how to wait for events.
      if (/using the "\w+" event method/.test(line)) resolve()
    })
    exited.then(([code]) => reject(new Error(`nginx ended with ${code}: ${lines.join('\n')}`)))
  })
  const errors = () => lines.filter((line) => /\[(error|crit|alert|emerg)\]/.test(line))
  return { errors, ask: (...args) => ask(socketPath, ...args) }
}

function ask(socketPath, path, options = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, agent: false, ...options }, (response) => {
      const pieces = []
      response.on('data', (piece) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status, headers } = response
        resolve({ status, headers, body: Buffer.concat(pieces) })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
