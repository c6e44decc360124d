import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callMethod } from '../../../../src/expression/runtime/methods.ts'
import { containsText, count, find, findLast } from '../../../../src/expression/runtime/text/search.ts'
import { splitFromEnd } from '../../../../src/expression/runtime/text/split.ts'
import {
  join,
  lower,
  replace,
  split,
  strip,
  upper,
} from '../../../../src/expression/runtime/text/string-methods.ts'
import type { Value } from '../../../../src/expression/value.ts'
import { MAX_LENGTH, ValueIterator } from '../../../../src/expression/value.ts'
import type { Recorded } from '../../../cpython/number-values.ts'
import { decode, readRecording } from '../../../cpython/number-values.ts'
import { outcomeLike } from '../../../cpython/text-outcome.ts'
import { meter } from '../unlimited.ts'

type MethodCase = [
  receiver: string,
  method: string,
  args: Recorded[],
  names: [string, Recorded][],
  outcome: Recorded,
]

const recording = readRecording('string-methods')
const byMethod = new Map<string, MethodCase[]>()
for (const recorded of recording.methods! as MethodCase[]) {
  const cases = byMethod.get(recorded[1])
  if (cases === undefined) byMethod.set(recorded[1], [recorded])
  else cases.push(recorded)
}

for (const [method, cases] of byMethod) {
  test(`${method}() gives what CPython gives`, () => {
    for (const [receiver, , args, names, recorded] of cases) {
      const values = [...args, ...names.map(([, value]) => value)].map(decode)
      const keywords = [...args.map(() => undefined), ...names.map(([name]) => name)]
      const [actual, expected] = outcomeLike(recorded, () =>
        callMethod(meter, receiver, method, values, names.length === 0 ? undefined : keywords),
      )
      assert.deepEqual(
        actual,
        expected,
        `${JSON.stringify(receiver)}.${method}(${JSON.stringify([args, names])})`,
      )
    }
  })
}

test('case is mapped in words as CPython maps it', () => {
  const methods = [
    'lower',
    'upper',
    'title',
    'capitalize',
    'swapcase',
    'casefold',
    'islower',
    'isupper',
    'istitle',
  ]
  for (const [text, ...results] of recording.casing!) {
    for (const [index, method] of methods.entries()) {
      assert.equal(
        callMethod(meter, text, method, [], undefined),
        results[index],
        `${JSON.stringify(text)}.${method}()`,
      )
    }
  }
})

test('format() takes positions and names', () => {
  const names = [undefined, undefined, 'port']
  assert.equal(callMethod(meter, '{} {} {port:05}', 'format', ['a', 2, 80], names), 'a 2 00080')
  assert.equal(callMethod(meter, '{0}{0}', 'format', ['x'], undefined), 'xx')
})

test('methods that bytes or a mapping need are missing', () => {
  for (const method of ['encode', 'format_map', '__len__', 'constructor', 'toString']) {
    assert.throws(() => callMethod(meter, 'a', method, [], undefined), { code: 'TYPE_ERROR' })
  }
})

test('the plain functions do what the methods do', () => {
  assert.equal(lower('ÀB'), 'àb')
  assert.equal(upper('straße'), 'STRASSE')
  assert.equal(strip('\x1f a\u3000'), 'a')
  assert.equal(strip('--a-', '-'), 'a')
  assert.deepEqual(split(meter, 'a/b//c', '/'), ['a', 'b', '', 'c'])
  assert.deepEqual(split(meter, ' a  b '), ['a', 'b'])
  assert.equal(replace(meter, 'a.b.c', '.', '$&'), 'a$&b$&c')
  assert.equal(join(meter, ', ', ['a', 'b']), 'a, b')
  assert.equal(containsText(meter, 'a😀', '\ude00'), false)
  assert.equal(containsText(meter, 'a\ude00', '\ude00'), true)
})

test('a join goes through every kind of iterable, and an iterator is consumed', () => {
  const items = new ValueIterator('generator', ['a', 'b'].values())
  assert.equal(callMethod(meter, '-', 'join', [items], undefined), 'a-b')
  assert.equal(callMethod(meter, '-', 'join', [items], undefined), '')
  assert.equal(
    callMethod(meter, '', 'join', [JSON.parse('{"__proto__": 1, "b": 2}')], undefined),
    '__proto__b',
  )
})

test('a result too long to be sane is a value error', () => {
  const tooBig = (error: { code: string; message: string }) =>
    error.code === 'VALUE_ERROR' && error.message.startsWith('result too big')
  const long = 'x'.repeat(1 << 20)
  const calls: [Value, string, Value[]][] = [
    ['a', 'center', [MAX_LENGTH + 1]],
    ['a', 'ljust', [2n ** 62n]],
    ['a', 'rjust', [2 ** 40]],
    ['a', 'zfill', [MAX_LENGTH + 1]],
    ['\t\t', 'expandtabs', [MAX_LENGTH]],
    [long, 'replace', ['x', 'y'.repeat(100)]],
    [long, 'replace', ['', 'y'.repeat(100)]],
    [long, 'join', [Array(100).fill('a')]],
  ]
  for (const [receiver, method, args] of calls) {
    assert.throws(() => callMethod(meter, receiver, method, args, undefined), tooBig, method)
  }
  const doubling = callMethod(meter, '', 'maketrans', [{ x: 'y'.repeat(100) }], undefined)!
  assert.throws(() => callMethod(meter, long, 'translate', [doubling], undefined), tooBig)
})

// With a search that compares each place anew these take minutes.
test('searching takes time in proportion to the lengths', { timeout: 900_000 }, () => {
  const size = 400_000
  const periodic = 'a'.repeat(size)
  const half = 'a'.repeat(size / 2)
  const middle = `${'a'.repeat(size / 4)}b${'a'.repeat(size / 4)}`
  for (const part of [`b${half}`, `${half}b`, middle]) {
    assert.equal(find(meter, periodic, part), -1)
    assert.equal(findLast(meter, periodic, part), -1)
    assert.equal(count(meter, periodic, part), 0)
    assert.equal(containsText(meter, periodic, part), false)
    assert.equal(replace(meter, periodic, part, ''), periodic)
    assert.equal(split(meter, periodic, part).length, 1)
    assert.equal(splitFromEnd(meter, periodic, part, 5).length, 1)
  }
  assert.equal(find(meter, `${periodic}${middle}`, middle), size)
  assert.equal(find(meter, `${middle}c${periodic}`, middle, 0, size), 0)
  assert.equal(findLast(meter, `${middle}${periodic}`, middle), 0)
  assert.equal(findLast(meter, `c${half}${periodic}`, `c${half}`), 0)
  const pairs = '😀'.repeat(size / 2)
  assert.equal(count(meter, pairs, `\ude00${'😀'.repeat(size / 8)}`), 0)
  assert.equal(findLast(meter, pairs, '\ud83d'), -1)
})

test('methods take time in proportion to the length', { timeout: 900_000 }, () => {
  // Squared, it would take minutes.
  const size = 1 << 18
  const hostile = [
    "'Σ".repeat(size / 2),
    ' '.repeat(size),
    'a\u0301'.repeat(size / 2),
    '{'.repeat(size),
    '😀\t'.repeat(size / 4),
  ]
  const methods = [
    'lower',
    'upper',
    'title',
    'capitalize',
    'swapcase',
    'casefold',
    'isalnum',
    'isprintable',
    'istitle',
    'strip',
    'rstrip',
    'split',
    'splitlines',
    'expandtabs',
  ]
  for (const text of hostile) {
    for (const method of methods) assert.notEqual(callMethod(meter, text, method, [], undefined), undefined)
    assert.equal(strip(text, `${text.slice(0, 1000)}${'xyz'.repeat(100_000)}`), '')
  }
})
