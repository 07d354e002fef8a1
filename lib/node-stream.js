/**
 * Destroys a stream of Node's, as whoever pipes it does. It is an iterable, too; but as such it
 * hears of `return` neither before it was begun nor while it waits for a piece.
 * @param {unknown} source whatever an answer was made of
 * @param {unknown} [reason] only where somebody reads it: it is told as an error
 */
export function destroyStream(source, reason = undefined) {
  if (typeof source.pipe === 'function' && typeof source.destroy === 'function') {
    source.destroy(reason)
  }
}
