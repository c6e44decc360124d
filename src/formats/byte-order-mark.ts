const MARK = [0xef, 0xbb, 0xbf]
const EMPTY = new Uint8Array()

/** @returns the offset where the text begins: after the byte order mark, if there is one */
export function afterMark(bytes: Uint8Array, start: number): number {
  return bytes[start] === MARK[0] && bytes[start + 1] === MARK[1] && bytes[start + 2] === MARK[2]
    ? start + MARK.length
    : start
}

/** Takes the byte order mark off the beginning of a source, whatever the chunks it comes in. */
export class WithoutMark {
  /** The first bytes, until it is clear whether they are a mark. */
  #beginning: Uint8Array | undefined = EMPTY

  /** @returns the bytes of the text that have come, perhaps none */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#beginning === undefined) return chunk
    const bytes = joined(this.#beginning, chunk)
    const mayBecomeMark = bytes.length < MARK.length && bytes.every((byte, index) => byte === MARK[index])
    // The chunk's buffer may be used again.
    this.#beginning = mayBecomeMark ? new Uint8Array(bytes) : undefined
    return mayBecomeMark ? EMPTY : bytes.subarray(afterMark(bytes, 0))
  }

  /** The source has ended. @returns the beginning of a mark, where that is all there was */
  end(): Uint8Array {
    const beginning = this.#beginning ?? EMPTY
    this.#beginning = undefined
    return beginning
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}
