// A registry of npm's on 127.0.0.1 with a few packages, so that they are installed as a user would
// get them, before they are published.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

function answerOf({ folder, packed }, host, url) {
  const name = decodeURIComponent(url.slice(1))
  const file = packed.find(({ filename }) => name === `-/${filename}`)
  if (file !== undefined) return readFileSync(join(folder, file.filename))
  const found = packed.find((each) => each.name === name)
  if (found === undefined) return undefined
  const { manifest, version, integrity, shasum, filename } = found
  const dist = { integrity, shasum, tarball: `http://${host}/-/${filename}` }
  const versions = { [version]: { ...manifest, dist } }
  return JSON.stringify({ name, 'dist-tags': { latest: version }, versions })
}

/** Serves what `packAll` gave, from the folder of its tarballs; the server, listening. */
export async function serveRegistry(folder, packed) {
  const server = createServer((request, response) => {
    const body = answerOf({ folder, packed }, request.headers.host, request.url)
    response.statusCode = body === undefined ? 404 : 200
    response.end(body ?? '{"error":"not found"}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${server.address().port}/` }
}
