import type { RejectionCode } from '../../errors.ts'
import type { OwnPatterns } from '../grok/expand.ts'
import type { AddressSource } from '../net/address-database.ts'
import type { Re2 } from '../regex/linear-matcher.ts'
import type { Returns } from '../returns.ts'
import type { RecordCompiler } from '../runtime/containers/record-shapes.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'

/**
 * One special function of the rule language: what it does, how it is called, and its page in the
 * reference. `normalize functions` prints the page, and its examples run as tests.
 */
export interface FunctionDefinition {
  readonly name: string
  /** The parameters, as signature.ts reads them: `s, strict=true`. */
  readonly signature: string
  /** The shelf of the reference that it stands on. */
  readonly group: FunctionGroup
  /** The type of the result, and whether it may be absent. */
  readonly returns: Returns
  /** The result follows from the arguments (and lookup tables) alone, and nothing is noted about the event. */
  readonly pure: boolean
  /**
   * Which argument is the value that the function works on, so that a text there may have been meant as a field: the first
   * one, the first one if it is the only one, or none. Default: `first`.
   */
  readonly subject?: Subject
  /** Its effect in one or two sentences, present tense. */
  readonly summary: string
  /** One line for each parameter of the signature, in its order. */
  readonly parameters: Readonly<Record<string, string>>
  /** The result, and the cases in which it is absent. */
  readonly result: string
  /** When it fails, by code. Empty: never. */
  readonly errors: Readonly<Partial<Record<RejectionCode, string>>>
  /** More to know: formats, limits, tables of defaults. Markdown paragraphs. */
  readonly notes?: string
  readonly examples: readonly Example[]
  /**
   * Members of the event that it reads by itself, through `EventContext.field`, beside its arguments. Default: none.
   * Whoever has to know what rules read asks here: `normalize check`, and the path that reads those members only.
   */
  readonly reads?: readonly string[]
  readonly implementation: Implementation
}

type FunctionGroup =
  | 'text'
  | 'formats'
  | 'coding'
  | 'dicts'
  | 'logic'
  | 'tables'
  | 'hosts'
  | 'time'
  | 'normal forms'

export type Subject = 'first' | 'only' | 'none'

/** The functions that rules may call. */
export interface FunctionLibrary {
  /** Every name, also of functions that are not at hand. */
  readonly names: readonly string[]
  get(name: string): FunctionDefinition | undefined
  /** The linear engine for patterns. */
  re2(): Re2
}

/** A rule as a user would write it, an event, and what comes out. */
export interface Example {
  readonly expression: string
  readonly event?: JsonObject
  /** Lookup tables that the example needs, as YAML writes them under `lookup:`. */
  readonly tables?: Readonly<Record<string, unknown>>
  /** The records of a database of addresses that the example needs, by address. */
  readonly records?: Readonly<Record<string, unknown>>
  /** The value of the field, `undefined` where it is left out (the rule is then optional). */
  readonly result?: unknown
  /** Instead of a result: the code with which the event is rejected. */
  readonly rejected?: RejectionCode
  /** The texts that the rule adds to the output's `event.anomaly`. */
  readonly anomalies?: Readonly<Record<string, readonly string[]>>
}

type Implementation = DirectFunction | PreparedFunction | SpecialForm

/** Called with evaluated arguments, in the signature's order; one that is not given is `undefined`. */
interface DirectFunction {
  readonly kind: 'direct'
  readonly call: (context: EventContext, ...args: any[]) => Maybe
}

/**
 * Some of its arguments are constants that are worked on once, at load: a pattern is translated, a time format
 * becomes a parser. The function that comes back is called with all arguments, like a direct one.
 */
export interface PreparedFunction {
  readonly kind: 'prepared'
  /** Names of the parameters (or of the variadic one) that have to be constants, and what they are ("a pattern"). */
  readonly constants: Readonly<Record<string, string>>
  /** Those of the constants that are names (of a table): an identifier without quotes was meant as a text. */
  readonly names?: readonly string[]
  /**
   * Those of the constants that may also be a `lookup` in a table, whose name is a constant: `prepare` is given the list of the
   * texts that the table (and the default of the `lookup`) has, and the function the one that was found.
   */
  readonly tabled?: readonly string[]
  /** Parameters whose arguments `prepare` is given where they are constants; others are known only when the function is called. */
  readonly checked?: readonly string[]
  /** The last parameter, if the compiler evaluates its argument, and only where the function finds nothing. */
  readonly fallback?: string
  /** The report of a required rule whose function found nothing. Default: `FIELD_MISSING`, "name() found nothing". */
  readonly absence?: AbsenceReport
  /** The function counts what it reads and makes by itself. Default: false, generated code counts arguments and result. */
  readonly countsItself?: boolean
  /**
   * @param constants the constant arguments by parameter; the variadic parameter's are an array
   * @param host lookup tables and where to send warnings
   * @throws {ArgumentProblem} when a constant cannot be used
   */
  readonly prepare: (
    constants: Readonly<Record<string, Value | readonly Value[] | undefined>>,
    host: PrepareHost,
  ) => (context: EventContext, ...args: any[]) => Maybe
}

export interface AbsenceReport {
  readonly code: RejectionCode
  /** The function of the runtime that writes the message, given the meter and the function's arguments. */
  readonly helper: 'missingKey'
}

/** Evaluates its arguments in its own way: the compiler writes the code for its form. */
export interface SpecialForm {
  readonly kind: 'special'
  readonly form: 'cond' | 'optional' | 'exists' | 'coalesce' | 'attempt'
}

/** A function's view of the event that is being processed. */
export interface EventContext {
  /** Counts what the evaluation costs. Arguments and results of a call are counted by its caller. */
  readonly meter: Meter
  /** The reading and writing of JSON, which lies above the language. */
  readonly json: JsonCoding
  /** The event's own member of that name, one of the function's `reads`; undefined where there is none. */
  field(name: string): Maybe
  /** Milliseconds since 1970-01-01T00:00:00Z: when the batch was read that the event is of. */
  readonly received: number
  /** Adds `text` to the list `event.anomaly.<kind>` of the output, once. */
  anomaly(kind: string, text: string): void
}

/** JSON as it is read and written everywhere: integers of any size are exact, members keep their order. */
export interface JsonCoding {
  /** The value of a text, counted; undefined where the text is no JSON, or nests too deep. */
  read(meter: Meter, text: string): Maybe
  /**
   * The text of a value, without blanks, counted.
   *
   * @param order `sorted`: names of members in the order of their UTF-16 units, so that equal values have one text
   * @throws {Failure} TYPE_ERROR for a dict with a tuple as key; VALUE_ERROR for a value that nests too deep or is too big
   */
  write(meter: Meter, value: Value, order: 'as-it-is' | 'sorted'): string
}

/** A function's view of the compiler while rules are loaded. */
export interface PrepareHost {
  /** The lookup table of that name: a mapping by key text, or a list; undefined where there is none. */
  table(name: string): LookupTable | undefined
  /** All tables and the files that they are in, for hints. */
  readonly tables: readonly NamedTable[]
  /** Something works, but the operator should know (printed once at load). */
  warn(message: string): void
  /** The linear engine for patterns; undefined: it is not at hand, others do what they can. */
  re2(): Re2 | undefined
  /** Databases of addresses, in the order in which they are asked. Default: none. */
  readonly databases?: readonly AddressSource[] | undefined
  /** Patterns that the rule file defines, which others may refer to. Default: none. */
  readonly patterns?: OwnPatterns
  /** Take patterns that on some texts take very long, with a warning. Default: false, they are refused. */
  readonly allowUnsafePatterns?: boolean
  /** Makes code for objects that come often. Default: none, where code cannot be made of strings. */
  readonly compileRecord?: RecordCompiler
}

export interface NamedTable {
  readonly name: string
  /** The file that it is in, as it was given. */
  readonly file: string
}

export type LookupTable =
  | { readonly kind: 'mapping'; readonly entries: ReadonlyMap<string, Value> }
  | { readonly kind: 'list'; readonly items: readonly Value[] }

/** Thrown by `prepare`: a constant argument that cannot be used. It becomes a load error with its place. */
export class ArgumentProblem {
  /** Parameter at fault; for a variadic one the index says which argument. */
  readonly parameter: string
  readonly index: number
  readonly message: string
  /** The remedy, shown under the excerpt. */
  readonly hint: string | undefined
  /** Offset inside the constant's text where the fault is, in UTF-16 units; 0 if the whole. */
  readonly offset: number

  constructor(
    parameter: string,
    message: string,
    options: { hint?: string; index?: number; offset?: number } = {},
  ) {
    this.parameter = parameter
    this.message = message
    this.hint = options.hint
    this.index = options.index ?? 0
    this.offset = options.offset ?? 0
  }
}
