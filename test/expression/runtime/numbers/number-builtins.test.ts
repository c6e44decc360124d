import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../../../src/expression/failure.ts'
import { NUMBER_BUILTINS } from '../../../../src/expression/runtime/numbers/number-builtins.ts'
import { roundFloat } from '../../../../src/expression/runtime/numbers/rounding.ts'
import type { Maybe, Value } from '../../../../src/expression/value.ts'
import { MAX_LENGTH, Range, Tuple, ValueIterator } from '../../../../src/expression/value.ts'
import type { Recorded } from '../../../cpython/number-values.ts'
import { decode, encode, expected, outcome, readRecording } from '../../../cpython/number-values.ts'
import { meter } from '../unlimited.ts'

const recording = readRecording('number-builtins')

/** The built-in with arguments by position; what it takes by name only comes from `names`. */
function call(name: string, args: readonly Value[], names: Record<string, unknown> = {}): Maybe {
  const { signature, call } = NUMBER_BUILTINS[name]!
  const slots = signature.parameters.map((parameter, index) => names[parameter.name] ?? args[index])
  return signature.variadic === undefined
    ? call(meter, ...slots)
    : call(meter, ...signature.parameters.map(({ name }) => names[name]), ...args)
}

const KEYS: Record<string, (value: Value) => Value> = {
  abs: (value) => Math.abs(value as number),
  len: (value) => (value as string | Value[]).length,
  str: String,
}

test('calls give what CPython gives', () => {
  for (const [name, args, result] of recording.calls!) {
    const actual = outcome(() => call(name, args.map(decode)))
    assert.deepEqual(actual, expected(result), `${name}(${JSON.stringify(args)})`)
  }
})

test('min and max take a key and a default', () => {
  for (const [name, args, key, otherwise, result] of recording.keyed!) {
    const names = { key: key === null ? undefined : KEYS[key], default: defaultOf(otherwise) }
    const actual = outcome(() => callExtreme(name, args.map(decode), names))
    assert.deepEqual(actual, expected(result), `${name}(${JSON.stringify(args)}, key=${key})`)
  }
})

/** A recorded null is no default, `none` is the default None. */
function defaultOf(recorded: Recorded): Maybe {
  if (recorded === null) return undefined
  return recorded.$ === 'none' ? null : decode(recorded)
}

function callExtreme(name: string, args: Value[], names: { key: unknown; default: Maybe }): Maybe {
  return NUMBER_BUILTINS[name]!.call(meter, names.key, names.default, ...args)
}

test('min and max take key=None for no key', () => {
  assert.equal(callExtreme('max', [[1, 3, 2]], { key: null, default: undefined }), 3)
})

test('round to digits is correctly rounded', () => {
  for (const [number, digits, result] of recording.rounded!) {
    const actual = outcome(() => call('round', [decode(number), digits]))
    assert.deepEqual(actual, expected(result), `round(${JSON.stringify(number)}, ${digits})`)
  }
})

test('round never computes a power that cannot matter', { timeout: 5000 }, () => {
  assert.equal(call('round', [12345, -(10 ** 10)]), 0)
  assert.equal(call('round', [12345, -(2n ** 70n)]), 0)
  assert.equal(call('round', [2n ** 70n, -1_000_000]), 0)
  assert.equal(roundFloat(2.5, -(2n ** 70n)), 0)
  assert.equal(roundFloat(2.5, 2n ** 70n), 2.5)
})

test('sum gathers lists and tuples in one pass', { timeout: 5000 }, () => {
  const lists = Array.from({ length: 200_000 }, (_, index) => [index])
  const start: Value[] = ['x']
  const all = call('sum', [lists], { start }) as Value[]
  assert.equal(all.length, 200_001)
  assert.deepEqual(start, ['x'])
  const tuples = lists.map((items) => new Tuple(items))
  assert.equal((call('sum', [tuples], { start: new Tuple([]) }) as Tuple).items.length, 200_000)
})

test('sum of lists stops at the longest list that may be', () => {
  // Sparse: it takes no memory.
  const long = new Array(MAX_LENGTH)
  assert.throws(
    () => call('sum', [[[1], long]], { start: [] }),
    (error: Failure) => error.code === 'VALUE_ERROR' && error.message.startsWith('result too big'),
  )
})

test('sum, min and max consume iterators', () => {
  const numbers = () => new ValueIterator('generator', [3, 1, 2][Symbol.iterator]())
  assert.equal(call('sum', [numbers()]), 6)
  assert.equal(call('min', [numbers()]), 1)
  assert.equal(call('max', [numbers()]), 3)
  assert.equal(call('max', [new Range(0, 10, 3)]), 9)
})

test('pow with a modulus is refused for numbers that would take for ever', { timeout: 900_000 }, () => {
  const huge = (1n << 100_000n) + 1n
  assert.throws(
    () => call('pow', [3, huge, huge]),
    (error: Failure) => error.code === 'VALUE_ERROR' && error.message.startsWith('result too big'),
  )
  const modulus = (1n << 1024n) - 105n
  assert.equal(encode(call('pow', [2, modulus - 1n, modulus])), 1)
})
