import type { Failure } from '../../failure.ts'
import { typeError, valueError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Range, Tuple } from '../../value.ts'
import { getItem } from '../containers/containers.ts'
import { isDict } from '../containers/keys.ts'
import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'
import { toFloat, toInteger } from '../numbers/conversions.ts'
import type { FloatLayout } from '../numbers/float-text.ts'
import { floatText } from '../numbers/float-text.ts'
import {
  formatNumber,
  isInteger,
  isNumeric,
  numeric,
  toIndex,
  touchInteger,
  typeName,
} from '../numbers/numbers.ts'
import { repeatText } from '../text/layout.ts'
import { elementIndex, measureText, textLength, textSlice } from '../text/text.ts'
import { TextBuilder } from '../text/text-builder.ts'
import { isAsciiDigit } from './format-spec.ts'
import { ascii, repr, str } from './repr.ts'

/**
 * `text % args`: CPython's printf-style formatting.
 *
 * @param args a tuple of values, a dict for `%(name)s`, or a single value
 * @throws {Failure} TYPE_ERROR when values are missing, left over or of the wrong type; VALUE_ERROR when the format is
 *   wrong, a key is missing or the result would be too long
 */
export function percentFormat(meter: Meter, text: string, args: Value): string {
  return new PercentFormatter(meter, text, args).format()
}

/** One conversion: `%[(key)][flags][width][.precision]type`. */
interface Conversion {
  leftAlign: boolean
  plus: boolean
  blank: boolean
  alternate: boolean
  zero: boolean
  /** -1 when not given, like `precision`. */
  width: number
  precision: number
  type: string
}

class PercentFormatter {
  readonly #text: string
  readonly #args: Value
  readonly #meter: Meter
  readonly #result: TextBuilder
  #position = 0
  /** Values for the conversions that name no key. */
  #values: readonly Value[]
  #used = 0

  constructor(meter: Meter, text: string, args: Value) {
    this.#meter = meter
    this.#result = new TextBuilder(meter)
    this.#text = text
    this.#args = args
    this.#values = args instanceof Tuple ? args.items : [args]
  }

  format(): string {
    const text = this.#text
    while (true) {
      const mark = text.indexOf('%', this.#position)
      this.#result.add(text.slice(this.#position, mark === -1 ? text.length : mark))
      if (mark === -1) break
      this.#position = mark + 1
      if (text[this.#position] === '%') {
        this.#result.add('%')
        this.#position++
      } else {
        this.#convert()
      }
    }
    if (this.#used < this.#values.length && !isMapping(this.#args)) {
      throw typeError('not all arguments converted during string formatting')
    }
    return this.#result.toString()
  }

  #convert(): void {
    if (this.#text[this.#position] === '(') this.#selectKey()
    const conversion = this.#parse()
    const value = this.#nextValue()
    this.#meter.touch(CONVERSION)
    const converted = convert(this.#meter, conversion, value)
    if (converted === undefined) throw this.#unsupported(conversion.type)
    this.#result.add(converted)
  }

  /** `(key)`: the next value is the entry of the mapping. */
  #selectKey(): void {
    const args = this.#args
    if (!isMapping(args)) throw typeError('format requires a mapping')
    const start = this.#position + 1
    let open = 1
    let end = start
    for (; open > 0; end++) {
      const character = this.#text[end]
      if (character === undefined) throw valueError('incomplete format key')
      if (character === '(') open++
      else if (character === ')') open--
    }
    const key = this.#text.slice(start, end - 1)
    const value = getItem(this.#meter, args, key)
    if (value === undefined) throw valueError(`the format's key ${repr(key)} is missing`)
    this.#position = end
    this.#values = [value]
    this.#used = 0
  }

  #parse(): Conversion {
    const conversion: Conversion = {
      leftAlign: false,
      plus: false,
      blank: false,
      alternate: false,
      zero: false,
      width: -1,
      precision: -1,
      type: '',
    }
    while (takeFlag(conversion, this.#text[this.#position])) this.#position++
    this.#parseWidth(conversion)
    this.#parsePrecision(conversion)
    if ('hlL'.includes(this.#peek())) this.#position++
    conversion.type = this.#peek()
    this.#position += conversion.type.length
    return conversion
  }

  #parseWidth(conversion: Conversion): void {
    if (this.#peek() !== '*') {
      conversion.width = this.#integer('width too big')
      return
    }
    this.#position++
    const width = this.#starred('Python int too large to convert to C ssize_t')
    conversion.leftAlign ||= width < 0
    conversion.width = Math.abs(width)
  }

  #parsePrecision(conversion: Conversion): void {
    if (this.#peek() !== '.') return
    this.#position++
    if (this.#peek() === '*') {
      this.#position++
      conversion.precision = Math.max(0, this.#starred('Python int too large to convert to C int'))
    } else {
      conversion.precision = Math.max(0, this.#integer('precision too big'))
    }
  }

  /** The character at the position. @throws {Failure} VALUE_ERROR at the end of the text */
  #peek(): string {
    const code = this.#text.codePointAt(this.#position)
    if (code === undefined) throw valueError('incomplete format')
    return String.fromCodePoint(code)
  }

  /** Decimal digits; -1 if there are none. */
  #integer(tooBig: string): number {
    const start = this.#position
    while (isAsciiDigit(this.#text.charCodeAt(this.#position))) this.#position++
    if (start === this.#position) return -1
    const value = Number(this.#text.slice(start, this.#position))
    if (value > MOST_WIDTH) throw valueError(tooBig)
    return value
  }

  /** A width or a precision that stands among the values. */
  #starred(tooBig: string): number {
    const value = this.#nextValue()
    if (!isInteger(value)) throw typeError('* wants int')
    const number = Number(toIndex(value))
    if (Math.abs(number) > MOST_WIDTH) throw valueError(tooBig)
    return number
  }

  #nextValue(): Value {
    if (this.#used >= this.#values.length) throw typeError('not enough arguments for format string')
    return this.#values[this.#used++]!
  }

  #unsupported(type: string): Failure {
    const code = type.codePointAt(0)!
    const index = elementIndex(this.#text, this.#position - type.length)
    const shown = code > 31 && code < 127 ? type : '?'
    return valueError(`unsupported format character '${shown}' (0x${code.toString(16)}) at index ${index}`)
  }
}

/** The largest number that C's `int` holds; a text of that width is too long anyway. */
const MOST_WIDTH = 2 ** 31 - 1

/** Values that have items by key: also a list, which may so be given without being used. */
function isMapping(args: Value): boolean {
  return isDict(args) || Array.isArray(args) || args instanceof Range
}

function takeFlag(conversion: Conversion, character: string | undefined): boolean {
  switch (character) {
    case '-':
      conversion.leftAlign = true
      return true
    case '+':
      conversion.plus = true
      return true
    case ' ':
      conversion.blank = true
      return true
    case '#':
      conversion.alternate = true
      return true
    case '0':
      conversion.zero = true
      return true
    default:
      return false
  }
}

/** Units of work for a conversion. */
const CONVERSION = 100

/** Undefined when there is no such conversion. */
function convert(meter: Meter, conversion: Conversion, value: Value): Maybe<string> {
  switch (conversion.type) {
    case 's':
      return layoutText(meter, conversion, str(value, meter))
    case 'r':
      return layoutText(meter, conversion, repr(value, meter))
    case 'a':
      return layoutText(meter, conversion, ascii(value, meter))
    case 'c':
      return layoutText(meter, { ...conversion, precision: -1 }, characterOf(value))
    case 'd':
    case 'i':
    case 'u':
      return convertInteger(meter, conversion, value, 10)
    case 'o':
      return convertInteger(meter, conversion, value, 8)
    case 'x':
    case 'X':
      return convertInteger(meter, conversion, value, 16)
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return convertFloat(meter, conversion, value)
    default:
      return undefined
  }
}

function layoutText(meter: Meter, { width, precision, leftAlign }: Conversion, text: string): string {
  const shown = precision === -1 ? text : textSlice(meter, text, null, precision, null)
  if (width === -1) return shown
  const room = width - measureText(meter, shown)
  if (room <= 0) return shown
  checkLength(width)
  return leftAlign ? shown + repeatText(' ', room) : repeatText(' ', room) + shown
}

function characterOf(value: Value): string {
  if (typeof value === 'string' && textLength(value) === 1) return value
  if (!isInteger(value)) throw typeError('%c requires int or char')
  const code = toIndex(value)
  if (code < 0 || code > 0x10ffff) throw valueError('%c arg not in range(0x110000)')
  return String.fromCodePoint(Number(code))
}

function convertInteger(meter: Meter, conversion: Conversion, value: Value, base: 8 | 10 | 16): string {
  const { type, precision, alternate } = conversion
  if (base === 10 ? !isNumeric(value) : !isInteger(value)) {
    const wanted = base === 10 ? 'a real number' : 'an integer'
    throw typeError(`%${type} format: ${wanted} is required, not ${typeName(value)}`)
  }
  const integer = toInteger(value)
  const size = integer < 0 ? -integer : integer
  touchInteger(meter, size)
  const digits = base === 10 ? formatNumber(size) : numeric(size)!.toString(base)
  const prefix = alternate && base !== 10 ? `0${base === 8 ? 'o' : type}` : ''
  checkLength(precision)
  const filled = repeatText('0', precision - digits.length) + (type === 'X' ? digits.toUpperCase() : digits)
  return layoutNumber(conversion, integer < 0, prefix, filled)
}

function convertFloat(meter: Meter, conversion: Conversion, value: Value): string {
  if (!isNumeric(value)) throw typeError(`must be real number, not ${typeName(value)}`)
  const { type, alternate, precision } = conversion
  const number = toFloat(value)
  const size = Math.abs(number)
  const layout = type.toLowerCase() as FloatLayout
  const text = Number.isFinite(size)
    ? floatText(meter, size, { layout, precision: precision === -1 ? 6 : precision, alternate })
    : formatNumber(size)
  return layoutNumber(conversion, number < 0, '', layout === type ? text : text.toUpperCase())
}

function layoutNumber(conversion: Conversion, negative: boolean, prefix: string, digits: string): string {
  const sign = negative ? '-' : conversion.plus ? '+' : conversion.blank ? ' ' : ''
  const room = conversion.width - sign.length - prefix.length - digits.length
  if (room <= 0) return sign + prefix + digits
  checkLength(conversion.width)
  if (conversion.leftAlign) return sign + prefix + digits + repeatText(' ', room)
  if (conversion.zero) return sign + prefix + repeatText('0', room) + digits
  return repeatText(' ', room) + sign + prefix + digits
}
