/** Several pieces as one; one piece as it is. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  let length = 0
  for (const piece of pieces) length += piece.length
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  return bytes
}

/** The chunks of a stream of the web platform. Who stops in the middle cancels it. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let isOver = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        isOver = true
        return
      }
      yield value
    }
  } finally {
    if (!isOver) reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}

/** A stream of the web platform that asks for a chunk when somebody reads it. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Unpacks with the means of the web platform. */
export async function* unpacked(
  body: AsyncIterable<Uint8Array>,
  encoding: 'gzip' | 'deflate',
): AsyncGenerator<Uint8Array> {
  const unpacking = new DecompressionStream(encoding)
  const writer = unpacking.writable.getWriter()
  const iterator = body[Symbol.asyncIterator]()
  let isOver = false
  // Both ends at once: what is written waits for what is read. A fault shows in what is read.
  const feeding = (async () => {
    for (;;) {
      const { done, value } = await iterator.next()
      if (done === true || isOver) break
      await writer.ready
      await writer.write(value as Uint8Array<ArrayBuffer>)
    }
    await writer.close()
  })()
  const fed = feeding.then(
    () => undefined,
    async (fault: unknown) => {
      await writer.abort(fault).catch(() => {})
    },
  )
  try {
    yield* chunksOf(unpacking.readable as ReadableStream<Uint8Array>)
    await fed
  } finally {
    isOver = true
    writer.abort().catch(() => {})
    void iterator.return?.()
  }
}
