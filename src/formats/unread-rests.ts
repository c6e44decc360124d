import type { UnreadRest } from './splitter.ts'

/** The rests that could not be read of the documents that have ended so far. */
export class UnreadRests {
  #first: { readonly source: string; readonly rest: UnreadRest } | undefined
  #count = 0
  #bytes = 0

  /** @param rest undefined: the document was read to its end */
  add(source: string, rest: UnreadRest | undefined): void {
    if (rest === undefined) return
    this.#first ??= { source, rest }
    this.#count += 1
    this.#bytes += rest.bytes
  }

  /** Bytes that nothing was made of, but a rejected event for each document. */
  get bytes(): number {
    return this.#bytes
  }

  /** For the operator; undefined: all documents were read to their ends. */
  get message(): string | undefined {
    if (this.#first === undefined) return undefined
    const { source, rest } = this.#first
    const others = this.#count > 1 ? `; so it is with ${this.#count - 1} more of the inputs` : ''
    return `cannot read ${source} to its end: line ${rest.line}: ${rest.problem} (${rest.bytes} bytes not read)${others}`
  }
}
