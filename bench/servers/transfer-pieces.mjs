// What the servers of transfer.mjs have in common: the bytes they send, and how they count.
import { LongCheck, longBytes } from '../../__test__/support/long-bytes.js'

const PIECE = 65_536

/** How many bytes `?bytes=N` asks for. */
export const totalOf = (search) => Number(new URLSearchParams(search).get('bytes'))

/** The bytes of a download, piece by piece. */
export function* piecesOf(total) {
  for (let at = 0; at < total; at += PIECE) yield longBytes(at, Math.min(PIECE, total - at))
}

/** Takes the pieces of an upload: `/check` looks at every byte, anything else only counts. */
export function counterOf(pathname) {
  const check = new LongCheck()
  if (pathname !== '/check') {
    check.take = (piece) => {
      check.length += piece.length
    }
  }
  return {
    take: (piece) => check.take(piece),
    result: () => ({ length: check.length, wrong: check.wrong }),
  }
}
