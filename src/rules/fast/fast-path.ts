/**
 * From a line's bytes to the output's bytes without an object in between. The generated function is made from the
 * same checked rules as the plain one; it reads the members that rules need out of the line, copies what they leave
 * untouched, and writes the output as it goes.
 *
 * It is allowed to give up on any line at any point (`-1`): the line then goes the plain way, which gives the result
 * or the reason for the rejection. So there is one definition of what is right, and this path only has to know when it
 * is sure.
 */
import type { EventContext } from '../../expression/functions/definition.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { Meter } from '../../expression/runtime/meter.ts'
import { finishValue } from '../../expression/runtime/output.ts'
import type { Maybe, Value } from '../../expression/value.ts'
import { isJsonNumber, MAX_INTEGER } from '../../expression/value.ts'
import { isCanonical } from '../../json/canonical.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import { BLANKS, ESCAPE, FRACTION, NESTED, NON_ASCII, Scanner } from '../../json/scan.ts'
import { stringify } from '../../json/stringify.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import type { WantedMembers } from '../../json/wanted.ts'
import { ByteWriter } from '../../json/write.ts'
import type { RuleNotes } from '../rule-notes.ts'

/** Thrown where a value is met that the fast path does not deal with. */
const GIVE_UP = Symbol('the plain way')

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const MINUS = 0x2d
const ZERO = 0x30

/** This part of what an event may cost is spent here; a line that takes more goes the plain way, which has the real limits. */
const SHARE = 16

/** Bytes of one line's output; more is left to the plain way, which has the real limits. */
const MAX_OUTPUT = 1 << 26

export type FastFunction = (state: FastPath) => boolean

/** What is noted of lines. */
export interface FastNotes {
  readonly notes: RuleNotes
  /** By field of the notes: the slots where it may stand. */
  readonly places: readonly (readonly number[])[]
}

export class FastPath implements EventContext {
  readonly meter: Meter
  readonly writer: ByteWriter
  /** For generated code that is more than one function: values and slots by rule, where objects begin by their id. */
  readonly v: unknown[]
  readonly s: Int32Array
  readonly o: Int32Array
  readonly notes: RuleNotes
  readonly #places: FastNotes['places']
  /** A key that is new to the scanner came in a line that it gave up on, so that it will not be new in another one. */
  #hasMissed = false
  readonly #scanner: Scanner
  readonly #generated: FastFunction
  /** Slots of the event's own members that functions ask for by name. */
  readonly #members: ReadonlyMap<string, number>
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #marks: Uint8Array
  /** Where the lines are; set before the first one is read. */
  #chunk: ChunkText | undefined
  /** The chunk's own, which are looked at for every value. */
  #bytes!: Uint8Array
  #view!: DataView
  #latin1 = ''

  constructor(
    generated: FastFunction,
    wanted: WantedMembers,
    members: ReadonlyMap<string, number>,
    rules: number,
    objects: number,
    coding: TextCoding,
    { notes, places }: FastNotes,
    limits: EventLimits,
  ) {
    this.notes = notes
    this.writer = new ByteWriter(coding)
    this.#places = places
    this.meter = new Meter(Math.ceil(limits.maxWork / SHARE), Math.ceil(limits.maxBuilt / SHARE))
    this.v = new Array(rules).fill(undefined)
    this.s = new Int32Array(rules)
    this.o = new Int32Array(objects)
    this.#generated = generated
    this.#scanner = new Scanner(wanted.root, wanted.slots, wanted.objects)
    this.#starts = this.#scanner.starts
    this.#ends = this.#scanner.ends
    this.#marks = this.#scanner.marks
    this.#members = members
  }

  /**
   * Processes the line at `start`: its output is written to `writer`, with LF.
   *
   * @param chunk UTF-8; the last byte is LF
   * @returns the offset after the line's LF; -1: nothing was written, the line goes the plain way
   */
  line(chunk: ChunkText, start: number): number {
    if (chunk !== this.#chunk) this.#enter(chunk)
    const next = this.#scanner.scan(this.#bytes, this.#view, start)
    if (next === -1) {
      this.#hasMissed ||= this.#scanner.hasNews
      return -1
    }
    if (this.#scanner.hasNews || this.#hasMissed) this.#look()
    const { writer } = this
    const { length } = writer
    this.meter.begin()
    writer.limit = length + MAX_OUTPUT
    let isWritten = false
    try {
      isWritten = this.#generated(this)
    } catch {
      // Whatever it was, the plain way meets it again and says what it is.
    }
    isWritten &&= !this.isOver
    writer.limit = Number.POSITIVE_INFINITY
    if (!isWritten) {
      writer.length = length
      return -1
    }
    writer.byte(0x0a)
    this.notes.events++
    return next
  }

  #enter(chunk: ChunkText): void {
    this.#chunk = chunk
    this.#bytes = chunk.bytes
    this.#view = chunk.view
    this.#latin1 = chunk.latin1
  }

  /**
   * Notes which fields the line has. A field that none had before has a key that the scanner did not know, so that most
   * lines need not be looked at.
   */
  #look(): void {
    this.#scanner.hasNews = false
    if (!this.notes.isLooking) return
    const { present } = this.notes
    for (let index = 0; index < present.length; index++) {
      if (present[index] === 0 && this.find(this.#places[index]!) !== -1) present[index] = 1
    }
  }

  /** More is written than one line may have. */
  get isOver(): boolean {
    return this.writer.length > this.writer.limit
  }

  // --- reading ----------------------------------------------------------------------------------------------

  /** The first of the slots that has a value; -1: the value is absent. */
  find(slots: readonly number[]): number {
    for (const slot of slots) if (this.#starts[slot]! >= 0) return slot
    return -1
  }

  has(slot: number): boolean {
    return this.#starts[slot]! >= 0
  }

  /** The value of the first slot that has one. */
  first(slots: readonly number[]): Maybe {
    const slot = this.find(slots)
    return slot === -1 ? undefined : this.value(slot)
  }

  /** The value as JSON.parse gives it; undefined where it is absent. */
  value(slot: number): Maybe {
    const start = this.#starts[slot]!
    if (start < 0) return undefined
    const first = this.#bytes[start]!
    if (first === QUOTE) return this.#string(slot, start)
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return this.#container(slot)
    if (first === 0x74) return true
    if (first === 0x66) return false
    if (first === 0x6e) return null
    return this.#number(slot, start)
  }

  #text(slot: number): string {
    const start = this.#starts[slot]!
    const end = this.#ends[slot]!
    return (this.#marks[slot]! & NON_ASCII) === 0
      ? this.#latin1.slice(start, end)
      : this.#chunk!.utf8(start, end)
  }

  #string(slot: number, start: number): string {
    const mark = this.#marks[slot]!
    if (mark === 0) return this.#latin1.slice(start + 1, this.#ends[slot]! - 1)
    const text = this.#text(slot)
    return (mark & ESCAPE) === 0 ? text.slice(1, -1) : (JSON.parse(text) as string)
  }

  #number(slot: number, start: number): Value {
    const end = this.#ends[slot]!
    if ((this.#marks[slot]! & FRACTION) === 0 && end - start <= 15) {
      const bytes = this.#bytes
      if (bytes[start] !== MINUS) {
        let value = 0
        for (let index = start; index < end; index++) value = value * 10 + bytes[index]! - ZERO
        return value
      }
    }
    const text = this.#latin1.slice(start, end)
    const value = Number(text)
    // Integers beyond 2**53 are bigints, and -0 is a matter of taste: the plain way knows.
    if (Object.is(value, -0)) throw GIVE_UP
    if (!(Math.abs(value) < MAX_INTEGER)) throw GIVE_UP
    return value
  }

  #container(slot: number): Value {
    const text = this.#text(slot)
    if (!isCanonical(text)) throw GIVE_UP
    return JSON.parse(text) as Value
  }

  // --- writing ----------------------------------------------------------------------------------------------

  /** The value as it stands in the line. */
  copy(slot: number): void {
    const mark = this.#marks[slot]!
    const start = this.#starts[slot]!
    const first = this.#bytes[start]!
    if (
      first === QUOTE
        ? (mark & ESCAPE) === 0
        : (mark & (ESCAPE | BLANKS | NESTED)) === 0 && first !== OPEN_BRACE
    ) {
      this.writer.copy(this.#bytes, this.#view, start, this.#ends[slot]!)
    } else if (first === QUOTE) {
      this.writer.text(JSON.stringify(JSON.parse(this.#text(slot))))
    } else {
      const text = this.#text(slot)
      if (!isCanonical(text)) throw GIVE_UP
      this.writer.text(JSON.stringify(JSON.parse(text)))
    }
  }

  /** A value of the language. */
  write(value: Value): void {
    if (typeof value === 'string') this.writer.string(value)
    else if (typeof value === 'number' && isJsonNumber(value)) this.writer.ascii(String(value + 0))
    else if (typeof value === 'boolean') this.writer.ascii(value ? 'true' : 'false')
    else {
      finishValue(this.meter, value)
      this.writer.text(stringify(value))
    }
  }

  /**
   * Ends an object whose members were each written with a comma before them.
   *
   * @param start where its first member began
   */
  close(start: number): void {
    const { writer } = this
    if (writer.length === start) writer.byte(OPEN_BRACE)
    else writer.bytes[start] = OPEN_BRACE
    writer.byte(0x7d)
  }

  // --- what rules and functions call ------------------------------------------------------------------------

  field(name: string): Maybe {
    const slot = this.#members.get(name)
    if (slot === undefined) throw GIVE_UP
    return this.value(slot)
  }

  anomaly(): void {
    throw GIVE_UP
  }
}
