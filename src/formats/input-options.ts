import { DEFAULT_MAX_LINE_BYTES, MAX_LINE_LIMIT } from './limits.ts'

/**
 * `jsonl`: a JSON object a line. `json`: a document, a top-level array or values one after the other. `text`: a line is the
 * event `{"message": line}`. `csv`: a record is an event, whose values are texts.
 */
export type InputFormat = 'jsonl' | 'json' | 'text' | 'csv'

const FORMATS: readonly InputFormat[] = ['jsonl', 'json', 'text', 'csv']

/** The fate of events with bytes that do not fit the encoding. */
export type InvalidUtf8 = 'reject' | 'replace'

const INVALID_UTF8: readonly InvalidUtf8[] = ['reject', 'replace']

/** The form of the input. */
export interface InputOptions {
  /** Default: jsonl. */
  readonly inputFormat?: InputFormat | undefined
  /** Longer events are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number | undefined
  /** The encoding of the bytes, by a name that `TextDecoder` knows: `latin1`, `windows-1251`, `utf-16le`. Default: utf-8. */
  readonly encoding?: string | undefined
  /** Bytes that do not fit it: `reject` the event (UTF8_INVALID), or `replace` them by U+FFFD and count it. Default: reject. */
  readonly invalidUtf8?: InvalidUtf8 | undefined
  /** With `json`: the path of a list in each document, whose elements are the events. Default: the documents are. */
  readonly pick?: string | undefined
  /**
   * With `text`: a pattern of Python's `re` for the lines that begin an event, at their beginning; the other ones belong to the event
   * before them. Default: every line is an event.
   */
  readonly multiline?: string | undefined
  /** With `multiline`: lines of an event at most; it ends with the last one. Default: 500. */
  readonly multilineMaxLines?: number | undefined
  /** With `multiline`: bytes of an event at most; it ends before the line that would make more. Default: `maxLineBytes`. */
  readonly multilineMaxBytes?: number | undefined
  /** With `csv`: the names of the fields. Default: the first record of each source has them. */
  readonly columns?: readonly string[] | undefined
  /** With `csv`: the character between two fields. Default: a comma. */
  readonly delimiter?: string | undefined
}

/** {@link InputOptions} that are acceptable. Plain data: threads are sent it. */
export interface InputSettings {
  readonly inputFormat: InputFormat
  readonly maxLineBytes: number
  /** Undefined: UTF-8. */
  readonly encoding: string | undefined
  readonly invalidUtf8: InvalidUtf8
  readonly pick: string | undefined
  readonly multiline: string | undefined
  readonly multilineMaxLines: number | undefined
  readonly multilineMaxBytes: number | undefined
  readonly columns: readonly string[] | undefined
  readonly delimiter: string | undefined
}

/** The formats that an option is for; the other options are for all. */
const OPTION_FORMATS: readonly (readonly [keyof InputOptions, InputFormat])[] = [
  ['pick', 'json'],
  ['multiline', 'text'],
  ['multilineMaxLines', 'text'],
  ['multilineMaxBytes', 'text'],
  ['columns', 'csv'],
  ['delimiter', 'csv'],
]

/** @throws {TypeError} when an option is not acceptable */
export function inputSettings(options: InputOptions): InputSettings {
  const { inputFormat = 'jsonl', maxLineBytes = DEFAULT_MAX_LINE_BYTES, pick, columns, delimiter } = options
  const { encoding, invalidUtf8 = 'reject' } = options
  if (!FORMATS.includes(inputFormat)) {
    throw new TypeError(`inputFormat has to be ${listed(FORMATS)}, not ${JSON.stringify(inputFormat)}`)
  }
  if (!isLimit(maxLineBytes)) {
    throw new TypeError(`maxLineBytes has to be an integer from 1 to ${MAX_LINE_LIMIT}, not ${maxLineBytes}`)
  }
  if (!INVALID_UTF8.includes(invalidUtf8)) {
    throw new TypeError(`invalidUtf8 has to be ${listed(INVALID_UTF8)}, not ${JSON.stringify(invalidUtf8)}`)
  }
  for (const name of ['multilineMaxLines', 'multilineMaxBytes'] as const) {
    const value = options[name]
    if (value === undefined) continue
    if (options.multiline === undefined) throw new TypeError(`${name} needs multiline`)
    if (!isLimit(value))
      throw new TypeError(`${name} has to be an integer from 1 to ${MAX_LINE_LIMIT}, not ${value}`)
  }
  for (const [name, format] of OPTION_FORMATS) {
    if (options[name] !== undefined && inputFormat !== format) {
      throw new TypeError(`${name} is an option of inputFormat '${format}', not of '${inputFormat}'`)
    }
  }
  const problems = [
    encoding === undefined ? undefined : encodingProblem(encoding),
    pick === undefined ? undefined : pickProblem(pick),
    columns === undefined ? undefined : columnsProblem(columns),
    delimiter === undefined ? undefined : delimiterProblem(delimiter),
  ]
  for (const problem of problems) if (problem !== undefined) throw new TypeError(problem)
  const { multiline, multilineMaxLines, multilineMaxBytes } = options
  return {
    inputFormat,
    maxLineBytes,
    encoding: encoding === undefined ? undefined : otherEncoding(encoding),
    invalidUtf8,
    pick,
    multiline,
    multilineMaxLines,
    multilineMaxBytes,
    columns,
    delimiter,
  }
}

function isLimit(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= MAX_LINE_LIMIT
}

/** The fault of the name of an encoding; undefined: there is none. */
export function encodingProblem(name: string): string | undefined {
  try {
    new TextDecoder(name)
    return undefined
  } catch {
    return `there is no encoding ${JSON.stringify(name)}; it is named as browsers do: utf-8, utf-16le, latin1, windows-1251, shift_jis`
  }
}

/** @returns the standard's name of the encoding; undefined: it is UTF-8 */
function otherEncoding(name: string): string | undefined {
  const { encoding } = new TextDecoder(name)
  return encoding === 'utf-8' ? undefined : encoding
}

/** The fault of a path; undefined: there is none. */
export function pickProblem(path: string): string | undefined {
  return typeof path === 'string' && path.split('.').every((part) => part !== '')
    ? undefined
    : 'the path has to be names with a dot between them'
}

/** The fault of names of fields; undefined: there is none. */
export function columnsProblem(columns: readonly string[]): string | undefined {
  if (!Array.isArray(columns) || columns.some((name) => typeof name !== 'string')) {
    return 'columns have to be a list of texts'
  }
  if (columns.length === 0 || columns.includes('')) return 'each column has to have a name'
  const twice = columns.find((name, index) => columns.indexOf(name) < index)
  return twice === undefined ? undefined : `the column ${JSON.stringify(twice)} is named twice`
}

/** The fault of a delimiter; undefined: there is none. */
export function delimiterProblem(delimiter: string): string | undefined {
  const isCharacter = typeof delimiter === 'string' && [...delimiter].length === 1
  return isCharacter && !/["\r\n\p{Surrogate}]/u.test(delimiter)
    ? undefined
    : 'the delimiter has to be one character, and no quote or line end'
}

/** `'a', 'b' or 'c'` */
function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`)
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
