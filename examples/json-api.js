// A small JSON API over a Map: list, create, read, delete, and answers for what goes wrong.

import { HttpServer, Response } from 'milouv'

const notes = new Map()
let lastId = 0

function problem(status, message) {
  return Response.json({ error: message }, { status })
}

async function create(request) {
  let note
  try {
    note = await request.json()
  } catch {
    return problem(400, 'the body is not JSON')
  }
  if (typeof note?.text !== 'string') return problem(422, '"text" must be a string')
  lastId += 1
  const saved = { id: lastId, text: note.text }
  notes.set(saved.id, saved)
  return Response.json(saved, { status: 201, headers: { location: `/notes/${saved.id}` } })
}

function one(request, id) {
  const note = notes.get(id)
  if (note === undefined) return problem(404, `there is no note ${id}`)
  if (request.method === 'GET') return Response.json(note)
  if (request.method !== 'DELETE') return problem(405, 'use GET or DELETE')
  notes.delete(id)
  return new Response(null, { status: 204 })
}

const server = new HttpServer({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
  limits: { maxRequestBodySize: 64 * 1024 },
  onError(error) {
    console.error(error)
    return problem(500, 'something went wrong')
  },
})

server.listen((request) => {
  const { pathname } = new URL(request.url)
  const id = /^\/notes\/(\d+)$/.exec(pathname)?.[1]
  if (id !== undefined) return one(request, Number(id))
  if (pathname !== '/notes') return problem(404, 'try /notes')
  if (request.method === 'POST') return create(request)
  if (request.method === 'GET') return Response.json([...notes.values()])
  return problem(405, 'use GET or POST')
})

console.log(`listening on ${server.url}`)
console.log(`try: curl -d '{"text":"buy milk"}' ${server.url}notes`)
