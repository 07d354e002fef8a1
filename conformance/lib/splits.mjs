// The ways in which one request can arrive. A server must answer the same in all of them.

const MAX_SINGLE_BYTES = 20_000
const PIECE = 61

const latin1 = (bytes) => bytes.toString('latin1')

function bytewise(bytes) {
  // What is too long for single bytes still comes in pieces that end anywhere.
  const size = bytes.length > MAX_SINGLE_BYTES ? PIECE : 1
  const pieces = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

/** Pieces that each end where `pattern` ends. */
function cutBehind(bytes, pattern) {
  const pieces = []
  let start = 0
  for (const { index, 0: found } of latin1(bytes).matchAll(pattern)) {
    pieces.push(bytes.subarray(start, index + found.length))
    start = index + found.length
  }
  if (start < bytes.length) pieces.push(bytes.subarray(start))
  return pieces
}

/** Each way: how the bytes are cut, and whether another request comes right behind them. */
export const SPLITS = [
  { name: 'whole', cut: (bytes) => [bytes], next: false },
  { name: 'byte by byte', cut: bytewise, next: false },
  { name: 'cut behind each line', cut: (bytes) => cutBehind(bytes, /\n/g), next: false },
  { name: 'cut inside each CRLF', cut: (bytes) => cutBehind(bytes, /\r(?=\n)/g), next: false },
  { name: 'whole, a request behind it', cut: (bytes) => [bytes], next: true },
  { name: 'byte by byte, a request behind it', cut: bytewise, next: true },
]
