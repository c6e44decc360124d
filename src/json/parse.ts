import { dictSet, setMember } from '../expression/runtime/containers/keys.ts'
import { integerFromDigits } from '../expression/runtime/numbers/huge-integer.ts'
import type { JsonObject, NumberTexts, Value } from '../expression/value.ts'
import { Dict, MAX_INTEGER } from '../expression/value.ts'

/** The result of parseExact. */
export interface ExactJson {
  /** A Dict stands for an object that has a member whose name looks like an array index. */
  readonly value: Value
  /** The texts of numbers that we would write in another way; undefined where there are none. */
  readonly numbers: NumberTexts | undefined
}

/** The text is not JSON. Not an `Error`: hostile input makes many of them, and nobody reads their stack. */
export class JsonProblem {
  /** Says which character was found and which would have been right, with the place: `... at character 17`, counted from 1. */
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Up to this many digits a number is computed exactly without a look at its text. */
const SAFE_DIGITS = 15

const POWERS_OF_10 = Array.from({ length: SAFE_DIGITS + 1 }, (_, exponent) => Number(`1e${exponent}`))

/** V8 keeps members of these names in a separate list, in the order of their numbers. */
const INDEX = /^(?:0|[1-9]\d{0,9})$/
const MAX_INDEX = 4294967294

/** Without one of these a string ends at the next quote and means what is written. */
const SPECIAL = /[\\\x00-\x1f]/

/** Text that may still stand between quotes. */
const PLAIN_STRING = /[^"\\\x00-\x1f]*/y

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const SPACE = 0x20
const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Reads JSON as JSON.parse does, and keeps what that one loses: integers beyond 2**53 are bigints, numbers that we
 * would write in another way are remembered with their text, members keep their order also under names such as "10".
 * Like JSON.parse: duplicate names keep the first place and the last value, lone surrogates pass, nesting has no limit
 * (the parser does not recurse), `__proto__` is an own member.
 *
 * @throws {JsonProblem} exactly where JSON.parse throws a SyntaxError
 */
export function parseExact(text: string): ExactJson {
  return new ExactParser(text).parse()
}

/**
 * Where a text has a character that no value begins with; -1: perhaps it is JSON. This costs much less than to parse, and tells
 * of most texts that are no JSON that they are none.
 */
export function noValueAt(text: string): number {
  let position = 0
  let code = text.charCodeAt(0)
  while (code === SPACE || code === LF || code === TAB || code === CR) code = text.charCodeAt(++position)
  return code < VALUE_STARTS.length && VALUE_STARTS[code] === 1 ? -1 : position
}

/** The problem that the parser reports for a text for which `noValueAt` gives this position. */
export function noValueProblem(text: string, position: number): JsonProblem {
  return unexpected(text, position, 'a value')
}

/** Words are looked at by the parser. */
const VALUE_STARTS = new Uint8Array(128)
for (const character of '{["-0123456789tfn') VALUE_STARTS[character.charCodeAt(0)] = 1

function unexpected(text: string, position: number, expected: string): JsonProblem {
  const place = `at character ${position + 1}`
  const character = text.codePointAt(position)
  if (character === undefined) return new JsonProblem(`expected ${expected} ${place}, but the text ends`)
  return new JsonProblem(
    `expected ${expected} ${place}, not ${JSON.stringify(String.fromCodePoint(character))}`,
  )
}

type Container = Value[] | JsonObject | Dict

class ExactParser {
  readonly #text: string
  /** No backslash and no control character anywhere: strings need no closer look. */
  readonly #simple: boolean
  #position = 0
  #numbers: NumberTexts | undefined = undefined
  /** Set by #number for the value that it returned; the container takes it over. */
  #numberText: string | undefined = undefined

  constructor(text: string) {
    this.#text = text
    this.#simple = !SPECIAL.test(text)
  }

  parse(): ExactJson {
    const value = this.#value()
    this.#skipBlanks()
    if (this.#position < this.#text.length) throw this.#unexpected('the end')
    return { value, numbers: this.#numbers }
  }

  /** One value. `container` is the innermost open array or object, the stacks hold those around it. */
  #value(): Value {
    const containers: (Container | undefined)[] = []
    const keys: string[] = []
    let container: Container | undefined
    let key = ''

    for (;;) {
      let value: Value
      const code = this.#skipBlanks()
      this.#numberText = undefined
      if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        this.#position++
        containers.push(container)
        keys.push(key)
        container = code === OPEN_BRACE ? {} : []
        key = ''
        if (this.#skipBlanks() !== (code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)) {
          if (code === OPEN_BRACE) key = this.#key('a name or "}"')
          continue
        }
        this.#position++
        value = container
        container = containers.pop()
        key = keys.pop()!
      } else if (code === QUOTE) {
        value = this.#string()
      } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
        value = this.#number()
      } else {
        value = this.#literal(container, key)
      }

      // The value goes into its container, which may be complete then and goes into its own.
      for (;;) {
        if (container === undefined) return value
        if (Array.isArray(container)) {
          if (this.#numberText !== undefined) this.#remember(container, String(container.length))
          container.push(value)
        } else {
          container = this.#add(container, key, value)
        }
        const next = this.#skipBlanks()
        if (next === COMMA) {
          this.#position++
          if (!Array.isArray(container)) {
            this.#skipBlanks()
            key = this.#key('a name')
          }
          break
        }
        if (next !== (Array.isArray(container) ? CLOSE_BRACKET : CLOSE_BRACE)) {
          throw this.#unexpected(Array.isArray(container) ? '"," or "]"' : '"," or "}"')
        }
        this.#position++
        this.#numberText = undefined
        value = container
        container = containers.pop()
        key = keys.pop()!
      }
    }
  }

  /** @returns the object, or the Dict that takes its place from its first index-like name on */
  #add(container: JsonObject | Dict, key: string, value: Value): JsonObject | Dict {
    let target = container
    const first = key.charCodeAt(0)
    if (first >= ZERO && first <= NINE && !(target instanceof Dict) && isIndex(key))
      target = this.#toDict(target)
    if (this.#numberText !== undefined) this.#remember(target, key)
    else if (this.#numbers !== undefined) this.#numbers.get(target)?.delete(key)
    if (target instanceof Dict) dictSet(target, key, value)
    else setMember(target, key, value)
    return target
  }

  #toDict(object: JsonObject): Dict {
    const dict = new Dict()
    for (const name of Object.keys(object)) dictSet(dict, name, object[name]!)
    const texts = this.#numbers?.get(object)
    if (texts !== undefined) {
      this.#numbers!.delete(object)
      this.#numbers!.set(dict, texts)
    }
    return dict
  }

  #remember(container: Container, key: string): void {
    this.#numbers ??= new Map()
    const texts = this.#numbers.get(container)
    if (texts === undefined) this.#numbers.set(container, new Map([[key, this.#numberText!]]))
    else texts.set(key, this.#numberText!)
  }

  /** A member's name and the colon after it. */
  #key(expected: string): string {
    if (this.#text.charCodeAt(this.#position) !== QUOTE) throw this.#unexpected(expected)
    const key = this.#string()
    if (this.#skipBlanks() !== COLON) throw this.#unexpected('":"')
    this.#position++
    return key
  }

  /** `"..."`
      ^    */
  #string(): string {
    const text = this.#text
    const start = this.#position + 1
    if (this.#simple) {
      const end = text.indexOf('"', start)
      if (end === -1) throw this.#unclosed(start)
      this.#position = end + 1
      return text.slice(start, end)
    }
    PLAIN_STRING.lastIndex = start
    PLAIN_STRING.test(text)
    let end = PLAIN_STRING.lastIndex
    if (text.charCodeAt(end) === QUOTE) {
      this.#position = end + 1
      return text.slice(start, end)
    }
    let result = text.slice(start, end)
    for (;;) {
      this.#position = end
      if (end >= text.length) throw this.#unclosed(start)
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      if (code < SPACE) throw this.#unexpected('an escape: control characters are not allowed in strings')
      result += this.#escape()
      PLAIN_STRING.lastIndex = this.#position
      PLAIN_STRING.test(text)
      end = PLAIN_STRING.lastIndex
      result += text.slice(this.#position, end)
    }
    this.#position = end + 1
    return result
  }

  /** `\n` or `\u0041`
      ^       ^        */
  #escape(): string {
    const letter = this.#text[++this.#position]
    if (letter === 'u') {
      const digits = this.#text.slice(this.#position + 1, this.#position + 5)
      if (!/^[\da-fA-F]{4}$/.test(digits)) throw this.#unexpected('"u" and four hexadecimal digits')
      this.#position += 5
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const character = letter === undefined ? undefined : ESCAPES[letter]
    if (character === undefined) throw this.#unexpected('one of "\\/bfnrtu after the backslash')
    this.#position++
    return character
  }

  /** `-12.50e+3`
      ^          */
  #number(): number | bigint {
    const text = this.#text
    const start = this.#position
    const negative = text.charCodeAt(start) === MINUS
    let position = negative ? start + 1 : start
    const first = position
    let code = text.charCodeAt(position)
    if (!(code >= ZERO && code <= NINE)) {
      this.#position = position
      throw this.#unexpected('a digit')
    }
    let digits = 0
    const leadingZero = code === ZERO
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++position)) {
      digits = digits * 10 + (code - ZERO)
      if (leadingZero && position > first) {
        this.#position = position
        throw this.#unexpected('no digit: a number has no leading zeros')
      }
    }
    const integerEnd = position
    if (code === DOT) {
      code = text.charCodeAt(++position)
      const fraction = position
      for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++position))
        digits = digits * 10 + (code - ZERO)
      if (position === fraction) {
        this.#position = position
        throw this.#unexpected('a digit')
      }
    }
    const mantissaEnd = position
    if (code === 0x65 || code === 0x45) {
      code = text.charCodeAt(++position)
      if (code === PLUS || code === MINUS) code = text.charCodeAt(++position)
      const exponent = position
      while (code >= ZERO && code <= NINE) code = text.charCodeAt(++position)
      if (position === exponent) {
        this.#position = position
        throw this.#unexpected('a digit')
      }
    }
    this.#position = position

    if (position === mantissaEnd && position - first <= SAFE_DIGITS) {
      if (position === integerEnd) {
        if (negative && digits === 0) this.#numberText = '-0'
        return negative ? -digits : digits
      }
      const decimals = position - integerEnd - 1
      // Both are exact, so the quotient is the nearest double; up to 15 digits it is written with these digits.
      const value = digits / POWERS_OF_10[decimals]!
      if (text.charCodeAt(position - 1) === ZERO || value < 1e-6)
        this.#numberText = text.slice(start, position)
      return negative ? -value : value
    }
    const written = text.slice(start, position)
    return position === integerEnd ? this.#bigInteger(written) : this.#float(written)
  }

  #float(written: string): number {
    const value = Number(written)
    if (String(value) !== written) this.#numberText = written
    return value
  }

  #bigInteger(written: string): number | bigint {
    const value = Number(written)
    if (value >= -MAX_INTEGER && value <= MAX_INTEGER && String(value) === written) return value
    return integerFromDigits(written)
  }

  #literal(container: Container | undefined, key: string): boolean | null {
    const text = this.#text
    const position = this.#position
    for (const word of LITERALS) {
      if (text.startsWith(word, position)) {
        this.#position += word.length
        return word === 'null' ? null : word === 'true'
      }
    }
    const empty = Array.isArray(container) && container.length === 0 && key === ''
    throw this.#unexpected(empty ? 'a value or "]"' : 'a value')
  }

  /** @returns the code of what follows; NaN at the end */
  #skipBlanks(): number {
    const text = this.#text
    for (;;) {
      const code = text.charCodeAt(this.#position)
      if (code > SPACE || (code !== SPACE && code !== LF && code !== TAB && code !== CR)) return code
      this.#position++
    }
  }

  #unexpected(expected: string): JsonProblem {
    return unexpected(this.#text, this.#position, expected)
  }

  #unclosed(start: number): JsonProblem {
    return new JsonProblem(`the string that begins at character ${start} is not closed`)
  }
}

const LITERALS = ['true', 'false', 'null']

/** True for a name that V8 takes for an index: its member would stand before all others. */
export function isIndex(name: string): boolean {
  return INDEX.test(name) && Number(name) <= MAX_INDEX
}
