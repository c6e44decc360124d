/** Reads those members of a line that rules read, without an object of the line. */
import { locateItem } from '../../expression/runtime/fields.ts'
import type { JsonObject, Maybe, NumberTexts, Value } from '../../expression/value.ts'
import { MAX_INTEGER, NumberText } from '../../expression/value.ts'
import { isCanonical } from '../../json/canonical.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import { parseExact } from '../../json/parse.ts'
import { BLANKS, ESCAPE, FRACTION, NESTED, NON_ASCII, Scanner } from '../../json/scan.ts'
import type { WantedTree } from '../../json/wanted.ts'
import { LineText } from '../generate/write-output.ts'

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const MINUS = 0x2d
const ZERO = 0x30

/** Marks of a list that we would write in another way. */
const REWRITTEN = BLANKS | ESCAPE | NESTED

/** Up to this many digits an integer is computed from its digits. */
const SAFE_DIGITS = 15

/**
 * The values of a line's members by their slots, exact ones: those that the parser of the whole line would give. Values are made when they are
 * asked for.
 */
export class LineMembers {
  /** The texts of numbers in lists and objects that were made, where we would write them in another way. */
  numbers: NumberTexts | undefined
  /** JSON.stringify writes the lists and objects that were made as it should. */
  plain = true
  readonly #scanner: Scanner
  readonly #own: ReadonlyMap<string, number>
  #chunk: ChunkText | undefined
  /** By slot: the list or the object that was made of it for this line. */
  readonly #made: (Value | undefined)[]
  #hasMade = false
  readonly #texts: readonly LineText[]

  /** @param own slots of the event's own members that functions ask for by name */
  constructor(wanted: WantedTree, own: ReadonlyMap<string, number>) {
    this.#own = own
    this.#scanner = new Scanner(wanted)
    this.#texts = Array.from({ length: wanted.slots }, () => new LineText())
    this.#made = Array.from({ length: wanted.slots }, () => undefined)
  }

  /**
   * Reads the line that begins at `start`.
   *
   * @param chunk complete lines, which are UTF-8
   * @returns the offset after the line's LF; -1: the line is unusual, and nothing is known of it
   */
  read(chunk: ChunkText, start: number): number {
    this.#chunk = chunk
    this.numbers = undefined
    this.plain = true
    if (this.#hasMade) {
      this.#made.fill(undefined)
      this.#hasMade = false
    }
    return this.#scanner.scan(chunk.bytes, start)
  }

  /** The value of a slot; undefined where it is absent. */
  value(slot: number): Maybe {
    const start = this.#scanner.starts[slot]!
    if (start === -1) return undefined
    const first = this.#chunk!.bytes[start]!
    if (first === QUOTE) return this.#string(slot, start)
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return this.#container(slot)
    if (first === 0x74) return true
    if (first === 0x66) return false
    return first === 0x6e ? null : this.#number(slot, start)
  }

  /**
   * The event's own member of that name.
   *
   * @throws {Error} for a name that no function reads
   */
  own(name: string): Maybe {
    const slot = this.#own.get(name)
    if (slot === undefined) throw new Error(`no rule reads the member ${name}`)
    return this.value(slot)
  }

  /** The value of the first of two slots that has one. Most paths may be written in two ways. */
  either(first: number, second: number): Maybe {
    return this.value(this.#scanner.starts[first] === -1 ? second : first)
  }

  /** The value of the first slot that has one. */
  first(slots: readonly number[]): Maybe {
    return this.value(this.#find(slots))
  }

  /**
   * The value that is written where a value is copied: a number keeps its text.
   *
   * @param slots those that the value was read from
   * @param keys what leads from there to the value: a number in a list. Default: nothing
   */
  copied(value: Maybe, slots: readonly number[], keys: readonly (string | number)[] = []): unknown {
    if (typeof value !== 'number') return value
    const slot = this.#find(slots)
    if (keys.length > 0) {
      const place = this.numbers && locateItem(this.value(slot) as JsonObject, keys)
      const text = place && this.numbers!.get(place.container)?.get(place.key)
      return text === undefined ? value : new NumberText(text)
    }
    const { starts, ends, marks } = this.#scanner
    const isShort = ends[slot]! - starts[slot]! <= SAFE_DIGITS
    if (isShort && value > 0 && (marks[slot]! & FRACTION) === 0) return value
    const text = this.#text(slot)
    return String(value) === text ? value : new NumberText(text)
  }

  /**
   * The value that is written where the value of the first slot that has one is copied: as the line has it, where we would write it the same way.
   *
   * @returns undefined where it is absent
   */
  copy(slots: readonly number[]): Value | LineText | undefined {
    const slot = this.#find(slots)
    const { starts, ends, marks } = this.#scanner
    const start = starts[slot]!
    if (start === -1) return undefined
    const { bytes } = this.#chunk!
    const first = bytes[start]
    const isOurs =
      first === QUOTE
        ? (marks[slot]! & ESCAPE) === 0
        : first !== OPEN_BRACE && (first !== OPEN_BRACKET || (marks[slot]! & REWRITTEN) === 0)
    if (!isOurs) return this.value(slot)
    const text = this.#texts[slot]!
    text.bytes = bytes
    text.start = start
    text.end = ends[slot]!
    return text
  }

  #find(slots: readonly number[]): number {
    for (const slot of slots) if (this.#scanner.starts[slot] !== -1) return slot
    return slots[0]!
  }

  #text(slot: number): string {
    const { starts, ends, marks } = this.#scanner
    const chunk = this.#chunk!
    if ((marks[slot]! & NON_ASCII) !== 0) return chunk.utf8(starts[slot]!, ends[slot]!)
    return chunk.ascii(starts[slot]!, ends[slot]!)
  }

  #string(slot: number, start: number): string {
    const { ends, marks } = this.#scanner
    if (marks[slot] === 0) return this.#chunk!.ascii(start + 1, ends[slot]! - 1)
    const text = this.#text(slot)
    return (marks[slot]! & ESCAPE) === 0 ? text.slice(1, -1) : (JSON.parse(text) as string)
  }

  #container(slot: number): Value {
    const known = this.#made[slot]
    if (known !== undefined) return known
    const text = this.#text(slot)
    let value: Value
    if (isCanonical(text)) value = JSON.parse(text) as Value
    else {
      const exact = parseExact(text)
      this.plain = false
      value = exact.value
      if (this.numbers === undefined || exact.numbers === undefined) this.numbers ??= exact.numbers
      else for (const [container, texts] of exact.numbers) this.numbers.set(container, texts)
    }
    this.#made[slot] = value
    this.#hasMade = true
    return value
  }

  #number(slot: number, start: number): Value {
    const { bytes } = this.#chunk!
    const end = this.#scanner.ends[slot]!
    const isFraction = (this.#scanner.marks[slot]! & FRACTION) !== 0
    if (!isFraction && end - start <= SAFE_DIGITS && bytes[start] !== MINUS) {
      let value = 0
      for (let index = start; index < end; index++) value = value * 10 + bytes[index]! - ZERO
      return value
    }
    const text = this.#text(slot)
    const value = Number(text)
    if (isFraction || Math.abs(value) < MAX_INTEGER) return value
    return parseExact(text).value
  }
}
