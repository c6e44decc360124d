import type { Token } from 'stream-json/core/parser.js'

/** JSON whose records are not the elements of its top. */
export type WrappedFormat = 'misp-warninglist' | 'misp-events' | 'misp-manifest'

/** Thrown by a reader as soon as the file turns out not to be of its format. Nothing has been told of it by then. */
export class NotOfFormat extends Error {}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Tells from the first record of a JSON file, while it is read, whether it may be of a format of MISP. */
export class FormatDetector {
  /** Objects and lists that are open, an array at the top not counted. */
  #depth = 0
  #isInArray = false
  #key = ''
  #isDone = false

  /** The first record has ended, or there is none: the file is of no such format. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** @returns the format that the file may have; its reader finds out whether it has */
  add(token: Token): WrappedFormat | undefined {
    switch (token.name) {
      case 'startObject':
      case 'startArray': {
        const format = this.#depth === 1 ? this.#formatOf(token.name === 'startArray') : undefined
        if (this.#depth === 0 && token.name === 'startArray' && !this.#isInArray) this.#isInArray = true
        else this.#depth += 1
        return format
      }
      case 'endObject':
      case 'endArray':
        this.#depth -= 1
        if (this.#depth <= 0) this.#isDone = true
        return undefined
      case 'keyValue':
        if (this.#depth === 1) this.#key = token.value
        return undefined
      default:
        // A scalar where a record should be.
        if (this.#depth === 0) this.#isDone = true
        return undefined
    }
  }

  #formatOf(isList: boolean): WrappedFormat | undefined {
    if (this.#key === 'Event' && !isList) return 'misp-events'
    if (this.#key === 'response') return 'misp-events'
    if (this.#isInArray) return undefined
    if (this.#key === 'list' && isList) return 'misp-warninglist'
    return !isList && UUID.test(this.#key) ? 'misp-manifest' : undefined
  }
}
