import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../../src/expression/failure.ts'
import { BUILTINS } from '../../../src/expression/runtime/builtins.ts'
import {
  DICT_METHODS,
  LIST_METHODS,
  SET_METHODS,
  TUPLE_METHODS,
  VIEW_METHODS,
} from '../../../src/expression/runtime/containers/container-methods.ts'
import { getItem, getSlice, length } from '../../../src/expression/runtime/containers/containers.ts'
import { makeDict, makeSet } from '../../../src/expression/runtime/containers/keys.ts'
import { Meter } from '../../../src/expression/runtime/meter.ts'
import type { CallableTable } from '../../../src/expression/runtime/method.ts'
import { finishValue } from '../../../src/expression/runtime/output.ts'
import { STRING_METHODS } from '../../../src/expression/runtime/text/string-methods.ts'
import type { JsonObject, Value } from '../../../src/expression/value.ts'
import { DictView, Range, Tuple } from '../../../src/expression/value.ts'

/** Elements of the values that are looked at below. */
const SIZE = 50_000

const TEXT = `${'ab '.repeat(SIZE / 3)}z`
const LIST: Value[] = Array.from({ length: SIZE }, (_, index) => index + 0.5)
const PAIRS: [Value, Value][] = LIST.map((item) => [item, 1])

/** So much is what a call costs whatever it is given. */
const CONSTANT = 5000

/** True if a call is ended by a meter that has so little left, or at the latest the use of what it gives. */
function isCounted(table: CallableTable, name: string, args: readonly unknown[], isUsed = true): boolean {
  try {
    const result = table[name]!.call(new Meter(CONSTANT, CONSTANT), ...args)
    // An iterator has done nothing yet.
    if (isUsed) finishValue(new Meter(CONSTANT, CONSTANT), result)
    return false
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return /^more work than one event|^result too big: more than 5000 /.test(error.message)
  }
}

/** Arguments of the methods that need some, and methods whose cost does not depend on the size. */
const CALLS: readonly [
  table: CallableTable,
  receiver: () => unknown,
  args: Record<string, unknown[]>,
  constant: string[],
][] = [
  [
    STRING_METHODS,
    () => TEXT,
    {
      center: [SIZE * 2],
      count: ['q'],
      expandtabs: ['\t'],
      find: ['q'],
      index: ['z'],
      join: [LIST.map(String)],
      ljust: [SIZE * 2],
      maketrans: [TEXT, TEXT, TEXT],
      partition: ['z'],
      removeprefix: [TEXT],
      removesuffix: [TEXT],
      replace: ['a', 'bb', undefined],
      rfind: ['q'],
      rindex: ['q'],
      rjust: [SIZE * 2],
      rpartition: ['q'],
      rsplit: [' ', 3],
      split: ['b'],
      startswith: [TEXT],
      endswith: [TEXT],
      strip: ['abz '],
      lstrip: ['abz '],
      rstrip: ['abz '],
      translate: [{ 97: 'x' }],
      zfill: [SIZE * 2],
      format: [makeDict([])],
    },
    [],
  ],
  [
    LIST_METHODS,
    () => LIST.slice(),
    {
      append: [1],
      count: [1],
      extend: [LIST],
      index: ['q'],
      insert: [0, 1],
      pop: [0],
      remove: [SIZE - 0.5],
    },
    ['append', 'clear'],
  ],
  [TUPLE_METHODS, () => new Tuple(LIST), { count: [1], index: ['q'] }, []],
  [
    DICT_METHODS,
    () => makeDict(PAIRS),
    { get: [1], pop: [1], setdefault: [1], update: [makeDict(PAIRS)] },
    ['clear', 'get', 'items', 'keys', 'values', 'pop', 'setdefault'],
  ],
  [
    SET_METHODS,
    () => makeSet(LIST),
    Object.fromEntries(Object.keys(SET_METHODS).map((name) => [name, [makeSet(LIST)]])),
    ['add', 'clear', 'discard', 'isdisjoint', 'pop', 'remove'],
  ],
  [VIEW_METHODS, () => new DictView('keys', makeDict(PAIRS)), { isdisjoint: [LIST.map(String)] }, []],
  [
    BUILTINS,
    () => LIST,
    {
      bin: [],
      pow: [3, 10n ** 300n],
      divmod: [3],
      enumerate: [0],
      max: [undefined],
      min: [undefined],
      zip: [LIST, LIST],
      sum: [0],
    },
    ['bool', 'chr', 'float', 'int', 'isinstance', 'len', 'ord', 'range', 'round', 'abs'],
  ],
]

/** Built-ins whose first argument is something else than the list. */
const FIRST: Readonly<Record<string, unknown[]>> = {
  bin: [2n ** 60000n],
  oct: [2n ** 100000n],
  hex: [2n ** 100000n],
  divmod: [2n ** 60000n, 3],
  pow: [3, 10n ** 300n, 10n ** 300n],
  max: [undefined, undefined, LIST],
  min: [undefined, undefined, LIST],
  zip: [false, LIST, LIST],
  dict: [PAIRS.map((pair) => new Tuple(pair)), undefined],
  all: [LIST.map(() => true)],
  any: [LIST.map(() => false)],
}

test('every method and built-in function counts what it touches', () => {
  let counted = 0
  for (const [table, receiver, args, constant] of CALLS) {
    for (const name of Object.keys(table)) {
      if (constant.includes(name)) continue
      if (name === 'expandtabs') {
        assert.ok(isCounted(table, name, [`\t${TEXT}`, 8]))
        continue
      }
      const given =
        table === BUILTINS && Object.hasOwn(FIRST, name)
          ? FIRST[name]!
          : [receiver(), ...(Object.hasOwn(args, name) ? args[name]! : [])]
      // All of an alphabetic text has to be looked at to tell what it is.
      const seen = /^is/.test(name) && table === STRING_METHODS ? ['a'.repeat(SIZE)] : given
      assert.ok(isCounted(table, name, seen), name)
      counted++
    }
  }
  assert.ok(counted > 70, `${counted} were looked at`)
})

test('what costs the same for any size is not counted by the size', () => {
  for (const [table, receiver, args, constant] of CALLS) {
    if (table === BUILTINS || table === SET_METHODS) continue
    for (const name of constant) {
      assert.ok(!isCounted(table, name, [receiver(), ...(args[name] ?? [])], false), name)
    }
  }
  const meter = new Meter(CONSTANT, CONSTANT)
  const text = 'x'.repeat(1_000_000)
  assert.equal(text.length, STRING_METHODS.strip!.call(meter, text) === text ? 1_000_000 : 0)
  assert.equal(STRING_METHODS.startswith!.call(meter, text, 'xx'), true)
  assert.equal(STRING_METHODS.find!.call(meter, text, 'x'), 0)
  assert.equal(getItem(meter, LIST, 40_000), 40_000.5)
})

test('an index into a long text takes the same time wherever it points', () => {
  for (const character of ['ж', '😀', 'a😀']) {
    const text = character.repeat(100_000)
    const elements = Array.from(text)
    // Some questions are answered by looking through the text, then an index is made: five times the text at most.
    const meter = new Meter(60 * text.length + 2000 * 1000, 1 << 26)
    assert.equal(length(meter, text), elements.length)
    for (let index = 0; index < elements.length; index += 997) {
      assert.equal(getItem(meter, text, index), elements[index])
      assert.equal(getItem(meter, text, -1 - index), elements.at(-1 - index))
      assert.equal(getSlice(meter, text, index, index + 3, null), elements.slice(index, index + 3).join(''))
    }
    assert.equal(getItem(meter, text, elements.length), undefined)
    assert.equal(getItem(meter, text, -elements.length - 1), undefined)
  }
})

const unit = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'ж', '😀', '𝒳') },
  { weight: 1, arbitrary: fc.constantFrom('\ud83d', '\ude00') },
)

test('with and without an index the elements of a text are those of CPython', () => {
  const long = fc.array(unit, { minLength: 100, maxLength: 900 }).map((units) => units.join(''))
  fc.assert(
    fc.property(
      long,
      fc.array(fc.tuple(fc.integer({ min: -950, max: 950 }), fc.nat(950))),
      (text, places) => {
        const elements = Array.from(text)
        const meter = new Meter()
        for (let question = 0; question < 12; question++) length(meter, text)
        for (const [index, stop] of places) {
          for (const one of [meter, new Meter()]) {
            assert.equal(getItem(one, text, index), elements.at(index))
            const slice = elements.slice(index, stop).join('')
            assert.equal(getSlice(one, text, index, stop, null), slice)
            assert.equal(STRING_METHODS.count!.call(one, text, 'a', index, stop), slice.split('a').length - 1)
            assert.equal(length(one, text), elements.length)
          }
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('the next event begins with all that an event may cost', () => {
  const meter = new Meter(100, 100)
  assert.throws(() => meter.touch(101), { code: 'VALUE_ERROR' })
  assert.throws(() => meter.build(101), { code: 'VALUE_ERROR' })
  meter.begin()
  meter.touch(100)
  meter.build(100)
  meter.write(100)
  assert.throws(() => meter.write(1), { code: 'VALUE_ERROR', message: /more than 100 characters of output/ })
})

test('a list that is in an output many times is as long as its text', () => {
  let nested: Value = ['x'.repeat(100)]
  for (let level = 0; level < 60; level++) nested = [nested, nested]
  assert.throws(() => finishValue(new Meter(), nested), { message: /characters of output/ })
  const object: JsonObject = { a: nested }
  assert.throws(() => finishValue(new Meter(), object), { message: /characters of output/ })
  assert.equal(finishValue(new Meter(), new Range(0, 10, 1)), false)
  assert.equal(finishValue(new Meter(), { a: [1, 'x', null, true] }), true)
})
