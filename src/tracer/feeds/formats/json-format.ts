import type { Token } from 'stream-json/core/parser.js'

/** JSON whose records are not the elements of its top. */
export type WrappedFormat = 'misp-warninglist' | 'misp-events' | 'misp-manifest' | 'one-object'

/** Thrown by a reader as soon as the file turns out not to be of its format. Nothing has been told of it by then. */
export class NotOfFormat extends Error {}

/** Tokens of a record after which no format of MISP is waited for. */
const MOST_TOKENS = 20_000
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Tells from the first record of a JSON file, while it is read, whether it may be of a format of MISP. */
export class FormatDetector {
  /** Objects and lists that are open, an array at the top not counted. */
  #depth = 0
  #isInArray = false
  #key = ''
  /** Members of the first record so far. */
  #members = 0
  #isDone = false
  /** The records may be in the object. Formats of MISP may show later, so it is told at the end of the object. */
  #mayBeWrapped = false
  #tokens = 0
  /** The last container that began is a list, and nothing has ended since. */
  #isListOpen = false

  /** The first record has ended, or there is none: the file is of no such format. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** @returns the format that the file may have; its reader finds out whether it has */
  add(token: Token): WrappedFormat | undefined {
    this.#tokens += 1
    switch (token.name) {
      case 'startObject':
      case 'startArray': {
        const isList = token.name === 'startArray'
        const format = this.#depth === 1 ? this.#formatOf(isList) : undefined
        if (this.#isWrapper(isList)) this.#mayBeWrapped = true
        if (this.#depth === 0 && isList && !this.#isInArray) this.#isInArray = true
        else this.#depth += 1
        this.#isListOpen = isList
        return format
      }
      case 'endObject':
      case 'endArray':
        this.#isListOpen = false
        this.#depth -= 1
        if (this.#depth > 0) return this.#isLong ? 'one-object' : undefined
        this.#isDone = true
        return this.#mayBeWrapped ? 'one-object' : undefined
      case 'keyValue':
        if (this.#depth === 1) {
          this.#key = token.value
          this.#members += 1
        }
        return undefined
      default:
        // A scalar where a record should be.
        if (this.#depth === 0) this.#isDone = true
        return undefined
    }
  }

  /** The first record is so long that its other members are not waited for. */
  get #isLong(): boolean {
    return this.#mayBeWrapped && this.#tokens > MOST_TOKENS
  }

  /** An object in a list that is a member of the first record, or of a member of it: the records may be there. */
  #isWrapper(isList: boolean): boolean {
    return !this.#isInArray && !isList && this.#isListOpen && this.#depth >= 2
  }

  #formatOf(isList: boolean): WrappedFormat | undefined {
    if (this.#key === 'Event' && !isList) return 'misp-events'
    if (this.#key === 'response') return 'misp-events'
    if (this.#isInArray) return undefined
    if (this.#key === 'list' && isList) return 'misp-warninglist'
    if (!isList && UUID.test(this.#key)) return 'misp-manifest'
    // An object that begins with an object may be all objects, by their ids.
    if (!isList && this.#members === 1) this.#mayBeWrapped = true
    return undefined
  }
}
