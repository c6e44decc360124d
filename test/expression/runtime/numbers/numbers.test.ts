import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Failure } from '../../../../src/expression/failure.ts'
import { toFloat, toInteger } from '../../../../src/expression/runtime/numbers/conversions.ts'
import {
  bitLength,
  decompose,
  divideRounded,
  scaleToFloat,
} from '../../../../src/expression/runtime/numbers/exact-float.ts'
import {
  computedInteger,
  formatNumber,
  integerBits,
  isInteger,
  isNumeric,
  normalizeInteger,
  toIndex,
  typeName,
} from '../../../../src/expression/runtime/numbers/numbers.ts'
import type { Value } from '../../../../src/expression/value.ts'
import {
  Dict,
  DictView,
  MAX_INTEGER_BITS,
  Range,
  Tuple,
  ValueIterator,
  ValueSet,
} from '../../../../src/expression/value.ts'
import { decode, encode, expected, outcome, readRecording } from '../../../cpython/number-values.ts'

const recording = readRecording('numbers')

function rejects(action: () => unknown, code: string, message: RegExp): void {
  assert.throws(action, (error: Failure) => error.code === code && message.test(error.message))
}

test('numbers print as CPython prints them', () => {
  for (const [number, text] of recording.formats!) {
    assert.equal(formatNumber(decode(number) as number | bigint), text)
  }
})

test('an integral float up to 2**53 prints as the int, above as the float', () => {
  const cases: [number, string][] = [
    [4 / 2, '2'],
    [200.0, '200'],
    [-0, '0'],
    [2 ** 53, '9007199254740992'],
    [-(2 ** 53), '-9007199254740992'],
    [2 ** 53 + 2, '9007199254740994.0'],
    [1e16, '1e+16'],
    [-1e22, '-1e+22'],
  ]
  for (const [number, text] of cases) assert.equal(formatNumber(number), text)
})

test('text is read as an int where CPython reads it', () => {
  for (const [text, base, result] of recording.integers!) {
    const actual = outcome(() => toInteger(text, decode(base)))
    assert.deepEqual(actual, expected(result), `int(${JSON.stringify(text)}, ${JSON.stringify(base)})`)
    if (base !== 10) continue
    assert.deepEqual(
      outcome(() => toInteger(text)),
      expected(result),
    )
  }
})

test('bare digits are read as the same integer with blanks around them, in every base', () => {
  const base = fc.integer({ min: 2, max: 36 })
  const written = fc
    .tuple(fc.bigInt(0n, 1n << 72n), fc.integer({ min: 0, max: 72 }), base, fc.boolean())
    .map(([n, bits, base, upper]): [string, number] => {
      const digits = (n >> BigInt(bits)).toString(base)
      return [upper ? digits.toUpperCase() : digits, base]
    })
  const edges = fc
    .tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom(52n, 53n, 54n, 63n, 64n), base)
    .map(([off, bits, base]): [string, number] => [((1n << bits) + BigInt(off)).toString(base), base])
  const odd = fc.tuple(
    fc.string({
      unit: fc.constantFrom('0', '1', '9', 'a', 'F', 'z', 'x', 'b', '_', '-', '+', ' ', '٣', '@'),
    }),
    fc.constantFrom(0, 2, 8, 10, 16, 36),
  )
  const prefix = fc.constantFrom('', '', '0', '0x', '0X', '00x', '0b')
  const read = (text: string, base: number): unknown => {
    try {
      return toInteger(text, base)
    } catch (error) {
      return (error as Failure).code
    }
  }
  fc.assert(
    fc.property(prefix, fc.oneof(written, edges, odd), (start, [digits, base]) => {
      const text = start + digits
      assert.deepEqual(read(text, base), read(` ${text}`, base), `${text}, ${base}`)
    }),
    { numRuns: 2000 },
  )
})

test('text is read as a float where CPython reads it', () => {
  for (const [text, result] of recording.floats!) {
    assert.deepEqual(
      outcome(() => toFloat(text)),
      expected(result),
      `float(${JSON.stringify(text)})`,
    )
  }
})

test('numbers are truncated to ints exactly', () => {
  for (const [number, result] of recording.truncated!) {
    assert.deepEqual(
      outcome(() => toInteger(decode(number))),
      expected(result),
    )
  }
})

test('ints become the nearest float', () => {
  for (const [number, result] of recording.as_float!) {
    assert.deepEqual(
      outcome(() => toFloat(decode(number))),
      expected(result),
    )
  }
})

test('messages of failed conversions show the text, but not all of a long one', () => {
  rejects(() => toInteger('x1'), 'VALUE_ERROR', /^invalid literal for int\(\) with base 10: 'x1'$/)
  rejects(() => toInteger('0x1', 8), 'VALUE_ERROR', /with base 8: '0x1'$/)
  rejects(() => toFloat('1.2.3'), 'VALUE_ERROR', /^could not convert string to float: '1.2.3'$/)
  assert.throws(
    () => toInteger('x'.repeat(1e6)),
    (error: Failure) => error.message.length < 300,
  )
  assert.throws(
    () => toFloat('x'.repeat(1e6)),
    (error: Failure) => error.message.length < 300,
  )
  rejects(() => toInteger([]), 'TYPE_ERROR', /not 'list'$/)
  rejects(() => toInteger(5, 10), 'TYPE_ERROR', /can't convert non-string with explicit base/)
})

test('long texts of digits are read quickly, and refused when too long', { timeout: 900_000 }, () => {
  const digits = '7'.repeat(100_000)
  assert.equal(toInteger(digits), BigInt(digits))
  assert.equal(String(toInteger('z'.repeat(50_000), 36)), (36n ** 50_000n - 1n).toString())
  rejects(() => toInteger('9'.repeat(2_000_000)), 'VALUE_ERROR', /^result too big/)
  rejects(() => toInteger(`0x${'f'.repeat(2_000_000)}`, 0), 'VALUE_ERROR', /^result too big/)
  assert.equal(toInteger('0'.repeat(2_000_000)), 0)
  assert.equal(toFloat(`1${'0'.repeat(1_000_000)}e-1000000`), 1)
  rejects(() => toInteger(`${'1_'.repeat(1_000_000)}_`), 'VALUE_ERROR', /^invalid literal/)
  rejects(() => toFloat(`${'1_'.repeat(1_000_000)}_`), 'VALUE_ERROR', /^could not convert/)
})

test('an index is an int or a bool', () => {
  assert.equal(toIndex(5), 5)
  assert.equal(toIndex(true), 1)
  assert.equal(toIndex(2n ** 60n), 2n ** 60n)
  for (const value of [1.5, 1e16, Number.NaN, '1', null, []]) {
    rejects(() => toIndex(value), 'TYPE_ERROR', /cannot be interpreted as an integer$/)
  }
})

test('what counts as an int and as a number', () => {
  for (const value of [0, -1, true, 2 ** 53, 2n ** 53n + 1n]) assert.equal(isInteger(value), true)
  for (const value of [0.5, 1e16, Number.NaN, Number.POSITIVE_INFINITY, '1', null, []]) {
    assert.equal(isInteger(value), false)
  }
  for (const value of [0, 0.5, 1e16, Number.NaN, false, 2n ** 60n]) assert.equal(isNumeric(value), true)
  for (const value of ['1', null, [], {}]) assert.equal(isNumeric(value), false)
})

test('types have the names that CPython gives them', () => {
  const dict = new Dict()
  const cases: [Value, string][] = [
    [null, 'NoneType'],
    [true, 'bool'],
    [1, 'int'],
    [2n ** 60n, 'int'],
    [1.5, 'float'],
    [1e16, 'float'],
    [Number.NaN, 'float'],
    ['', 'str'],
    [[], 'list'],
    [{}, 'dict'],
    [dict, 'dict'],
    [new Tuple([]), 'tuple'],
    [new ValueSet(), 'set'],
    [new Range(0, 1, 1), 'range'],
    [new DictView('keys', {}), 'dict_keys'],
    [new DictView('values', dict), 'dict_values'],
    [new DictView('items', dict), 'dict_items'],
    [new ValueIterator('zip', [][Symbol.iterator]()), 'zip'],
    [JSON.parse('{"__proto__": []}'), 'dict'],
  ]
  for (const [value, name] of cases) assert.equal(typeName(value), name)
})

test('integers are numbers up to 2**53 and bigints above', () => {
  assert.equal(normalizeInteger(2n ** 53n), 2 ** 53)
  assert.equal(normalizeInteger(-(2n ** 53n)), -(2 ** 53))
  assert.equal(normalizeInteger(2n ** 53n + 1n), 2n ** 53n + 1n)
  assert.equal(normalizeInteger(-(2n ** 53n) - 1n), -(2n ** 53n) - 1n)
  assert.equal(computedInteger(2n ** 53n), 2 ** 53)
})

test('a computed integer has a limit', () => {
  const limit = 1n << BigInt(MAX_INTEGER_BITS)
  assert.equal(computedInteger(limit - 1n), limit - 1n)
  assert.equal(computedInteger(1n - limit), 1n - limit)
  rejects(
    () => computedInteger(limit),
    'VALUE_ERROR',
    /^result too big: an integer of more than 1048576 bits$/,
  )
  rejects(() => computedInteger(-limit), 'VALUE_ERROR', /^result too big/)
})

test('bits are counted', () => {
  for (let bits = 0; bits < 200; bits++) {
    const power = 1n << BigInt(bits)
    for (const [n, length] of [
      [power, bits + 1],
      [power - 1n, bits],
      [-power, bits + 1],
    ] as const) {
      assert.equal(bitLength(n), length)
      assert.equal(integerBits(normalizeInteger(n)), length)
    }
  }
})

test('a float is taken apart and put together again', () => {
  for (const n of [
    1,
    0.1,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    2 ** 53,
    1e22,
    3 * 2 ** -1074,
  ]) {
    const { mantissa, exponent } = decompose(n)
    assert.equal(mantissa & 1n, 1n)
    assert.equal(scaleToFloat(mantissa, exponent), n)
    assert.deepEqual(decompose(-n), { mantissa: -mantissa, exponent })
  }
  assert.deepEqual(decompose(0), { mantissa: 0n, exponent: 0 })
})

test('scaling rounds ties to even, also where floats have fewer bits', () => {
  const cases: [bigint, number, number][] = [
    [1n, -1074, 5e-324],
    [1n, -1075, 0],
    [3n, -1076, 5e-324],
    [3n, -1075, 1e-323],
    [1n, -1076, 0],
    [2n ** 53n + 1n, 0, 2 ** 53],
    [2n ** 53n + 3n, 0, 2 ** 53 + 4],
    [2n ** 60n + 2n ** 7n + 1n, 0, 2 ** 60 + 2 ** 8],
    [1n, 1023, 2 ** 1023],
    [1n, 1024, Number.POSITIVE_INFINITY],
    [2n ** 1024n - 2n ** 970n - 1n, 0, Number.MAX_VALUE],
    [2n ** 1024n - 2n ** 970n, 0, Number.POSITIVE_INFINITY],
    [0n, 5000, 0],
  ]
  for (const [mantissa, exponent, result] of cases) assert.equal(scaleToFloat(mantissa, exponent), result)
})

test('integer division rounds ties to even', () => {
  const cases: [bigint, bigint, bigint][] = [
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [8n, 3n, 3n],
    [7n, 3n, 2n],
    [-8n, 3n, -3n],
    [0n, 3n, 0n],
  ]
  for (const [a, b, result] of cases) assert.equal(divideRounded(a, b), result)
})

test('recordings notice what is not canonical', () => {
  assert.throws(() => encode(5n))
  assert.throws(() => encode(-0))
})
