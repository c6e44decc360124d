import type { TextCoding } from '../json/text-coding.ts'

const LF = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** Turns a bracket into the brace of its side, and no other character into one. */
const BRACKET_BIT = 0x20

/** A character may be written as `\u1234`. */
const MAX_ESCAPE = 6

const TYPES: ReadonlyMap<number, string> = new Map([
  [OPEN_BRACE, 'an object'],
  [QUOTE, 'a string'],
  [0x74, 'a boolean'],
  [0x66, 'a boolean'],
  [0x6e, 'null'],
])

/** The place in an object that is followed, or the thing that is skipped. */
type State = 'member' | 'key' | 'colon' | 'value' | 'string' | 'nested'

/**
 * Reads the document round a list whose elements are events, up to the list and on behind it. Of all that is read nothing is kept but the
 * name of the member that is being read.
 *
 *     {"meta": {"n": [1]}, "logs": {"version": 2, "items": [ ... ], "more": ""}, "end": null}
 *     ^ followed           ^ leads on             ^ completes the path
 *              ^^^^^^^^^^ skipped
 *
 * A path is as rules have it: its parts lead from object to object, and a member whose name has the dots in it is found as well. The document
 * is not validated: its brackets and strings have to match, as anywhere in JSON input, and all else is skipped as it is.
 */
export class Envelope {
  readonly #path: string
  readonly #coding: TextCoding
  readonly #maxKeyBytes: number
  /** The objects that are followed: of each the rest of the path. */
  #rests: string[] = []
  #state: State = 'member'
  /** Of the member that is read: the rest of the path, '' where it is complete, undefined where it leads nowhere. */
  #rest: string | undefined
  readonly #key: Uint8Array
  #keyLength = 0
  #escaped = false
  #inString = false
  #depth = 0
  #lines = 0
  #isInList = false
  #foundType: string | undefined

  /** @param path of the list: names with dots between them */
  constructor(path: string, coding: TextCoding) {
    this.#path = path
    this.#coding = coding
    this.#maxKeyBytes = coding.byteLength(path) * MAX_ESCAPE
    this.#key = coding.allocate(this.#maxKeyBytes)
  }

  /** A document begins: its brace has been read. */
  begin(): void {
    this.#rests = [this.#path]
    this.#state = 'member'
    this.#isInList = false
    this.#foundType = undefined
  }

  /** The document has been read to its end. */
  get isOver(): boolean {
    return this.#rests.length === 0
  }

  /** The next byte is the first one within the list. To read on says that the list has been read. */
  get isInList(): boolean {
    return this.#isInList
  }

  /** The type of the value that was found in the place of the list, last; undefined: nothing was found. */
  get foundType(): string | undefined {
    return this.#foundType
  }

  /** The number of line ends since the last call. */
  takeLines(): number {
    const lines = this.#lines
    this.#lines = 0
    return lines
  }

  /** Reads on, up to the list, or the end of the document, or of the chunk. @returns the offset after the last byte that was read */
  read(bytes: Uint8Array, from: number): number {
    this.#isInList = false
    let position = from
    while (position < bytes.length && !this.#isInList && this.#rests.length > 0) {
      const byte = bytes[position++]!
      if (byte === LF) this.#lines++
      if (this.#state === 'nested') this.#skipNested(byte)
      else if (this.#state === 'string') this.#skipString(byte)
      else if (this.#state === 'key') this.#readKey(byte)
      else this.#readBetween(byte)
    }
    return position
  }

  #skipNested(byte: number): void {
    if (this.#inString) this.#inString = !this.#endsString(byte)
    else if (byte === QUOTE) this.#inString = true
    else if ((byte | BRACKET_BIT) === OPEN_BRACE) this.#depth++
    else if ((byte | BRACKET_BIT) === CLOSE_BRACE && --this.#depth === 0) this.#state = 'member'
  }

  #skipString(byte: number): void {
    if (this.#endsString(byte)) this.#state = 'member'
  }

  #endsString(byte: number): boolean {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else return byte === QUOTE
    return false
  }

  /** `"items": [ ... ]`
      ^              */
  #readKey(byte: number): void {
    if (this.#endsString(byte)) {
      this.#state = 'colon'
      this.#rest = this.#restBehind(this.#rests.at(-1)!)
    } else {
      if (this.#keyLength < this.#maxKeyBytes) this.#key[this.#keyLength] = byte
      this.#keyLength++
    }
  }

  /** The rest of the path behind the key that was read. */
  #restBehind(path: string): string | undefined {
    if (this.#keyLength > this.#maxKeyBytes) return undefined
    const key = keyOf(this.#coding.utf8(this.#key, 0, this.#keyLength))
    if (key === path) return ''
    return key !== undefined && path.startsWith(`${key}.`) ? path.slice(key.length + 1) : undefined
  }

  /** A byte that is in no key and in nothing that is skipped. */
  #readBetween(byte: number): void {
    if (byte <= SPACE) return
    if ((byte | BRACKET_BIT) === CLOSE_BRACE) {
      this.#rests.pop()
      this.#state = 'member'
    } else if (byte === COMMA) {
      this.#state = 'member'
    } else if (this.#state === 'value') {
      this.#beginValue(byte)
    } else if (byte === COLON) {
      this.#state = this.#state === 'colon' ? 'value' : 'member'
    } else if (byte === QUOTE) {
      this.#state = 'key'
      this.#keyLength = 0
    } else if ((byte | BRACKET_BIT) === OPEN_BRACE) {
      this.#skip()
    }
  }

  /** `"items": [ ... ]`
                ^      */
  #beginValue(byte: number): void {
    this.#state = 'member'
    const rest = this.#rest
    const isList = byte === OPEN_BRACKET
    if (rest === '') this.#foundType = isList ? 'a list' : (TYPES.get(byte) ?? 'a number')
    if (rest === '' && isList) this.#isInList = true
    else if (rest !== undefined && rest !== '' && byte === OPEN_BRACE) this.#rests.push(rest)
    else if ((byte | BRACKET_BIT) === OPEN_BRACE) this.#skip()
    else if (byte === QUOTE) this.#state = 'string'
  }

  #skip(): void {
    this.#state = 'nested'
    this.#depth = 1
    this.#inString = false
  }
}

/** @returns undefined where the text is no string of JSON */
function keyOf(text: string): string | undefined {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
