import { typeError, valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import { RecordShapes } from '../runtime/containers/record-shapes.ts'
import { ITEM_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { type JsonObject, type Maybe, Tuple, type Value } from '../value.ts'
import type { EventContext, FunctionDefinition, PrepareHost } from './definition.ts'

export const parseCsv: FunctionDefinition = {
  name: 'parse_csv',
  signature: "s, columns=None, delimiter=',', quotes='\"'",
  group: 'formats',
  returns: 'any?',
  pure: true,
  summary: 'Reads one record of values between commas.',
  parameters: {
    s: 'the text',
    columns:
      'a list of names for the values; `null` or `""` leaves out the value in its place. Default: no names',
    delimiter: 'the text between two values',
    quotes: 'the characters that may stand around a value that holds delimiters; `""`: none',
  },
  result:
    'With `columns` a dict of texts: members that the text has no values for are absent, values beyond the names are left off. Else a list of texts. Absent where the text is empty.',
  errors: {
    TYPE_ERROR: '`columns` is no list of texts, or another argument is not a string',
    VALUE_ERROR: 'the delimiter is empty',
  },
  notes: [
    'A value is quoted where a quote is its first character; the quote itself is written twice in it (`"say ""hi"""`). Text',
    "between a closing quote and the next delimiter belongs to the value, as in Python's `csv`. A quote that is never closed is a",
    'character like others. A line break at the end of the text does not count; anywhere else it is a character like others.',
  ].join('\n'),
  examples: [
    {
      expression: "parse_csv(message, ['type', 'src', 'note'])",
      event: { message: 'TRAFFIC,192.0.2.1,"allowed, logged"' },
      result: { type: 'TRAFFIC', src: '192.0.2.1', note: 'allowed, logged' },
    },
    {
      expression: "parse_csv(message, ['a', null, 'c', 'd'])",
      event: { message: '1,2,' },
      result: { a: '1', c: '' },
    },
    {
      expression: 'parse_csv(message)',
      event: { message: 'a,"say ""hi""",' },
      result: ['a', 'say "hi"', ''],
    },
    {
      expression: "parse_csv(message, delimiter='|')",
      event: { message: 'a|b,c' },
      result: ['a', 'b,c'],
    },
    { expression: 'parse_csv(message)', event: { message: 'a,"b,c' }, result: ['a', '"b', 'c'] },
    { expression: 'parse_csv(message)', event: { message: '' }, result: undefined },
    { expression: "parse_csv(message, 'a,b')", event: { message: '1,2' }, rejected: 'TYPE_ERROR' },
    { expression: 'parse_csv(message)', event: { message: 1 }, rejected: 'TYPE_ERROR' },
    { expression: "parse_csv(message, delimiter='')", event: { message: '1' }, rejected: 'VALUE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: records of one format have the same names. */
function prepare(
  _constants: unknown,
  { compileRecord }: PrepareHost,
): (context: EventContext, ...args: Value[]) => Maybe {
  const shapes = compileRecord && new RecordShapes(compileRecord)
  return ({ meter }, s, columns = null, delimiter = ',', quotes = '"') => {
    if (typeof s !== 'string') throw notText('parse_csv', 's', s!)
    if (typeof delimiter !== 'string') throw notText('parse_csv', 'delimiter', delimiter)
    if (typeof quotes !== 'string') throw notText('parse_csv', 'quotes', quotes)
    if (delimiter === '') throw valueError('empty delimiter')
    const names = columns === null ? undefined : namesOf(columns)
    const end = endOfRecord(s)
    if (end === 0) return undefined
    const values = new RecordReader(meter, end === s.length ? s : s.slice(0, end), delimiter, quotes).read(
      names?.length ?? Number.POSITIVE_INFINITY,
    )
    if (names === undefined) return values
    const record = shapes?.make(names, values)
    if (record === undefined) return named(meter, names, values)
    for (let index = 0; index < values.length; index++)
      if (names[index] !== null && names[index] !== '') meter.build(ENTRY_BYTES)
    return record
  }
}

function namesOf(columns: Value): readonly Value[] {
  if (Array.isArray(columns)) return columns
  if (columns instanceof Tuple) return columns.items
  throw typeError(`parse_csv() argument 'columns' must be a list of str, not ${typeName(columns)}`)
}

function named(meter: Meter, names: readonly Value[], values: readonly string[]): JsonObject {
  const record: JsonObject = {}
  for (let index = 0; index < values.length; index++) {
    const name = names[index]!
    if (name === null || name === '') continue
    if (typeof name !== 'string')
      throw typeError(`parse_csv() argument 'columns' must be a list of str, not of ${typeName(name)}`)
    meter.build(ENTRY_BYTES)
    setMember(record, name, values[index]!)
  }
  return record
}

/** The length without the line break at the end. */
function endOfRecord(text: string): number {
  let end = text.length
  if (text.charCodeAt(end - 1) === 0x0a) end--
  if (text.charCodeAt(end - 1) === 0x0d) end--
  return end
}

const QUOTE = 0x22

/** Reads from left to right. */
class RecordReader {
  readonly #meter: Meter
  readonly #text: string
  readonly #delimiter: string
  readonly #quotes: string
  /** Quotes of which one was found that nothing closes: they are characters like others from there on. */
  #open = ''
  /** Where the value ends that was read last. */
  #end = 0

  constructor(meter: Meter, text: string, delimiter: string, quotes: string) {
    this.#meter = meter
    this.#text = text
    this.#delimiter = delimiter
    this.#quotes = quotes
  }

  /** @param limit so many values are wanted at most */
  read(limit: number): string[] {
    const values: string[] = []
    let at = 0
    while (values.length < limit) {
      this.#meter.build(ITEM_BYTES)
      values.push(this.#quoted(at) ?? this.#plain(at))
      if (this.#end === this.#text.length) break
      at = this.#end + this.#delimiter.length
    }
    return values
  }

  #plain(at: number): string {
    const found = this.#text.indexOf(this.#delimiter, at)
    this.#end = found < 0 ? this.#text.length : found
    return this.#text.slice(at, this.#end)
  }

  /** `"a ""b"" c" d,`
      ^            ^
      at           the end of the value; undefined: no quote stands at its beginning, or nothing closes it */
  #quoted(at: number): string | undefined {
    const text = this.#text
    if (this.#quotes === '"' && text.charCodeAt(at) !== QUOTE) return undefined
    const quote = text.charAt(at)
    if (quote === '' || !this.#quotes.includes(quote) || this.#open.includes(quote)) return undefined
    let value = ''
    let start = at + 1
    for (;;) {
      const close = text.indexOf(quote, start)
      if (close < 0) {
        // Not looked for again: a text costs its length.
        this.#open += quote
        return undefined
      }
      value += text.slice(start, close)
      start = close + 1
      if (text.charAt(start) !== quote) break
      value += quote
      start++
    }
    return text.startsWith(this.#delimiter, start) || start === text.length
      ? this.#ended(value, start)
      : value + this.#plain(start)
  }

  #ended(value: string, end: number): string {
    this.#end = end
    return value
  }
}
