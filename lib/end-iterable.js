/**
 * Tells an iterable that nobody wants the rest. A stream of Node's is destroyed, as by whoever
 * pipes it: as an iterable it hears of `return` neither before it was begun nor while it waits for
 * a piece.
 * @param {AsyncIterable<unknown> | Iterable<unknown>} iterable whatever an answer was made of
 * @param {AsyncIterator<unknown> | Iterator<unknown> | undefined} iterator of it
 * @param {unknown} [reason]
 * @param {unknown} [error] of the stream; only where somebody reads it, who hears of it
 * @returns {unknown} what the iterator gives for that
 */
export function endIterable(iterable, iterator, reason = undefined, error = undefined) {
  const returned = iterator?.return?.(reason)
  if (typeof iterable.pipe === 'function' && typeof iterable.destroy === 'function') {
    iterable.destroy(error)
  }
  return returned
}
