// Bytes of any length that cost nothing to make and show every loss, doubling and reordering.

/**
 * What "large" is counted in: a MiB, or what the environment says. It is less where the network
 * has been made slow; see small-pieces.test.js.
 */
export const UNIT = Number(process.env.MILOUV_TEST_UNIT ?? 1024 * 1024)

/** A prime, so that no power of two (a buffer, a chunk) lies at the same place twice. */
const PERIOD = 65_521
const LONGEST_PIECE = 4 * 1024 * 1024

const made = Buffer.alloc(PERIOD + LONGEST_PIECE)
for (let at = 0; at < PERIOD; at++) made[at] = Math.imul(at, 0x9e3779b1) >>> 24
for (let at = PERIOD; at < made.length; at += PERIOD) made.copy(made, at, 0, PERIOD)

/** The bytes from `at` on; not a copy. */
export function longBytes(at, length) {
  const start = at % PERIOD
  return made.subarray(start, start + length)
}

/** Takes the bytes piece by piece and tells whether each is the right one. */
export class LongCheck {
  length = 0
  /** Where the first wrong byte is; -1: nowhere. */
  wrong = -1

  take(piece) {
    for (let done = 0; done < piece.length && this.wrong < 0; done += LONGEST_PIECE) {
      const part = Buffer.from(piece.buffer, piece.byteOffset + done, piece.length - done)
      const bytes = part.subarray(0, LONGEST_PIECE)
      const expected = longBytes(this.length + done, bytes.length)
      if (!expected.equals(bytes)) {
        this.wrong = this.length + done + bytes.findIndex((byte, index) => byte !== expected[index])
      }
    }
    this.length += piece.length
  }
}

/** A stream of them, pulled piece by piece; `onPull(length)` and `onCancel(reason)` are told. */
export function longStream(total, { piece = 65_536, onPull, onCancel } = {}) {
  let at = 0
  return new ReadableStream(
    {
      pull(controller) {
        const length = Math.min(piece, total - at)
        controller.enqueue(longBytes(at, length))
        at += length
        onPull?.(length)
        if (at === total) controller.close()
      },
      cancel: (reason) => onCancel?.(reason),
    },
    { highWaterMark: 0 },
  )
}
