import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../../src/expression/failure.ts'
import { hashKey, makeSet } from '../../../src/expression/runtime/containers/keys.ts'
import * as operators from '../../../src/expression/runtime/operators.ts'
import type { Value, ValueSet } from '../../../src/expression/value.ts'
import { Dict, DictView, MAX_LENGTH, Tuple, ValueIterator } from '../../../src/expression/value.ts'
import type { Recorded } from '../../cpython/number-values.ts'
import { decode, encode, expected, outcome, readRecording } from '../../cpython/number-values.ts'
import { counted, meter } from './unlimited.ts'

const {
  add,
  compare,
  contains,
  divide,
  equals,
  floorDivide,
  identical,
  leftShift,
  less,
  modulo,
  multiply,
  negate,
  power,
  rightShift,
  truth,
} = operators

const recording = readRecording('operators')

type Binary = (a: Value, b: Value) => Value

const BINARY: Record<string, Binary> = {
  '+': counted(add),
  '-': counted(operators.subtract),
  '*': counted(multiply),
  '/': counted(divide),
  '//': counted(floorDivide),
  '%': counted(modulo),
  '**': counted(power),
  '<<': counted(leftShift),
  '>>': counted(rightShift),
  '&': counted(operators.bitAnd),
  '^': counted(operators.bitXor),
  '|': counted(operators.bitOr),
  '==': counted(equals),
  '<': counted(less),
  '<=': counted(operators.lessOrEqual),
  '>': counted(operators.greater),
  '>=': counted(operators.greaterOrEqual),
  in: (a, b) => contains(meter, b, a),
}

const UNARY: Record<string, (a: Value) => Value> = {
  '-': counted(negate),
  '+': operators.positive,
  '~': counted(operators.invert),
}

const IN_PLACE: Record<string, Binary> = {
  '+=': counted(operators.addInPlace),
  '-=': counted(operators.subtractInPlace),
  '*=': counted(operators.multiplyInPlace),
  '&=': counted(operators.bitAndInPlace),
  '^=': counted(operators.bitXorInPlace),
  '|=': counted(operators.bitOrInPlace),
}

const results: Recorded[] = recording.results!.map(expected)

function isTooBig(error: Failure): boolean {
  return error.code === 'VALUE_ERROR' && error.message.startsWith('result too big')
}

for (const [symbol, rows] of recording.table!) {
  test(`a ${symbol} b is what CPython says for every pair of values`, () => {
    const values = recording.values!
    let tried = 0
    for (const [row, [leftSource, left]] of values.entries()) {
      for (const [column, [rightSource, right]] of values.entries()) {
        const index = rows[row][column]
        if (index === -1) continue
        tried++
        const actual = outcome(() => BINARY[symbol]!(decode(left), decode(right)))
        assert.deepEqual(actual, results[index], `${leftSource} ${symbol} ${rightSource}`)
      }
    }
    assert.ok(tried > 5000)
  })
}

test('unary operators are what CPython says for every value', () => {
  for (const [symbol, row] of recording.unary!) {
    for (const [index, [source, value]] of recording.values!.entries()) {
      const actual = outcome(() => UNARY[symbol]!(decode(value)))
      assert.deepEqual(actual, results[row[index]], `${symbol} ${source}`)
    }
  }
})

test('truth is what CPython says for every value', () => {
  for (const [index, [source, value]] of recording.values!.entries()) {
    assert.equal(truth(meter, decode(value)), recording.truth![index], source)
  }
  assert.equal(truth(meter, new ValueIterator('zip', [][Symbol.iterator]())), true)
  assert.equal(truth(meter, new Dict()), false)
  assert.equal(truth(meter, new DictView('keys', {})), false)
  assert.equal(truth(meter, JSON.parse('{"__proto__": 1}')), true)
})

test('operators leave their operands as they are', () => {
  for (const [symbol] of recording.table!) {
    for (const [source, value] of recording.values!) {
      const left = decode(value)
      const right = decode(value)
      if ((symbol === '**' || symbol === '<<') && typeof left === 'number') continue
      if (symbol === '%' && typeof left === 'string') continue
      try {
        BINARY[symbol]!(left, right)
      } catch {
        // An error changes nothing either.
      }
      assert.deepEqual(encode(left), value, `${symbol} ${source}`)
      assert.deepEqual(encode(right), value, `${symbol} ${source}`)
    }
  }
})

test('powers are correctly rounded', () => {
  for (const [base, exponent, result] of recording.powers!) {
    const actual = outcome(() => power(meter, decode(base), decode(exponent)))
    if (isWholePower(base, exponent)) continue
    assert.deepEqual(actual, expected(result), `${base} ** ${exponent}`)
  }
  assert.equal(power(meter, 10, -5), 1e-5)
  assert.equal(power(meter, 10, -5), 0.00001)
})

/** Here the exact int comes out, where CPython's float would be rounded. */
function isWholePower(base: Recorded, exponent: Recorded): boolean {
  return Number.isSafeInteger(base) && Number.isSafeInteger(exponent) && exponent >= 0
}

test('quotients, floors and remainders are exact to the last digit', () => {
  for (const [name, operator] of [
    ['quotients', divide],
    ['floors', floorDivide],
    ['remainders', modulo],
  ] as const) {
    for (const [a, b, result] of recording[name]!) {
      const actual = outcome(() => operator(meter, decode(a), decode(b)))
      assert.deepEqual(actual, expected(result), `${name}: ${JSON.stringify(a)} ${JSON.stringify(b)}`)
    }
  }
})

test('integers are exact where they outgrow numbers', () => {
  for (const [symbol, a, b, result] of recording.sums!) {
    const actual = outcome(() => BINARY[symbol]!(decode(a), decode(b)))
    assert.deepEqual(actual, expected(result), `${JSON.stringify(a)} ${symbol} ${JSON.stringify(b)}`)
  }
})

test('augmented assignment changes lists, sets and dicts themselves', () => {
  for (const [symbol, left, right, result, after] of recording.inplace!) {
    const value = decode(left)
    const actual = outcome(() => IN_PLACE[symbol]!(value, decode(right)))
    const text = `${JSON.stringify(left)} ${symbol} ${JSON.stringify(right)}`
    assert.deepEqual(actual, expected(result), text)
    assert.deepEqual(encode(value), after, text)
  }
})

test('an in-place operator on the value itself ends', () => {
  const list: Value[] = [1, 2]
  assert.equal(operators.addInPlace(meter, list, list), list)
  assert.deepEqual(list, [1, 2, 1, 2])
  const set = makeSet([1, 2])
  assert.deepEqual(encode(operators.bitOrInPlace(meter, set, set)), { $: 'set', v: [1, 2] })
  assert.deepEqual(encode(operators.bitAndInPlace(meter, set, set)), { $: 'set', v: [1, 2] })
  assert.deepEqual(encode(operators.bitXorInPlace(meter, set, set)), { $: 'set', v: [] })
})

test('set operators keep the order of the left operand, then what is new', () => {
  const items = (value: Value) => [...(value as ValueSet).entries.values()]
  const left = makeSet([3, 1, 2])
  const right = makeSet([5, 2, 3, 4])
  assert.deepEqual(items(operators.bitOr(meter, left, right)), [3, 1, 2, 5, 4])
  assert.deepEqual(items(operators.bitAnd(meter, left, right)), [3, 2])
  assert.deepEqual(items(operators.subtract(meter, left, right)), [1])
  assert.deepEqual(items(operators.bitXor(meter, left, right)), [1, 5, 4])
  const keys = new DictView('keys', { b: 1, a: 2 })
  assert.deepEqual(items(operators.bitOr(meter, keys, ['c', 'a'])), ['b', 'a', 'c'])
  assert.deepEqual(items(operators.bitAnd(meter, ['x', 'a', 'b', 'a'], keys)), ['a', 'b'])
})

test('results too big to be sane are refused before they are computed', { timeout: 900_000 }, () => {
  const huge = 1n << 1_000_000n
  const cases: (() => Value)[] = [
    () => power(meter, 2, 10 ** 9),
    () => power(meter, 10 ** 9, 10n ** 18n),
    () => power(meter, -3, 2n ** 70n),
    () => power(meter, huge, 2),
    () => power(meter, 2, 2 ** 20),
    () => leftShift(meter, 1, 10 ** 9),
    () => leftShift(meter, -1, 10n ** 30n),
    () => leftShift(meter, huge, 2 ** 20),
    () => multiply(meter, huge, huge),
    () => multiply(meter, 'x', 10 ** 9),
    () => multiply(meter, 2n ** 70n, 'x'),
    () => multiply(meter, [1, 2], 2 ** 26),
    () => multiply(meter, new Tuple([1]), 2n ** 60n),
    () => operators.multiplyInPlace(meter, [1, 2], 10 ** 9),
    () => add(meter, 'x'.repeat(MAX_LENGTH), 'y'),
    () => operators.addInPlace(meter, new Array(MAX_LENGTH), [1]),
  ]
  for (const action of cases) assert.throws(action, isTooBig, String(action))
  assert.equal(power(meter, 2, 2 ** 20 - 1), 1n << (2n ** 20n - 1n))
  assert.equal(power(meter, 1, 10n ** 30n), 1)
  assert.equal(power(meter, -1, 10n ** 30n + 1n), -1)
  assert.equal(power(meter, 0, 10n ** 30n), 0)
  assert.equal(leftShift(meter, 0, 10n ** 30n), 0)
  assert.equal(rightShift(meter, 5, 10n ** 30n), 0)
  assert.equal(rightShift(meter, -huge, 10n ** 30n), -1)
  assert.equal(multiply(meter, '', 10n ** 30n), '')
  assert.deepEqual(multiply(meter, [1], -(10n ** 30n)), [])
  assert.equal((multiply(meter, 'ab', 2 ** 25) as string).length, MAX_LENGTH)
})

test('what equals has the same hash key, and only that', () => {
  const values: Value[] = [
    0,
    false,
    1,
    true,
    1e16,
    10n ** 16n,
    10n ** 16n + 1n,
    2 ** 53,
    2n ** 53n + 1n,
    2 ** 70,
    2n ** 70n,
    1e300,
    BigInt(1e300),
    0.5,
    '',
    '1',
    'a',
    null,
    new Tuple([]),
    new Tuple([1]),
    new Tuple([true]),
    new Tuple(['1']),
    new Tuple([new Tuple([1])]),
    new Tuple([10n ** 16n]),
    new Tuple([1e16]),
  ]
  for (const a of values) {
    for (const b of values) {
      assert.equal(equals(meter, a, b), hashKey(a) === hashKey(b), `${encode(a)} ${encode(b)}`)
    }
  }
})

test('dicts are equal by content, whatever their kind and order', () => {
  const dict = new Dict()
  operators.bitOrInPlace(meter, dict, { b: [1], a: 2 })
  assert.equal(equals(meter, dict, { a: 2, b: [1] }), true)
  assert.equal(equals(meter, { a: 2, b: [1] }, dict), true)
  assert.equal(equals(meter, { a: 2, b: [1] }, { b: [1], a: 2 }), true)
  assert.equal(equals(meter, dict, { a: 2, b: [2] }), false)
  assert.equal(equals(meter, dict, { a: 2, c: [1] }), false)
  assert.equal(equals(meter, { a: null }, { b: null }), false)
  assert.equal(equals(meter, JSON.parse('{"__proto__": 1}'), JSON.parse('{"constructor": 1}')), false)
  assert.equal(equals(meter, JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')), true)
  assert.equal(equals(meter, { toString: 1 }, { valueOf: 1 }), false)
})

test('inherited names are no keys', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.equal(contains(meter, {}, name), false)
    assert.equal(contains(meter, new DictView('keys', {}), name), false)
    assert.equal(contains(meter, JSON.parse(`{"${name}": 1}`), name), true)
  }
  const merged = operators.bitOr(meter, {}, JSON.parse('{"__proto__": {"polluted": 1}}'))
  assert.equal(contains(meter, merged, '__proto__'), true)
  assert.equal('polluted' in {}, false)
})

test('NaN is itself inside containers and for `is`, and equals nothing', () => {
  const nan = Number.NaN
  assert.equal(equals(meter, nan, nan), false)
  assert.equal(identical(nan, nan), true)
  assert.equal(equals(meter, [nan], [nan]), true)
  assert.equal(contains(meter, [nan], nan), true)
  assert.equal(less(meter, nan, nan), false)
  assert.equal(compare(meter, nan, 1), 0)
})

test('`is` tells types apart and goes by value for what cannot change', () => {
  const list: Value[] = []
  assert.equal(identical(null, null), true)
  assert.equal(identical(true, 1), false)
  assert.equal(identical(false, 0), false)
  assert.equal(identical(5, 5), true)
  assert.equal(identical(2n ** 70n, 2n ** 70n), true)
  assert.equal(identical(1e16, 10n ** 16n), false)
  assert.equal(identical('ab', 'ab'), true)
  assert.equal(identical(list, list), true)
  assert.equal(identical([], []), false)
  assert.equal(identical({}, {}), false)
  assert.equal(identical(new Tuple([]), new Tuple([])), true)
  assert.equal(identical(new Tuple([1]), new Tuple([1])), false)
})

test('strings are ordered by code point', () => {
  const ordered = [
    '',
    'A',
    'a',
    'a\u{1f600}',
    'a\u{1f600}b',
    'a\u{1f601}',
    'b',
    '\ud7ff',
    '\ud83d',
    '\ud83d\ud83d',
    '\ud83d\uffff',
    '\ude00',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{1f600}',
    '\u{1f601}',
    '\u{10ffff}',
  ]
  for (const [row, a] of ordered.entries()) {
    for (const [column, b] of ordered.entries()) {
      assert.equal(Math.sign(compare(meter, a, b)), Math.sign(row - column), `${encode(a)} ${encode(b)}`)
    }
  }
})

test('sorting goes by `<` and refuses what has no order', () => {
  assert.equal(compare(meter, 1, 2n ** 60n), -1)
  assert.equal(compare(meter, [1, 2], [1]), 1)
  assert.equal(compare(meter, true, 1), 0)
  assert.throws(
    () => compare(meter, 'a', 1),
    (error: Failure) =>
      error.message === "'<' not supported between instances of 'str' and 'int'" &&
      error.code === 'TYPE_ERROR',
  )
})

test('`in` consumes an iterator up to the element and leaves the rest', () => {
  const iterator = new ValueIterator('generator', [1, 2, 3][Symbol.iterator]())
  assert.equal(contains(meter, iterator, 2), true)
  assert.equal(iterator.source.next().value, 3)
  assert.equal(contains(meter, iterator, 1), false)
})

test('half of a surrogate pair is not in the text', () => {
  assert.equal(contains(meter, '\u{1f600}', '\ud83d'), false)
  assert.equal(contains(meter, '\u{1f600}', '\ude00'), false)
  assert.equal(contains(meter, '\u{1f600}\ud83d', '\ud83d'), true)
})

test('long texts and deep lists take no quadratic time', { timeout: 900_000 }, () => {
  const half = 'a'.repeat(250_000)
  assert.equal(contains(meter, 'a'.repeat(1_000_000), `${half}b${half}`), false)
  const deep = (value: Value, depth = 1000) => {
    let nested = value
    for (let level = 0; level < depth; level++) nested = [nested]
    return nested
  }
  assert.equal(equals(meter, deep(1), deep(1)), true)
  assert.equal(less(meter, deep(1), deep(2)), true)
  assert.equal(less(meter, deep(2), deep(1)), false)
  assert.throws(() => equals(meter, deep(1, 1e6), deep(1, 1e6)), RangeError)
  assert.throws(() => less(meter, deep(1, 1e6), deep(1, 1e6)), RangeError)
})

test('zero is never negative', () => {
  const zeros: Value[] = [
    negate(meter, 0),
    multiply(meter, 0, -5),
    multiply(meter, -0.5, 0),
    divide(meter, 0, -5),
    modulo(meter, -4, 2),
    floorDivide(meter, 0, -3),
    modulo(meter, 0, -2.5),
    add(meter, -0, 0),
    power(meter, -0.5, 1e9 + 1),
    rightShift(meter, -0, 1),
  ]
  for (const zero of zeros) assert.equal(Object.is(zero, 0), true)
})
