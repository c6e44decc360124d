/**
 * Reads a JSON line in place: validates every byte as RFC 8259 asks, and notes where the members that the rules want
 * begin and end. No object is built. The order of keys is predicted from the line before; a key that is not where it
 * was expected is looked up. It shares nothing with the scanner of the fast path (rules/fast/assembly), so that each can be compared with
 * the other.
 *
 *     {"ts":"...","src":{"ip":"10.0.0.1","port":443},"x":[...]}
 *           `-slot 0            `-slot 1               `- skipped, but validated
 *
 * Whatever is unusual (an escape in a wanted key, a wanted member given twice, deep nesting, anything invalid) makes
 * it give up: the line then goes the plain way, which decides.
 */
import type { Wanted, WantedTree } from './wanted.ts'

/** Marks of what was seen inside a value. */
export const ESCAPE = 1
export const NON_ASCII = 2
/** A number with a fraction or an exponent. */
export const FRACTION = 4
export const BLANKS = 8
/** An object, or an array with something in it that is no scalar. */
export const NESTED = 16

/** Deeper lines are left to the plain way. */
const MAX_DEPTH = 60

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** Bytes of a string: 0 is itself, 1 needs a look. */
const SPECIAL = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  SPECIAL[byte] = byte < 0x20 || byte >= 0x80 || byte === QUOTE || byte === BACKSLASH ? 1 : 0
}

/** The bytes that may follow a backslash, but for `u`. */
const SIMPLE_ESCAPE = new Uint8Array(256)
for (const char of '"\\/bfnrt') SIMPLE_ESCAPE[char.charCodeAt(0)] = 1

/** A key that an object was seen to have. */
interface Known {
  /** With its quotes. */
  readonly bytes: Uint8Array
  /** The same as numbers, for the comparison. */
  readonly words: Int32Array
  readonly mask: number
  readonly place: Place | undefined
  /** The mark to be noted when the key is met again: NON_ASCII, or nothing. */
  readonly seen: number
  /** The key that followed it the last time. */
  next: Known | undefined
}

/** A wanted member, or the whole line, with the keys that objects there were seen to have. */
interface Place {
  readonly slot: number
  readonly marker: number
  readonly members: ReadonlyMap<string, Place>
  readonly known: KnownKeys
}

function placeOf({ slot, marker, members }: Wanted): Place {
  const places = new Map(Array.from(members, ([key, wanted]) => [key, placeOf(wanted)] as const))
  return { slot, marker, members: places, known: new KnownKeys() }
}

/** The keys that objects of one place were seen to have, and in which order they came the last time. */
class KnownKeys {
  first: Known | undefined = undefined
  readonly #buckets: Known[][] = Array.from({ length: BUCKETS }, () => [])
  #count = 0

  find(bytes: Uint8Array, start: number, end: number): Known | undefined {
    for (const known of this.#buckets[bucketOf(bytes, start, end)]!) {
      if (known.bytes.length === end - start && matches(known.bytes, bytes, start)) return known
    }
    return undefined
  }

  /** Hostile lines may have any number of keys: not all are kept. */
  hasRoomFor(length: number): boolean {
    return this.#count < MAX_KNOWN && length <= MAX_KNOWN_LENGTH
  }

  add(known: Known): Known {
    this.#count++
    this.#buckets[bucketOf(known.bytes, 0, known.bytes.length)]!.push(known)
    return known
  }
}

const BUCKETS = 64
const MAX_KNOWN = 1000
const MAX_KNOWN_LENGTH = 200

function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  return (end - start + bytes[start + 1]! * 5 + bytes[end - 2]! * 17) & (BUCKETS - 1)
}

function matches(key: Uint8Array, bytes: Uint8Array, position: number): boolean {
  for (let index = 0; index < key.length; index++) {
    if (bytes[position + index] !== key[index]) return false
  }
  return true
}

/** The first bytes of a key, with its quotes, four to a number; the last number holds what is left. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  return Int32Array.from({ length: padded.length / 4 }, (_, index) => view.getInt32(index * 4, true))
}

/** Which bits of the last word count, by the number of bytes in it. */
const LAST_WORD_MASKS = [-1, 0xff, 0xffff, 0xffffff]

export class Scanner {
  /** By slot: where the value begins (-1: it is absent) and ends, and what was seen inside it. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly marks: Uint8Array
  readonly #root: Place
  #bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #seen = 0
  #depth = 0

  constructor({ root, slots }: WantedTree) {
    this.#root = placeOf(root)
    this.starts = new Int32Array(slots)
    this.ends = new Int32Array(slots)
    this.marks = new Uint8Array(slots)
  }

  /**
   * Reads the object that begins at `start`.
   *
   * @param bytes UTF-8; the last byte is LF
   * @returns the offset after the line's LF, or -1: the line is unusual, and nothing is known of it
   */
  scan(bytes: Uint8Array, start: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.#depth = 0
    this.starts.fill(-1)
    if (bytes[start] !== OPEN_BRACE) return -1
    let position = this.#object(this.#root, start)
    if (position < 0) return -1
    while (bytes[position] !== 0x0a) {
      if (bytes[position] !== 0x0d && bytes[position] !== 0x20 && bytes[position] !== 0x09) return -1
      position++
    }
    return position + 1
  }

  /** An object with wanted members; `position` is at its brace. */
  #object({ known, members }: Place, position: number): number {
    const bytes = this.#bytes
    if (++this.#depth > MAX_DEPTH) return -1
    position++
    if (bytes[position] !== QUOTE) {
      position = this.#blanks(position)
      if (bytes[position] === CLOSE_BRACE) {
        this.#depth--
        return position + 1
      }
    }
    let previous: Known | undefined
    for (;;) {
      if (bytes[position] !== QUOTE) return -1
      let key = previous === undefined ? known.first : previous.next
      let child: Place | undefined
      if (key !== undefined && this.#isAt(key, position)) {
        position += key.bytes.length
        this.#seen |= key.seen
        child = key.place
        previous = key
      } else {
        const end = this.#key(position)
        if (end < 0) return -1
        key = known.find(bytes, position, end)
        if (key === undefined && known.hasRoomFor(end - position)) {
          key = known.add(this.#newKey(members, position, end))
        }
        if (key === undefined) {
          // Not kept, so nothing may lead to it: what lines bring must not pile up.
          child = members.get(keyText(bytes.subarray(position, end)))
        } else {
          child = key.place
          if (previous === undefined) known.first = key
          else previous.next = key
          previous = key
        }
        position = end
      }
      if (bytes[position] !== COLON) {
        position = this.#blanks(position)
        if (bytes[position] !== COLON) return -1
      }
      position++
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
      position = child === undefined ? this.#value(position) : this.#wantedValue(child, position)
      if (position < 0) return -1
      if (bytes[position] !== COMMA && bytes[position] !== CLOSE_BRACE) position = this.#blanks(position)
      if (bytes[position] === CLOSE_BRACE) {
        this.#depth--
        return position + 1
      }
      if (bytes[position] !== COMMA) return -1
      position++
      if (bytes[position] !== QUOTE) position = this.#blanks(position)
    }
  }

  /** True when the line has this key at a place. Behind the last key there is more than four bytes, but for broken lines. */
  #isAt({ words, mask }: Known, position: number): boolean {
    const view = this.#view
    const last = words.length - 1
    if (position + words.length * 4 > this.#bytes.length) return false
    for (let index = 0; index < last; index++) {
      if (view.getInt32(position, true) !== words[index]) return false
      position += 4
    }
    return (view.getInt32(position, true) & mask) === words[last]
  }

  /** @returns the offset after a key; -1 where it is none, or has escapes: it may be a wanted one in disguise */
  #key(position: number): number {
    const outer = this.#seen
    this.#seen = 0
    const end = this.#string(position)
    const escaped = (this.#seen & ESCAPE) !== 0
    this.#seen |= outer
    return escaped ? -1 : end
  }

  #newKey(members: ReadonlyMap<string, Place>, start: number, end: number): Known {
    // A copy: a Buffer's own slice would be a view of the block.
    const bytes = Uint8Array.from(this.#bytes.subarray(start, end))
    return {
      bytes,
      words: wordsOf(bytes),
      mask: LAST_WORD_MASKS[bytes.length % 4]!,
      place: members.get(keyText(bytes)),
      seen: bytes.some((byte) => byte >= 0x80) ? NON_ASCII : 0,
      next: undefined,
    }
  }

  #wantedValue(wanted: Place, position: number): number {
    const { slot } = wanted
    const bytes = this.#bytes
    if (slot === -1) {
      if (this.#entered(wanted)) return -1
      if (bytes[position] === OPEN_BRACE) return this.#object(wanted, position)
      return this.#value(position)
    }
    // Given twice: the last one counts, and what was noted below the first one does not.
    if (this.starts[slot] !== -1) return -1
    const outer = this.#seen
    this.#seen = 0
    this.starts[slot] = position
    const isObject = wanted.members.size > 0 && bytes[position] === OPEN_BRACE
    if (isObject) this.#seen |= NESTED
    const end = isObject ? this.#object(wanted, position) : this.#value(position)
    this.ends[slot] = end
    this.marks[slot] = this.#seen
    this.#seen |= outer
    return end
  }

  /** True when an object that has no slot of its own was met before in this line. */
  #entered(wanted: Place): boolean {
    const { marker } = wanted
    if (this.starts[marker] !== -1) return true
    this.starts[marker] = 0
    return false
  }

  /** Any value: validated, not kept. */
  #value(position: number): number {
    const bytes = this.#bytes
    const first = bytes[position]!
    if (first === QUOTE) return this.#string(position)
    if ((first >= ZERO && first <= NINE) || first === MINUS) return this.#number(position)
    switch (first) {
      case OPEN_BRACE:
        return this.#skipObject(position)
      case OPEN_BRACKET:
        return this.#array(position)
      case 0x74: // true
        return bytes[position + 1] === 0x72 && bytes[position + 2] === 0x75 && bytes[position + 3] === 0x65
          ? position + 4
          : -1
      case 0x66: // false
        return bytes[position + 1] === 0x61 &&
          bytes[position + 2] === 0x6c &&
          bytes[position + 3] === 0x73 &&
          bytes[position + 4] === 0x65
          ? position + 5
          : -1
      case 0x6e: // null
        return bytes[position + 1] === 0x75 && bytes[position + 2] === 0x6c && bytes[position + 3] === 0x6c
          ? position + 4
          : -1
      default:
        return -1
    }
  }

  /** @param position at the opening quote */
  #string(position: number): number {
    const bytes = this.#bytes
    position++
    for (;;) {
      while (SPECIAL[bytes[position]!] === 0) position++
      const byte = bytes[position]!
      if (byte === QUOTE) return position + 1
      if (byte >= 0x80) {
        this.#seen |= NON_ASCII
        position++
        while (bytes[position]! >= 0x80) position++
      } else if (byte === BACKSLASH) {
        this.#seen |= ESCAPE
        const escaped = bytes[position + 1]!
        if (SIMPLE_ESCAPE[escaped] === 1) position += 2
        else if (escaped === 0x75 && this.#isHex(position + 2)) position += 6
        else return -1
      } else {
        return -1
      }
    }
  }

  #isHex(position: number): boolean {
    for (let index = position; index < position + 4; index++) {
      const byte = this.#bytes[index]! | 0x20
      if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false
      // `| 0x20` makes digits of 0x10 to 0x19.
      if (this.#bytes[index]! < 0x30) return false
    }
    return true
  }

  #number(position: number): number {
    const bytes = this.#bytes
    if (bytes[position] === MINUS) position++
    const first = bytes[position]!
    if (first === ZERO) position++
    else if (first > ZERO && first <= NINE) {
      do position++
      while (bytes[position]! >= ZERO && bytes[position]! <= NINE)
    } else return -1
    if (bytes[position] === 0x2e) {
      this.#seen |= FRACTION
      position++
      const start = position
      while (bytes[position]! >= ZERO && bytes[position]! <= NINE) position++
      if (position === start) return -1
    }
    if ((bytes[position]! | 0x20) === 0x65) {
      this.#seen |= FRACTION
      position++
      if (bytes[position] === MINUS || bytes[position] === 0x2b) position++
      const start = position
      while (bytes[position]! >= ZERO && bytes[position]! <= NINE) position++
      if (position === start) return -1
    }
    return position
  }

  #array(position: number): number {
    const bytes = this.#bytes
    if (++this.#depth > MAX_DEPTH) return -1
    position++
    if (isBlank(bytes[position]!)) position = this.#blanks(position)
    if (bytes[position] === CLOSE_BRACKET) {
      this.#depth--
      return position + 1
    }
    for (;;) {
      const first = bytes[position]
      if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#seen |= NESTED
      position = this.#value(position)
      if (position < 0) return -1
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
      if (bytes[position] === CLOSE_BRACKET) {
        this.#depth--
        return position + 1
      }
      if (bytes[position] !== COMMA) return -1
      position++
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
    }
  }

  #skipObject(position: number): number {
    const bytes = this.#bytes
    if (++this.#depth > MAX_DEPTH) return -1
    this.#seen |= NESTED
    position++
    if (isBlank(bytes[position]!)) position = this.#blanks(position)
    if (bytes[position] === CLOSE_BRACE) {
      this.#depth--
      return position + 1
    }
    for (;;) {
      if (bytes[position] !== QUOTE) return -1
      position = this.#string(position)
      if (position < 0) return -1
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
      if (bytes[position] !== COLON) return -1
      position++
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
      position = this.#value(position)
      if (position < 0) return -1
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
      if (bytes[position] === CLOSE_BRACE) {
        this.#depth--
        return position + 1
      }
      if (bytes[position] !== COMMA) return -1
      position++
      if (isBlank(bytes[position]!)) position = this.#blanks(position)
    }
  }

  #blanks(position: number): number {
    const bytes = this.#bytes
    this.#seen |= BLANKS
    while (isBlank(bytes[position]!)) position++
    return position
  }
}

/** LF is a line's end here: inside a line there is none. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}

/** U+FEFF at the beginning belongs to the key. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A key between its quotes. */
function keyText(bytes: Uint8Array): string {
  return decoder.decode(bytes.subarray(1, bytes.length - 1))
}
