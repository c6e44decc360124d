import { valueError } from '../failure.ts'
import { type KnownName, NameBook } from '../log/known-names.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import { RecordShapes } from '../runtime/containers/record-shapes.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition, PrepareHost } from './definition.ts'

export const parseKv: FunctionDefinition = {
  name: 'parse_kv',
  signature: "s, pair_separator=' ', value_separator='=', quotes='\"'",
  group: 'text',
  returns: 'object?',
  pure: true,
  summary: 'Reads a text of names and values, `name=value name="a value"`.',
  parameters: {
    s: 'the text',
    pair_separator: 'the text between two pairs; a blank stands for any run of white space',
    value_separator: 'the text between a name and its value',
    quotes: 'the characters that may stand around a name or value that holds separators; `""`: none',
  },
  result: 'A dict of texts. Absent where the text holds no pair.',
  errors: {
    TYPE_ERROR: 'an argument is not a string',
    VALUE_ERROR: 'a separator is empty, or both are the same',
  },
  notes: [
    'A piece without value separator, or without a name before it, is ignored. Of pairs with one name the last one counts.',
    'White space around names and around values without quotes does not count.',
    '',
    'In quotes a backslash before a quote or a backslash stands for that character. Text between a closing quote and the next',
    'separator is ignored; a quote that is never closed is a character like others.',
  ].join('\n'),
  examples: [
    {
      expression: 'parse_kv(message)',
      event: { message: 'devid=FG1  msg="login failed" action=' },
      result: { devid: 'FG1', msg: 'login failed', action: '' },
    },
    {
      expression: "parse_kv(message, ',', ':')",
      event: { message: 'Subject: root, Logon ID: 0x3E7' },
      result: { Subject: 'root', 'Logon ID': '0x3E7' },
    },
    { expression: 'parse_kv(message)', event: { message: 'start a=1 a=2' }, result: { a: '2' } },
    { expression: "parse_kv(message)['port']", event: { message: 'port=443' }, result: '443' },
    {
      expression: 'parse_kv(message)',
      event: { message: 'msg="say \\"hi\\"" n=1' },
      result: { msg: 'say "hi"', n: '1' },
    },
    { expression: 'parse_kv(message)', event: { message: 'no pairs' }, result: undefined },
    { expression: "parse_kv(message, '')", event: { message: 'a=1' }, rejected: 'VALUE_ERROR' },
    { expression: 'parse_kv(message)', event: { message: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: texts of one kind have the same names. */
function prepare(
  _constants: unknown,
  { compileRecord }: PrepareHost,
): (context: EventContext, ...args: Value[]) => Maybe {
  const shapes = compileRecord && new RecordShapes(compileRecord)
  let format = new PairFormat(' ', '=', '"')
  return ({ meter }, s, pairSeparator = ' ', valueSeparator = '=', quotes = '"') => {
    if (typeof s !== 'string') throw notText('parse_kv', 's', s!)
    if (typeof pairSeparator !== 'string') throw notText('parse_kv', 'pair_separator', pairSeparator)
    if (typeof valueSeparator !== 'string') throw notText('parse_kv', 'value_separator', valueSeparator)
    if (typeof quotes !== 'string') throw notText('parse_kv', 'quotes', quotes)
    if (pairSeparator === '' || valueSeparator === '') throw valueError('empty separator')
    if (pairSeparator === valueSeparator) throw valueError('pair_separator and value_separator are the same')
    if (!format.is(pairSeparator, valueSeparator, quotes))
      format = new PairFormat(pairSeparator, valueSeparator, quotes)
    return new PairReader(meter, s, format, shapes).read()
  }
}

const QUOTE = 0x22
const BLANK = /\s/
const BLANKS = /\s*/y
const NO_BLANKS = /\S*/y
const ESCAPED = /\\(.)/gsu

/** The way in which texts are written, and the names that were met in such texts. */
class PairFormat {
  readonly pairSeparator: string
  readonly valueSeparator: string
  readonly quotes: string
  /** Any run of white space stands between two pairs. */
  readonly isBlank: boolean
  readonly names = new NameBook()
  /**
   * The character behind a name, where the end of a name depends on nothing but that one: of longer separators, one may begin within
   * the other. -1: none, and no name is expected.
   */
  readonly nameEnd: number

  constructor(pairSeparator: string, valueSeparator: string, quotes: string) {
    this.pairSeparator = pairSeparator
    this.valueSeparator = valueSeparator
    this.quotes = quotes
    this.isBlank = pairSeparator === ' '
    this.nameEnd = pairSeparator.length + valueSeparator.length === 2 ? valueSeparator.charCodeAt(0) : -1
  }

  is(pairSeparator: string, valueSeparator: string, quotes: string): boolean {
    return (
      pairSeparator === this.pairSeparator && valueSeparator === this.valueSeparator && quotes === this.quotes
    )
  }

  isQuote(character: string): boolean {
    return this.quotes.includes(character) && !BLANK.test(character)
  }
}

/** Reads from left to right. Each separator is searched from where it was last found, so that a text costs its length. */
class PairReader {
  readonly #meter: Meter
  readonly #text: string
  readonly #format: PairFormat
  readonly #shapes: RecordShapes | undefined
  /** Quotes that nothing closes from here to the end of the text. */
  #open = ''
  /** Where the next separators are: the end of the text if there are no more, -1 before the first search. */
  #nextPair = -1
  #nextValue = -1
  /** Where the next backslash is, in the same way. */
  #nextBackslash = -1
  /** What stands in the quotes that were read last. */
  #quotedText = ''

  constructor(meter: Meter, text: string, format: PairFormat, shapes: RecordShapes | undefined) {
    this.#meter = meter
    this.#text = text
    this.#format = format
    this.#shapes = shapes
  }

  read(): Maybe<JsonObject> {
    const text = this.#text
    const { isBlank, names, nameEnd, valueSeparator } = this.#format
    const pairNames: string[] = []
    const values: string[] = []
    let known = names.first
    let at = this.#skipBlanks(0)
    while (at < text.length) {
      const expected = names.expected(known, text, at, nameEnd)
      let name: string
      let valueStart: number
      if (expected !== undefined) {
        known = expected
        name = expected.text
        valueStart = at + name.length + 1
      } else {
        const quotedEnd = this.#quoted(at)
        name = this.#quotedText
        const end = quotedEnd < 0 ? this.#valueFrom(at) : quotedEnd
        const pieceEnd = this.#pairFrom(quotedEnd < 0 ? at : quotedEnd)
        // The rest of the text, or this piece, has no value.
        if (end >= pieceEnd || !text.startsWith(valueSeparator, end)) {
          at = this.#behindPair(pieceEnd)
          continue
        }
        if (quotedEnd < 0) {
          name = text.slice(at, end).trim()
          known = this.#learn(known, name, at, end)
        }
        valueStart = end + valueSeparator.length
      }
      if (!isBlank) valueStart = this.#skipBlanks(valueStart)
      const quotedEnd = this.#quoted(valueStart)
      const quotedValue = this.#quotedText
      const end = this.#pairFrom(quotedEnd < 0 ? valueStart : quotedEnd)
      if (name !== '') {
        this.#meter.build(ENTRY_BYTES)
        pairNames.push(name)
        values.push(quotedEnd < 0 ? this.#plain(valueStart, end) : quotedValue)
      }
      at = this.#behindPair(end)
    }
    return values.length === 0 ? undefined : this.#made(pairNames, values)
  }

  #made(names: readonly string[], values: readonly string[]): JsonObject {
    const known = this.#shapes?.make(names, values)
    if (known !== undefined) return known
    const pairs: JsonObject = {}
    for (let index = 0; index < values.length; index++) setMember(pairs, names[index]!, values[index]!)
    return pairs
  }

  /** Expects a name where it was met, if a text that goes on with it cannot be understood in another way. */
  #learn(before: KnownName, name: string, at: number, end: number): KnownName {
    const { names, nameEnd } = this.#format
    const isSure = nameEnd >= 0 && name !== '' && name.length === end - at && !this.#isQuoteAt(at)
    return (isSure ? names.learn(before, name) : undefined) ?? names.first
  }

  /** A value without quotes. */
  #plain(start: number, end: number): string {
    const value = this.#text.slice(start, end)
    // Between blanks it has none.
    return this.#format.isBlank ? value : value.trim()
  }

  #skipBlanks(start: number): number {
    const text = this.#text
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x20) continue
      if (code > 0x20 && code < 0x7f) return at
      BLANKS.lastIndex = at
      BLANKS.test(text)
      return BLANKS.lastIndex
    }
    return text.length
  }

  /** Where the value separator is, from `at` on; the end of the text if there is none. */
  #valueFrom(at: number): number {
    if (this.#nextValue < at) this.#nextValue = this.#search(this.#format.valueSeparator, at)
    return this.#nextValue
  }

  /** Where the pair ends that goes on at `at`. */
  #pairFrom(at: number): number {
    if (this.#nextPair < at)
      this.#nextPair = this.#format.isBlank
        ? this.#blankFrom(at)
        : this.#search(this.#format.pairSeparator, at)
    return this.#nextPair
  }

  #blankFrom(start: number): number {
    const text = this.#text
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 0x20 && code < 0x7f) continue
      if (code === 0x20) return at
      NO_BLANKS.lastIndex = at
      NO_BLANKS.test(text)
      return NO_BLANKS.lastIndex
    }
    return text.length
  }

  #search(searched: string, at: number): number {
    const found = this.#text.indexOf(searched, at)
    return found < 0 ? this.#text.length : found
  }

  /** Where the pair behind the separator at `end` begins. */
  #behindPair(end: number): number {
    return this.#skipBlanks(this.#format.isBlank ? end : end + this.#format.pairSeparator.length)
  }

  #isQuoteAt(at: number): boolean {
    const { quotes } = this.#format
    if (quotes === '"') return this.#text.charCodeAt(at) === QUOTE
    return at < this.#text.length && this.#format.isQuote(this.#text.charAt(at))
  }

  /** Reads the text in quotes that begins at `at`. @returns where it ends with its closing quote; -1: there is none */
  #quoted(at: number): number {
    if (!this.#isQuoteAt(at)) return -1
    const text = this.#text
    const quote = text.charAt(at)
    if (this.#open.includes(quote)) return -1
    const close = this.#closing(quote, at + 1)
    if (close < 0) {
      // Nothing that is opened later is closed either: after each quote that was passed, the search went on as it would begin there.
      this.#open += quote
      return -1
    }
    const inside = text.slice(at + 1, close)
    this.#quotedText = inside.includes('\\') ? unescaped(inside, quote) : inside
    return close + 1
  }

  /** Where the quote is that has no backslash before it; -1: there is none. */
  #closing(quote: string, start: number): number {
    const text = this.#text
    const close = text.indexOf(quote, start)
    if (this.#nextBackslash < start) this.#nextBackslash = this.#search('\\', start)
    if (close < this.#nextBackslash) return close
    for (let at = this.#nextBackslash; at < text.length; at++) {
      const character = text.charAt(at)
      if (character === quote) return at
      if (character === '\\') at++
    }
    return -1
  }
}

/** Without the backslashes before quotes and backslashes; `C:\new` keeps its own. */
function unescaped(text: string, quote: string): string {
  return text.replace(ESCAPED, (written, character: string) =>
    character === quote || character === '\\' ? character : written,
  )
}
