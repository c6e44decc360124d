/**
 * From a line's bytes to the output's bytes without an object in between. WebAssembly reads the members that rules need
 * out of the line, copies those that rules leave untouched, and writes the output as a template says; it calls back here
 * for values that a function of the language computes. README.md explains it.
 *
 * It is allowed to give up on any line at any point: the line then goes the plain way, which gives the result or the
 * reason for the rejection. So there is one definition of what is right, and this path only has to know when it is sure.
 */
import type { EventContext } from '../../expression/functions/definition.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { Meter } from '../../expression/runtime/meter.ts'
import { finishValue } from '../../expression/runtime/output.ts'
import type { Maybe, Value } from '../../expression/value.ts'
import { isJsonNumber, MAX_INTEGER } from '../../expression/value.ts'
import { isCanonical } from '../../json/canonical.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import { JSON_CODING } from '../../json/coding.ts'
import { stringify } from '../../json/stringify.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { ByteWriter } from '../../json/write.ts'
import type { RuleNotes } from '../rule-notes.ts'
import {
  CASES,
  ESCAPE,
  FRACTION,
  MAX_CASE_GROUPS,
  NON_ASCII,
  OUTPUT,
  OUTPUT_LIMIT,
  OUTPUT_SIZE,
  REWRITTEN,
} from './layout.ts'
import type { LineMachine, MachineHost } from './machine.ts'
import type { WrittenPlaces } from './written-places.ts'

/** Thrown where a value is met that the fast path does not deal with. */
const GIVE_UP = Symbol('the plain way')

/** Results of rules' functions beside a length, as WebAssembly knows them. */
const LEFT = -1
const ABSENT = -2
/** The rule is one of a case that does not apply. */
export const OTHER_CASE = -3

const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const MINUS = 0x2d
const ZERO = 0x30

/** A pair's second word holds the end of a value above these bits, and its marks in them. */
const MARK_BITS = 5
const MARKS = 31

/** Entries of a table of functions that one line of a processor's cache holds, and those that are brought into the caches at once. */
const CACHE_LINE_ENTRIES = 8
const TOUCHED_ENTRIES = 512

/** This part of an event's limits is spent here; a line that takes more goes the plain way, which has the real limits. */
export const SHARE = 16

/** Longer texts are escaped faster by the engine than by a loop. */
const SHORT_TEXT = 200

/** Characters that JSON text cannot hold as they are, or that are more than one byte. */
const UNUSUAL = new Uint8Array(0x100).map((_, code) =>
  code < 0x20 || code >= 0x80 || code === QUOTE || code === 0x5c ? 1 : 0,
)

/**
 * The function of a rule: writes the rule's value and returns its length, `ABSENT` or `OTHER_CASE`; false where something is absent
 * that the output needs. One function may serve several rules: `at` is the rule, or where its constants are in the table of functions.
 */
export type RuleFunction = (run: FastPath, at: number) => number | false

/**
 * The functions of rules, with their constants. Of rule `n` the function is at `2 * n`, undefined where no function computes it, and its
 * argument `at` is behind it. Then come constants.
 *
 *     rule 0        rule 1                  constants of rule 1
 *     | f0 | 0 |    | shared function | 4 |    | 7 | 'text' | lookup | ...
 */
export type FunctionTable = readonly unknown[]

/** The table of functions that have their constants themselves. */
export function tableOf(functions: readonly (RuleFunction | undefined)[]): FunctionTable {
  return functions.flatMap((each, rule) => [each, rule])
}

/** The parts of a fast path that are made of rules. */
export interface FastRules {
  readonly table: FunctionTable
  /** Slots of the event's own members that functions ask for by name. */
  readonly members: ReadonlyMap<string, number>
  /** By field of the notes: the slots where it may stand. */
  readonly places: readonly (readonly number[])[]
  readonly limits: EventLimits
}

/**
 * The things that a fast path has of one rule set. A fast path that works for many of them turns from one to the next: the fewer objects are a rule
 * set's own, the fewer of them are not in the caches of the processor.
 */
export class FastPart {
  readonly rules: FastRules
  readonly table: FunctionTable
  /** Undefined: every line goes the plain way. */
  readonly machine: LineMachine | undefined
  /** The number under which notes of several rule sets know it. */
  readonly route: number
  readonly notes: RuleNotes
  /** The row, as an index of words. */
  readonly row: number
  /** By rule, as an index of words: how often it had no value. */
  readonly leftOutCounts: number
  readonly places: WrittenPlaces | undefined
  readonly meters: LineMeters

  /** @param places takes the places of values, for which the machine has records. Default: nobody asks */
  constructor(
    rules: FastRules,
    machine: LineMachine | undefined,
    route: number,
    notes: RuleNotes,
    meters: LineMeters,
    places?: WrittenPlaces,
  ) {
    this.rules = rules
    this.table = rules.table
    this.machine = machine
    this.route = route
    this.notes = notes
    this.meters = meters
    this.places = places
    this.row = (machine?.layout.row ?? 0) / 4
    this.leftOutCounts = (machine?.layout.leftOutCounts ?? 0) / 4
  }
}

/** The budgets of a line. They hold nothing between two runs: rule sets with as many rules may have them in common. */
export class LineMeters {
  readonly line: Meter
  /** For a value that is remembered: so little that all rules together keep within the limits when none is computed again. */
  readonly kept: Meter
  /** Units of work after which a run ends, before the next line. */
  readonly maxRunWork: number

  /** @param rules number of rules */
  constructor(limits: EventLimits, rules: number) {
    const maxWork = Math.ceil(limits.maxWork / SHARE)
    const maxBuilt = Math.ceil(limits.maxBuilt / SHARE)
    this.maxRunWork = maxWork
    this.line = new Meter(maxWork, maxBuilt)
    this.kept = new Meter(maxWork / rules, maxBuilt / rules)
  }
}

export class FastPath implements EventContext, MachineHost {
  /** The budget of the rule that is computed. */
  meter: Meter
  readonly json = JSON_CODING
  /** The output. */
  readonly writer: ByteWriter
  /** Lines that were taken by the last call of `lines`. */
  taken = 0
  /** A field was left out of one of their outputs. */
  hasLeftOut = false
  /** It drops none. */
  readonly dropped = 0
  /** Set by a function that finds the routes of lines. */
  route = 0
  #routes: number[] | undefined
  /** Set by whoever reads batches, as for the plain way. */
  received = Date.now()
  /** The constants of functions that have them here. */
  table: FunctionTable
  #part: FastPart
  #machine: LineMachine | undefined
  #meters: LineMeters
  readonly #coding: TextCoding
  /** The number of the line that is metered. */
  #line = -1
  /** Units of work of the lines of this run, but for those of the line that is metered. */
  #runWork = 0
  /** Where the value that is computed is to be written. */
  #out = 0
  /** The row, as an index of words. */
  #row: number
  /** The lines in memory: a part of a chunk. */
  #chunk: ChunkText | undefined
  /** By group of cases the one that applies to the line, -1: none, undefined: nobody has asked. */
  readonly #branches: (number | undefined)[] = []
  #branchesLine = -1
  /** The line whose rule is computed. */
  #computedLine = -1

  /**
   * @param part the rule set whose lines come first
   * @param writer takes the output. Default: one of its own
   */
  constructor(part: FastPart, coding: TextCoding, writer = new ByteWriter(coding)) {
    this.#coding = coding
    this.writer = writer
    this.#part = part
    this.table = part.table
    this.#machine = part.machine
    this.#meters = part.meters
    this.meter = part.meters.line
    this.#row = part.row
  }

  /** The lines that follow are another rule set's. */
  turnTo(part: FastPart): void {
    if (part === this.#part) return
    this.#part = part
    const { table } = part
    this.table = table
    // As the machine does in `begin`: loads that do not wait for each other bring the table into the caches.
    const end = Math.min(table.length, TOUCHED_ENTRIES)
    for (let index = 0; index < end; index += CACHE_LINE_ENTRIES) {
      if (table[index] === this) throw new Error('a table holds functions and constants')
    }
    this.#machine = part.machine
    this.#meters = part.meters
    this.#row = part.row
  }

  /**
   * Processes lines from `start` on, until one is left to the plain way, a good deal was written, or they took as much work
   * as one line may. Their output goes to `writer`, each line with LF; `taken` is their number.
   *
   * @param chunk UTF-8; the last byte is LF
   * @param most lines. Default: no limit
   * @returns where the first line begins that was not processed, or the end of the chunk
   */
  lines(chunk: ChunkText, start: number, most = 0xffffffff): number {
    this.taken = 0
    this.hasLeftOut = false
    const machine = this.#machine
    if (machine === undefined || !this.#load(machine, chunk, start)) return start
    const { base, to } = machine.window
    const { places } = this.#part
    const limit = places === undefined ? most : Math.min(most, machine.layout.placedLines)
    const next = machine.run(start + base, to + base, OUTPUT, OUTPUT + OUTPUT_SIZE, limit) - base
    this.taken = machine.taken
    if (this.taken > 0) {
      places?.add(machine.words, machine.layout.places / 4, this.taken, this.writer.length - OUTPUT)
      this.writer.literal(machine.bytes.subarray(OUTPUT, machine.written))
      this.#count(machine)
    }
    return next
  }

  /**
   * Finds the routes of lines from `start` on, where the only rule is a function that does.
   *
   * @returns those of the lines up to one that has to go the plain way
   */
  routes(chunk: ChunkText, start: number, most: number): readonly number[] {
    const machine = this.#machine
    if (machine === undefined || !this.#load(machine, chunk, start)) return []
    const routes: number[] = []
    this.#routes = routes
    const { base, to } = machine.window
    machine.run(start + base, to + base, OUTPUT, OUTPUT + OUTPUT_SIZE, most)
    // A line may have been left after its route was found.
    routes.length = machine.taken
    return routes
  }

  /** Brings the lines at `start` into memory. @returns false for a line that is too long */
  #load(machine: LineMachine, chunk: ChunkText, start: number): boolean {
    this.#runWork = 0
    // The numbers of lines are those of the machine's memory: with another one they may come again.
    this.#line = -1
    this.#branchesLine = -1
    this.#meters.line.begin()
    machine.enter(this)
    this.#chunk = chunk
    return machine.window.load(chunk, chunk.bytes, start)
  }

  /** Adds to the notes. */
  #count(machine: LineMachine): void {
    const { notes, leftOutCounts: counts } = this.#part
    notes.events += this.taken
    this.hasLeftOut = machine.hasLeftOut
    if (!this.hasLeftOut) return
    const { words } = machine
    const { leftOut } = notes
    for (let rule = 0; rule < leftOut.length; rule++) {
      const count = words[counts + rule]!
      if (count === 0) continue
      leftOut[rule]! += count
      words[counts + rule] = 0
    }
  }

  // --- functions that WebAssembly calls ---------------------------------------------------------------------

  compute(rule: number, out: number, line: number, kept: number): number {
    this.#out = out
    this.#computedLine = line
    if (line !== this.#line) {
      this.#line = line
      const meter = this.#meters.line
      this.#runWork += meter.work
      meter.begin()
      // The run ends before this line; the next one begins with it.
      if (this.#runWork > this.#meters.maxRunWork) return LEFT
    }
    if (kept === 1) this.#meters.kept.begin()
    this.meter = kept === 1 ? this.#meters.kept : this.#meters.line
    const { table } = this
    try {
      const length = (table[2 * rule] as RuleFunction)(this, table[2 * rule + 1] as number)
      if (kept === 1) this.#runWork += this.#meters.kept.work
      this.#routes?.push(this.route)
      return length === false ? LEFT : length
    } catch {
      // Whatever it was, the plain way meets it again and says what it is.
      return LEFT
    }
  }

  rewrite(pair: number, out: number): number {
    this.#out = out
    const { words, bytes } = this.#machine!
    const start = words[pair / 4]!
    const end = words[pair / 4 + 1]!
    const text = this.#text(start, end >>> MARK_BITS, end & MARKS)
    if (bytes[start] !== QUOTE && !isCanonical(text)) return LEFT
    return this.#write(JSON.stringify(JSON.parse(text)))
  }

  look(): number {
    const { notes, rules } = this.#part
    if (!notes.isLooking) return 0
    const { present } = notes
    let isLooking = 0
    for (let index = 0; index < present.length; index++) {
      if (present[index] === 1) continue
      if (this.#find(rules.places[index]!) === -1) isLooking = 1
      else present[index] = 1
    }
    return isLooking
  }

  // --- reading ----------------------------------------------------------------------------------------------

  /** The first of the slots that has a value, as an index of words; -1: the value is absent. */
  #find(slots: readonly number[]): number {
    for (const slot of slots) {
      const pair = this.#row + 2 * slot
      if (this.#machine!.words[pair] !== 0) return pair
    }
    return -1
  }

  /** The value of the first slot that has one. */
  first(slots: readonly number[]): Maybe {
    const pair = this.#find(slots)
    return pair === -1 ? undefined : this.#value(pair)
  }

  /** The value of the first of two slots that has one. Most paths may be written in two ways. */
  either(first: number, second: number): Maybe {
    const pair = this.#row + 2 * first
    return this.#value(this.#machine!.words[pair] === 0 ? this.#row + 2 * second : pair)
  }

  /** The value of a slot as JSON.parse gives it; undefined where it is absent. */
  value(slot: number): Maybe {
    return this.#value(this.#row + 2 * slot)
  }

  #value(pair: number): Maybe {
    const { words, bytes } = this.#machine!
    const start = words[pair]!
    if (start === 0) return undefined
    const end = words[pair + 1]! >>> MARK_BITS
    const marks = words[pair + 1]! & MARKS
    const first = bytes[start]!
    if (first === QUOTE) {
      const text = this.#text(start, end, marks)
      return (marks & ESCAPE) === 0 ? text.slice(1, -1) : (JSON.parse(text) as string)
    }
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      const text = this.#text(start, end, marks)
      if (!isCanonical(text)) throw GIVE_UP
      return JSON.parse(text) as Value
    }
    if (first === 0x74) return true
    if (first === 0x66) return false
    if (first === 0x6e) return null
    return this.#number(start, end, marks)
  }

  #text(start: number, end: number, marks: number): string {
    const chunk = this.#chunk!
    const { base } = this.#machine!.window
    if ((marks & NON_ASCII) === 0) return chunk.ascii(start - base, end - base)
    return chunk.utf8(start - base, end - base)
  }

  #number(start: number, end: number, marks: number): Value {
    const { bytes } = this.#machine!
    if ((marks & FRACTION) === 0 && end - start <= 15 && bytes[start] !== MINUS) {
      let value = 0
      for (let index = start; index < end; index++) value = value * 10 + bytes[index]! - ZERO
      return value
    }
    const value = Number(this.#text(start, end, 0))
    // Integers beyond 2**53 are bigints, and -0 is a matter of taste: the plain way knows.
    if (Object.is(value, -0)) throw GIVE_UP
    if (!(Math.abs(value) < MAX_INTEGER)) throw GIVE_UP
    return value
  }

  // --- functions that rules call ----------------------------------------------------------------------------

  /** Writes the value of a rule. @returns its length, or `ABSENT` */
  put(value: Maybe): number {
    if (typeof value === 'string') return this.#string(value)
    if (value === undefined) return ABSENT
    if (typeof value === 'number' && isJsonNumber(value)) return this.#ascii(String(value + 0))
    if (typeof value === 'boolean') return this.#ascii(value ? 'true' : 'false')
    finishValue(this.meter, value)
    return this.#write(stringify(value))
  }

  /** Writes the first of the slots that has a value as the line has it. @returns its length, or `LEFT` */
  copy(slots: readonly number[]): number {
    const { words, bytes } = this.#machine!
    const pair = this.#find(slots)
    const start = words[pair]!
    const end = words[pair + 1]! >>> MARK_BITS
    const marks = words[pair + 1]! & MARKS
    const first = bytes[start]!
    const isOurs =
      first === QUOTE ? (marks & ESCAPE) === 0 : (marks & REWRITTEN) === 0 && first !== OPEN_BRACE
    if (!isOurs) return this.rewrite(pair * 4, this.#out)
    if (this.#out + end - start > OUTPUT_LIMIT) return LEFT
    bytes.copyWithin(this.#out, start, end)
    return end - start
  }

  /** The case of a group that applies to the line. @param find finds it; it is called once for a line */
  branch(group: number, find: (run: FastPath) => number): number {
    if (this.#branchesLine !== this.#computedLine) {
      this.#branchesLine = this.#computedLine
      this.#branches.fill(undefined)
    }
    const known = this.#branches[group]
    if (known !== undefined) return known
    const branch = find(this)
    this.#branches[group] = branch
    if (group < MAX_CASE_GROUPS) {
      const { words } = this.#machine!
      const entry = CASES + 2 * group
      words[entry] = this.#computedLine
      words[entry + 1] = branch
    }
    return branch
  }

  field(name: string): Maybe {
    const slot = this.#part.rules.members.get(name)
    if (slot === undefined) throw GIVE_UP
    return this.value(slot)
  }

  anomaly(): void {
    throw GIVE_UP
  }

  // --- writing: for short texts there is always room --------------------------------------------------------

  #string(text: string): number {
    const count = text.length
    if (count > SHORT_TEXT) return this.#write(JSON.stringify(text))
    const { bytes } = this.#machine!
    let at = this.#out
    bytes[at++] = QUOTE
    for (let index = 0; index < count; index++) {
      const code = text.charCodeAt(index)
      if (code > 0xff || UNUSUAL[code] === 1) return this.#write(JSON.stringify(text))
      bytes[at++] = code
    }
    bytes[at] = QUOTE
    return count + 2
  }

  #ascii(text: string): number {
    const { bytes } = this.#machine!
    for (let index = 0; index < text.length; index++) bytes[this.#out + index] = text.charCodeAt(index)
    return text.length
  }

  #write(text: string): number {
    const { bytes } = this.#machine!
    // A UTF-16 unit takes three bytes at most.
    if (this.#out + text.length * 3 > OUTPUT_LIMIT) return LEFT
    return this.#coding.write(text, bytes, this.#out)
  }
}
