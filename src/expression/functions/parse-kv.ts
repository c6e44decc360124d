import { valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

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
  implementation: {
    kind: 'direct',
    call({ meter }, s: Value, pairSeparator: Value = ' ', valueSeparator: Value = '=', quotes: Value = '"') {
      if (typeof s !== 'string') throw notText('parse_kv', 's', s)
      if (typeof pairSeparator !== 'string') throw notText('parse_kv', 'pair_separator', pairSeparator)
      if (typeof valueSeparator !== 'string') throw notText('parse_kv', 'value_separator', valueSeparator)
      if (typeof quotes !== 'string') throw notText('parse_kv', 'quotes', quotes)
      if (pairSeparator === '' || valueSeparator === '') throw valueError('empty separator')
      if (pairSeparator === valueSeparator)
        throw valueError('pair_separator and value_separator are the same')
      return new PairReader(meter, s, pairSeparator, valueSeparator, quotes).read()
    },
  },
}

const BLANK = /\s/
const BLANKS = /\s*/y
const NO_BLANKS = /\S*/y
const ESCAPED = /\\(.)/gsu

/** Reads from left to right. Each separator is searched from where it was last found, so that a text costs its length. */
class PairReader {
  readonly #meter: Meter
  readonly #text: string
  readonly #pairSeparator: string
  readonly #valueSeparator: string
  readonly #quotes: string
  /** Quotes that nothing closes from here to the end of the text. */
  readonly #open = new Set<string>()
  /** Where the next separators are: the end of the text if there are no more, -1 before the first search. */
  #nextPair = -1
  #nextValue = -1

  constructor(meter: Meter, text: string, pairSeparator: string, valueSeparator: string, quotes: string) {
    this.#meter = meter
    this.#text = text
    this.#pairSeparator = pairSeparator
    this.#valueSeparator = valueSeparator
    this.#quotes = quotes
  }

  read(): Maybe<JsonObject> {
    const pairs: JsonObject = {}
    let isEmpty = true
    let at = this.#skipBlanks(0)
    while (at < this.#text.length) {
      const quotedName = this.#quoted(at)
      const nameEnd = quotedName?.end ?? this.#valueFrom(at)
      const pieceEnd = this.#pairFrom(quotedName?.end ?? at)
      // The rest of the text, or this piece, has no value.
      if (nameEnd >= pieceEnd || !this.#text.startsWith(this.#valueSeparator, nameEnd)) {
        at = this.#behindPair(pieceEnd)
        continue
      }
      const name = quotedName?.text ?? this.#text.slice(at, nameEnd).trim()
      let valueStart = nameEnd + this.#valueSeparator.length
      if (this.#pairSeparator !== ' ') valueStart = this.#skipBlanks(valueStart)
      const quotedValue = this.#quoted(valueStart)
      const end = this.#pairFrom(quotedValue?.end ?? valueStart)
      if (name !== '') {
        this.#meter.build(ENTRY_BYTES)
        setMember(pairs, name, quotedValue?.text ?? this.#text.slice(valueStart, end).trim())
        isEmpty = false
      }
      at = this.#behindPair(end)
    }
    return isEmpty ? undefined : pairs
  }

  #skipBlanks(at: number): number {
    if (at >= this.#text.length) return this.#text.length
    BLANKS.lastIndex = at
    BLANKS.test(this.#text)
    return BLANKS.lastIndex
  }

  /** Where the value separator is, from `at` on; the end of the text if there is none. */
  #valueFrom(at: number): number {
    if (this.#nextValue < at) this.#nextValue = this.#search(this.#valueSeparator, at)
    return this.#nextValue
  }

  /** Where the pair ends that goes on at `at`. */
  #pairFrom(at: number): number {
    if (this.#nextPair < at) {
      if (this.#pairSeparator === ' ') {
        NO_BLANKS.lastIndex = at
        NO_BLANKS.test(this.#text)
        this.#nextPair = NO_BLANKS.lastIndex
      } else this.#nextPair = this.#search(this.#pairSeparator, at)
    }
    return this.#nextPair
  }

  #search(separator: string, at: number): number {
    const found = this.#text.indexOf(separator, at)
    return found < 0 ? this.#text.length : found
  }

  /** Where the pair behind the separator at `end` begins. */
  #behindPair(end: number): number {
    return this.#skipBlanks(this.#pairSeparator === ' ' ? end : end + this.#pairSeparator.length)
  }

  /** The text in quotes that begins at `at`, and where it ends with its closing quote. */
  #quoted(at: number): { text: string; end: number } | undefined {
    const quote = this.#text.charAt(at)
    if (quote === '' || !this.#quotes.includes(quote) || BLANK.test(quote) || this.#open.has(quote))
      return undefined
    let escapes = false
    for (let index = at + 1; index < this.#text.length; index++) {
      const character = this.#text.charAt(index)
      if (character === quote) {
        const text = this.#text.slice(at + 1, index)
        return { text: escapes ? unescaped(text, quote) : text, end: index + 1 }
      }
      if (character === '\\') {
        escapes = true
        index++
      }
    }
    // Nothing that is opened later is closed either: after each quote that was passed, the search went on as it would begin there.
    this.#open.add(quote)
    return undefined
  }
}

/** Without the backslashes before quotes and backslashes; `C:\new` keeps its own. */
function unescaped(text: string, quote: string): string {
  return text.replace(ESCAPED, (written, character: string) =>
    character === quote || character === '\\' ? character : written,
  )
}
