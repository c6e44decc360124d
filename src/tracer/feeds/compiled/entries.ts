import { Buffer } from 'node:buffer'

/** The kinds of keys that entries are found by. They are a part of the format. */
export const KINDS = {
  /** Not an entry: the value stands elsewhere, see `redirect`. */
  redirect: 0,
  hash: 1,
  /** A block of addresses: a network, an address, or a part of a range. */
  block4: 2,
  block6: 3,
  url: 4,
  /** A domain with a leading dot and any path. */
  domain: 5,
  /**
   * Any other mask. It is kept apart from the rest, by its number: an index of all masks is built when the file is
   * opened.
   */
  mask: 6,
  /** A host, with any path. */
  host: 7,
  /** An e-mail address or another text, with its type before it. */
  text: 8,
} as const

const KIND_BITS = 4
/** Keys of one compiled feed, each a table. */
export const MAX_TABLES = 256

const KEY_NOT_ASCII = 1
const CONTEXT_NOT_ASCII = 2
/** The context is a reference: number and length of a blob. */
const CONTEXT_ELSEWHERE = 4
const REFERENCE_BYTES = 8

/** The number of a set of keys: kind and table. */
export function spaceOf(kind: number, table: number): number {
  return kind | (table << KIND_BITS)
}

/** The kind of a space. */
export function kindOf(space: number): number {
  return space & ((1 << KIND_BITS) - 1)
}

/** The table of a space. */
export function tableOf(space: number): number {
  return space >>> KIND_BITS
}

/** The parts of an entry. */
interface EntryParts {
  readonly space: number
  /** A text, or bytes. */
  readonly key: string | Uint8Array
  /** Number of the record among all: orders masks. Default: 0. */
  readonly sequence?: number
  /** Default: none. */
  readonly context?: EntryContext
}

/** A context that stands in the entry, or elsewhere. */
export type EntryContext =
  | { readonly bytes: Uint8Array; readonly isAscii: boolean }
  | { readonly blob: number; readonly length: number; readonly isAscii: boolean }

/**
 * An entry as it is stored. The value of a hash is the entries of all keys that have it, one after another.
 *
 *     space  flags  sequence  key length  context length  key  context         numbers: seven bits a byte, low ones first
 */
export function encodeEntry({ space, key, sequence = 0, context }: EntryParts): Buffer {
  const keyLength = typeof key === 'string' ? Buffer.byteLength(key, 'utf8') : key.length
  const isKeyAscii = typeof key !== 'string' || keyLength === key.length
  const contextLength = context === undefined ? 0 : 'blob' in context ? REFERENCE_BYTES : context.bytes.length
  const isElsewhere = context !== undefined && 'blob' in context
  const flags =
    (isKeyAscii ? 0 : KEY_NOT_ASCII) |
    (context === undefined || context.isAscii ? 0 : CONTEXT_NOT_ASCII) |
    (isElsewhere ? CONTEXT_ELSEWHERE : 0)
  const numbers = [space, flags, sequence, keyLength, contextLength]
  const head = numbers.reduce((sum, number) => sum + numberBytes(number), 0)
  const entry = Buffer.allocUnsafe(head + keyLength + contextLength)
  let at = 0
  for (const number of numbers) at = writeNumber(entry, number, at)
  if (typeof key === 'string') entry.write(key, at, 'utf8')
  else entry.set(key, at)
  at += keyLength
  if (context !== undefined) {
    if ('blob' in context) {
      entry.writeUInt32LE(context.blob, at)
      entry.writeUInt32LE(context.length, at + 4)
    } else {
      entry.set(context.bytes, at)
    }
  }
  return entry
}

/** The value of a hash whose entries stand in a blob. */
export function encodeRedirect(blob: number, length: number): Buffer {
  const value = Buffer.allocUnsafe(1 + REFERENCE_BYTES)
  value[0] = KINDS.redirect
  value.writeUInt32LE(blob, 1)
  value.writeUInt32LE(length, 5)
  return value
}

function numberBytes(number: number): number {
  let bytes = 1
  for (let left = number; left >= 0x80; left = Math.floor(left / 0x80)) bytes++
  return bytes
}

function writeNumber(bytes: Uint8Array, number: number, from: number): number {
  let at = from
  let left = number
  while (left >= 0x80) {
    bytes[at++] = (left % 0x80) | 0x80
    left = Math.floor(left / 0x80)
  }
  bytes[at++] = left
  return at
}

/** Goes through the entries of a value. Nothing is read beyond its end, whatever it holds. */
export class EntryReader {
  #bytes: Buffer = Buffer.alloc(0)
  #end = 0
  #next = 0
  #flags = 0
  #keyStart = 0
  #contextStart = 0
  #contextEnd = 0
  space = 0
  sequence = 0

  /** @param bytes may be overwritten when the next value is read; what is needed longer has to be taken before */
  start(bytes: Buffer, end: number): void {
    this.#bytes = bytes
    this.#end = end
    this.#next = 0
  }

  /** @returns true when there is another entry */
  next(): boolean {
    if (this.#next >= this.#end) return false
    this.space = this.#number()
    this.#flags = this.#number()
    this.sequence = this.#number()
    const keyLength = this.#number()
    const contextLength = this.#number()
    this.#keyStart = this.#next
    this.#contextStart = this.#keyStart + keyLength
    this.#contextEnd = this.#contextStart + contextLength
    this.#next = this.#contextEnd
    if (this.#contextEnd > this.#end) throw new RangeError('an entry of the compiled feed is damaged')
    return true
  }

  /** True when the key is this text, which is well-formed. */
  hasKey(text: string): boolean {
    const length = this.#contextStart - this.#keyStart
    if ((this.#flags & KEY_NOT_ASCII) !== 0) return length >= text.length && this.keyText() === text
    if (length !== text.length) return false
    const bytes = this.#bytes
    const start = this.#keyStart
    for (let i = 0; i < length; i++) {
      if (bytes[start + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  keyText(): string {
    return textOf(this.#bytes, this.#keyStart, this.#contextStart, (this.#flags & KEY_NOT_ASCII) === 0)
  }

  /** Not a copy. */
  keyBytes(): Buffer {
    return this.#bytes.subarray(this.#keyStart, this.#contextStart)
  }

  /** The part that tells the entry from others of its hash. */
  identity(): string {
    return `${this.space} ${this.#bytes.toString('latin1', this.#keyStart, this.#contextStart)}`
  }

  /** The context's text, or where it stands. */
  context(): string | ContextReference {
    const isAscii = (this.#flags & CONTEXT_NOT_ASCII) === 0
    if ((this.#flags & CONTEXT_ELSEWHERE) === 0) {
      return textOf(this.#bytes, this.#contextStart, this.#contextEnd, isAscii)
    }
    if (this.#contextEnd - this.#contextStart !== REFERENCE_BYTES) {
      throw new RangeError('a reference of the compiled feed is damaged')
    }
    return {
      blob: this.#bytes.readUInt32LE(this.#contextStart),
      length: this.#bytes.readUInt32LE(this.#contextStart + 4),
      isAscii,
    }
  }

  #number(): number {
    let number = 0
    let weight = 1
    for (;;) {
      if (this.#next >= this.#end) throw new RangeError('an entry of the compiled feed is damaged')
      const byte = this.#bytes[this.#next++]!
      if (byte < 0x80) return number + byte * weight
      number += (byte & 0x7f) * weight
      weight *= 0x80
    }
  }
}

/** The place of a context that is too long for its entry. */
export interface ContextReference {
  readonly blob: number
  readonly length: number
  readonly isAscii: boolean
}

/** A text of UTF-8 bytes. */
export function textOf(bytes: Buffer, start: number, end: number, isAscii: boolean): string {
  return bytes.toString(isAscii ? 'latin1' : 'utf8', start, end)
}
