import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import { HttpError } from '../../http/body.ts'
import { guessType, type Indicator, type IndicatorType } from '../protocol.ts'

/*
 * The body of a look-up over HTTP: objects, in an array or one a line, cut anywhere into chunks.
 *
 *     chunk    ...xample"}, {"object": "a"}, {"object": "b"}, {"obj...
 *              `-- with what is held, parsed at once           `-- held
 *
 * The scan finds the commas between elements and nothing else; JSON.parse decides what is JSON. So the memory that a body takes
 * is that of a chunk and an element, however long the body is.
 */

/** One element of a request. */
export interface LookupObject {
  /** The value as it was sent; it goes back in the answer. */
  readonly object: string
  /** The value that is looked up, and its type: the one that was given, or a guess. */
  readonly indicator: Indicator
}

/** A reader of bodies. */
export interface ObjectReader {
  /** @returns the elements that are complete now. @throws {HttpError} 400 or 413, which says where */
  push(chunk: Buffer): LookupObject[]
  /** The body has ended. @returns the last elements. @throws {HttpError} 400 for a body that is not whole or has no element */
  end(): LookupObject[]
}

const TYPES: ReadonlySet<unknown> = new Set<IndicatorType>(['ip', 'url', 'hash', 'email', 'text'])

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const BLANK = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const SMALLEST_HOLD = 1024

/** The beginning of an element, in a buffer that grows by doubling: a body that comes byte by byte is copied a few times only. */
class Held {
  #bytes = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(bytes: Buffer): void {
    const needed = this.#length + bytes.length
    if (this.#bytes.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length, SMALLEST_HOLD))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#length)
    this.#length = needed
  }

  /** @returns all that is held with `rest` behind it; nothing is held then */
  take(rest: Buffer): Buffer {
    if (this.#length === 0) return rest
    const whole = Buffer.concat([this.#bytes.subarray(0, this.#length), rest])
    this.#length = 0
    return whole
  }
}

/** Reads `[{"object": "http:\/\/example.com"}, ...]`. */
export class ArrayReader implements ObjectReader {
  readonly #maxBytes: number
  readonly #held = new Held()
  #state: 'start' | 'elements' | 'end' = 'start'
  /** Objects and lists that are open within the element. */
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** Bytes of the body before the chunk, and before the element that is being read. */
  #offset = 0
  #elementStart = 0
  /** Elements that were given. */
  #count = 0

  /** @param maxBytes bytes that an element may have */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): LookupObject[] {
    let objects: LookupObject[] = []
    let at = 0
    if (this.#state === 'start') at = this.#start(chunk)
    if (this.#state === 'elements') {
      const from = at
      const { lastComma, end } = this.#scan(chunk, from)
      if (end >= 0) {
        objects = this.#parse(this.#held.take(chunk.subarray(from, end)), this.#offset + end, true)
        this.#state = 'end'
        at = end + 1
      } else {
        if (lastComma >= 0) {
          objects = this.#parse(this.#held.take(chunk.subarray(from, lastComma)), this.#offset + lastComma)
        }
        this.#held.add(chunk.subarray(lastComma < 0 ? from : lastComma + 1))
        at = chunk.length
      }
    }
    if (this.#state === 'end') this.#skipBlanks(chunk, at, 'there is something behind the array')
    this.#offset += chunk.length
    return objects
  }

  end(): LookupObject[] {
    if (this.#state === 'start') throw bad('the body is empty: send [{"object": "example.com"}]')
    if (this.#state !== 'end') throw bad(`the body ends within element ${this.#element}: it is not whole`)
    return []
  }

  /** The number of the element that is being read, from 1. */
  get #element(): number {
    return this.#count + 1
  }

  /** @returns the place behind the bracket */
  #start(chunk: Buffer): number {
    const at = this.#skipBlanks(chunk, 0, undefined)
    if (at === chunk.length) return at
    if (chunk[at] !== OPEN_LIST) {
      throw bad(`the body is no array, at byte ${this.#offset + at}: send [{"object": "example.com"}]`)
    }
    this.#state = 'elements'
    this.#elementStart = this.#offset + at + 1
    return at + 1
  }

  /** @returns the place of the first byte that is no blank. @throws {HttpError} when there is one and it is not wanted */
  #skipBlanks(chunk: Buffer, from: number, unwanted: string | undefined): number {
    let at = from
    while (at < chunk.length && isBlank(chunk[at]!)) at++
    if (at < chunk.length && unwanted !== undefined) throw bad(`${unwanted}, at byte ${this.#offset + at}`)
    return at
  }

  /** Looks for the last comma behind an element, and the end of the array; -1: not in this chunk. */
  #scan(chunk: Buffer, from: number): { lastComma: number; end: number } {
    let depth = this.#depth
    let isInString = this.#isInString
    let isEscaped = this.#isEscaped
    let lastComma = -1
    let end = -1
    const { length } = chunk
    for (let i = from; i < length; i++) {
      const byte = chunk[i]!
      if (isInString) {
        if (isEscaped) isEscaped = false
        else if (byte === QUOTE) isInString = false
        else if (byte === BACKSLASH) isEscaped = true
      } else if (byte === QUOTE) isInString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (depth === 0) {
          end = i
          break
        }
        depth--
      } else if (byte === COMMA && depth === 0) {
        this.#bound(this.#offset + i)
        this.#elementStart = this.#offset + i + 1
        lastComma = i
      }
    }
    this.#bound(this.#offset + (end < 0 ? length : end))
    if (end >= 0 && chunk[end] !== CLOSE_LIST) {
      throw bad(`the array ends with }, at byte ${this.#offset + end}: it is no JSON`)
    }
    this.#depth = depth
    this.#isInString = isInString
    this.#isEscaped = isEscaped
    return { lastComma, end }
  }

  #bound(end: number): void {
    if (end - this.#elementStart <= this.#maxBytes) return
    throw new HttpError(
      413,
      `an element has more than ${this.#maxBytes} bytes, at byte ${this.#elementStart} of the body`,
    )
  }

  /**
   * @param end place in the body behind `bytes`
   * @param isLast the array ends there
   */
  #parse(bytes: Buffer, end: number, isLast = false): LookupObject[] {
    const start = end - bytes.length
    let elements: unknown[] | undefined
    if (isUtf8(bytes)) {
      try {
        elements = JSON.parse(`[${textOf(bytes)}]`) as unknown[]
      } catch {
        elements = undefined
      }
    }
    if (elements === undefined || elements.length === 0) throw this.#fault(bytes, start, isLast)
    const objects = new Array<LookupObject>(elements.length)
    for (let i = 0; i < elements.length; i++) {
      objects[i] = lookupObject(elements[i]) ?? this.#noObject(bytes, start, i)
    }
    this.#count += objects.length
    return objects
  }

  /** Finds the element that is no JSON. */
  #fault(bytes: Buffer, start: number, isLast: boolean): HttpError {
    if (isLast && this.#count === 0 && bytes.every(isBlank)) {
      return bad('the array is empty: send [{"object": "example.com"}]')
    }
    let index = 0
    for (const [from, to] of elementsOf(bytes)) {
      const element = bytes.subarray(from, to)
      const place = `element ${this.#element + index}, at byte ${start + firstByte(bytes, from, to)},`
      if (!isUtf8(element)) return bad(`${place} is not UTF-8`)
      if (!isJson(element)) return bad(`${place} is no JSON`)
      index++
    }
    return bad(`the array is no JSON, at byte ${start}`)
  }

  #noObject(bytes: Buffer, start: number, index: number): never {
    const [from, to] = elementsOf(bytes)[index] ?? [0, bytes.length]
    throw bad(
      `element ${this.#element + index}, at byte ${start + firstByte(bytes, from, to)}, has no "object" that is a text`,
    )
  }
}

/** Reads one object a line. Empty lines are skipped. */
export class LinesReader implements ObjectReader {
  readonly #maxBytes: number
  readonly #held = new Held()
  #lines = 0
  #count = 0

  /** @param maxBytes bytes that a line may have */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): LookupObject[] {
    const objects: LookupObject[] = []
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      this.#line(this.#held.take(chunk.subarray(from, end)), objects)
      from = end + 1
    }
    this.#held.add(chunk.subarray(from))
    this.#bound(this.#held.length)
    return objects
  }

  end(): LookupObject[] {
    const objects: LookupObject[] = []
    this.#line(this.#held.take(Buffer.alloc(0)), objects)
    if (this.#count === 0) throw bad('the body is empty: send a line such as {"object": "example.com"}')
    return objects
  }

  #line(bytes: Buffer, objects: LookupObject[]): void {
    this.#bound(bytes.length)
    this.#lines++
    if (bytes.every(isBlank)) return
    if (!isUtf8(bytes)) throw bad(`line ${this.#lines} is not UTF-8`)
    let element: unknown
    try {
      element = JSON.parse(textOf(bytes))
    } catch {
      throw bad(`line ${this.#lines} is no JSON`)
    }
    const object = lookupObject(element)
    if (object === undefined) throw bad(`line ${this.#lines} has no "object" that is a text`)
    this.#count++
    objects.push(object)
  }

  #bound(length: number): void {
    if (length <= this.#maxBytes) return
    throw new HttpError(413, `line ${this.#lines + 1} has more than ${this.#maxBytes} bytes`)
  }
}

/** @returns undefined for an element that is no object, or has no text `object` of its own */
function lookupObject(element: unknown): LookupObject | undefined {
  if (typeof element !== 'object' || element === null || !Object.hasOwn(element, 'object')) return undefined
  const { object, type } = element as { readonly object: unknown; readonly type?: unknown }
  if (typeof object !== 'string') return undefined
  const value = object.trim()
  const isTyped = TYPES.has(type) && Object.hasOwn(element, 'type')
  return { object, indicator: { type: isTyped ? (type as IndicatorType) : guessType(value), value } }
}

/** The places of elements that commas separate. */
function elementsOf(bytes: Buffer): [from: number, to: number][] {
  const elements: [number, number][] = []
  let from = 0
  let depth = 0
  let isInString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (isInString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) isInString = false
    } else if (byte === QUOTE) isInString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--
    else if (byte === COMMA && depth === 0) {
      elements.push([from, i])
      from = i + 1
    }
  }
  elements.push([from, bytes.length])
  return elements
}

function firstByte(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && isBlank(bytes[at]!)) at++
  return at
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(textOf(bytes))
    return true
  } catch {
    return false
  }
}

/** The text of bytes that are UTF-8. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

function isBlank(byte: number): boolean {
  return byte === BLANK || byte === LF || byte === CR || byte === TAB
}

function bad(message: string): HttpError {
  return new HttpError(400, message)
}
