// Tees the stream of a body as Fetch has it: the second branch gets copies, so that the two readers
// share no memory. The platform's `tee` does that by itself for byte streams only.

/**
 * Two streams of one. A copy is made when a chunk comes, before anyone has it.
 * @param {ReadableStream} stream
 * @returns {ReadableStream[]}
 */
export function teeOf(stream) {
  if (isByteStream(stream)) return stream.tee()
  const pairs = mappedStream(stream, (chunk) => [chunk, structuredClone(chunk)])
  return pairs.tee().map((branch, index) => mappedStream(branch, (pair) => pair[index]))
}

function isByteStream(stream) {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}

function mappedStream(stream, map) {
  const reader = stream.getReader()
  const source = {
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) return controller.close()
      try {
        controller.enqueue(map(value))
      } catch (error) {
        // Whoever reads hears of this error; what becomes of the source changes nothing in it.
        reader.cancel(error).catch(() => {})
        throw error
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }
  // Nothing is read ahead of the one who asks.
  return new ReadableStream(source, { highWaterMark: 0 })
}
