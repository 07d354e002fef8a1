// What the servers without a fetch face answer: the same values, made anew for every request. And
// what all handlers share.

export const user = () => ({
  id: 42,
  name: 'Ada Lovelace',
  active: true,
  score: 98.5,
  tags: ['analyst', 'poet', 'engine'],
  address: { city: 'London', zip: 'W1' },
})

/** What the answer of a handler says that looked at all of this; names in lower case. */
export function touched(target, headers, body) {
  const { pathname, searchParams } = new URL(target, 'http://localhost')
  return {
    path: pathname,
    page: searchParams.get('page'),
    type: headers['content-type'],
    id: headers['x-request-id'],
    language: headers['accept-language'],
    name: body.name,
  }
}

const SIXTEEN = 'milouv, sixteen.'

/** Text of so many bytes, a multiple of sixteen. */
export const text = (size) => SIXTEEN.repeat(size / SIXTEEN.length)
export const bytes = (size) => new TextEncoder().encode(text(size))

/** The sizes of the answers that are made once, at the start. */
export const ANSWERS = { 'answer-64k': 65_536, 'answer-10m': 10_485_760 }

/** A streamed answer: so many pieces of so many bytes. */
export const PIECES = 16
export const PIECE_BYTES = 4096

/** A turn of the event loop: what a handler waits for that asks something of the outside. */
export const turn = () => new Promise((resolve) => setImmediate(resolve))

export const announce = (port) => console.log(JSON.stringify({ port }))
