import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DICT_METHODS,
  LIST_METHODS,
  SET_METHODS,
  TUPLE_METHODS,
  VIEW_METHODS,
} from '../../../src/expression/runtime/containers/container-methods.ts'
import { makeSet } from '../../../src/expression/runtime/containers/keys.ts'
import type { CallableTable } from '../../../src/expression/runtime/method.ts'
import { callMethod, METHOD_NAMES, MUTATING_METHODS } from '../../../src/expression/runtime/methods.ts'
import { FLOAT_METHODS, INT_METHODS } from '../../../src/expression/runtime/numbers/number-methods.ts'
import { STRING_METHODS } from '../../../src/expression/runtime/text/string-methods.ts'
import type { Value } from '../../../src/expression/value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator } from '../../../src/expression/value.ts'
import { meter } from './unlimited.ts'

const typeError = (message: RegExp) => ({ code: 'TYPE_ERROR', message })

const TABLES: CallableTable[] = [
  STRING_METHODS,
  LIST_METHODS,
  TUPLE_METHODS,
  DICT_METHODS,
  SET_METHODS,
  VIEW_METHODS,
  INT_METHODS,
  FLOAT_METHODS,
]

test('the method is that of the receiver', () => {
  const cases: [Value, string, Value[], unknown][] = [
    ['Hello', 'lower', [], 'hello'],
    ['a,b', 'split', [','], ['a', 'b']],
    ['aaa', 'count', ['a'], 3],
    [[1, 1], 'count', [1], 2],
    [new Tuple([1, 1]), 'count', [1], 2],
    [{ a: 1 }, 'get', ['a'], 1],
    [new Dict(), 'get', ['a'], null],
    [makeSet([1]), 'issubset', [[1, 2]], true],
    [new DictView('keys', { a: 1 }), 'isdisjoint', ['a'], false],
    [5, 'bit_length', [], 3],
    [true, 'bit_length', [], 1],
    [2n ** 70n, 'bit_length', [], 71],
    [2.5, 'is_integer', [], false],
    [2, 'is_integer', [], true],
    [1e300, 'is_integer', [], true],
  ]
  for (const [receiver, name, args, expected] of cases) {
    assert.deepEqual(callMethod(meter, receiver, name, args, undefined), expected, name)
  }
})

test('a member of an object is no method, and does not hide one', () => {
  const object = { items: 1, lower: 2, constructor: 3 }
  assert.deepEqual(callMethod(meter, object, 'items', [], undefined), new DictView('items', object))
  assert.throws(() => callMethod(meter, object, 'lower', [], undefined), typeError(/no attribute 'lower'/))
  assert.deepEqual(callMethod(meter, Object.create(null) as Value, 'copy', [], undefined), {})
})

test('a method that the type has not is a type error in the words of CPython', () => {
  const cases: [Value, string][] = [
    [null, 'NoneType'],
    [5, 'int'],
    [true, 'bool'],
    [2n ** 70n, 'int'],
    [1.5, 'float'],
    ['text', 'str'],
    [[], 'list'],
    [new Tuple([]), 'tuple'],
    [{}, 'dict'],
    [new Dict(), 'dict'],
    [makeSet([]), 'set'],
    [new Range(0, 1, 1), 'range'],
    [new DictView('values', {}), 'dict_values'],
    [new ValueIterator('zip', [].values()), 'zip'],
  ]
  for (const [receiver, type] of cases) {
    for (const name of [
      'nothing',
      'constructor',
      '__proto__',
      'hasOwnProperty',
      'valueOf',
      'size',
      'toString',
    ]) {
      assert.throws(
        () => callMethod(meter, receiver, name, [], undefined),
        typeError(new RegExp(`^'${type}' object has no attribute '${name}'$`)),
      )
    }
  }
  assert.throws(
    () => callMethod(meter, new DictView('values', {}), 'isdisjoint', [[]], undefined),
    typeError(/isdisjoint/),
  )
  assert.throws(() => callMethod(meter, 1.5, 'bit_length', [], undefined), typeError(/^'float' object/))
})

test('arguments go to parameters by position and by name', () => {
  const split = (args: Value[], names?: (string | undefined)[]) =>
    callMethod(meter, 'a b c', 'split', args, names)
  assert.deepEqual(split([]), ['a', 'b', 'c'])
  assert.deepEqual(split([' ', 1]), ['a', 'b c'])
  assert.deepEqual(split([' ', 1], [undefined, 'maxsplit']), ['a', 'b c'])
  assert.deepEqual(split([1], ['maxsplit']), ['a', 'b c'])
  assert.deepEqual(split([1, ' '], ['maxsplit', 'sep']), ['a', 'b c'])
  const list: Value[] = [2, 3, 1]
  callMethod(meter, list, 'sort', [true], ['reverse'])
  assert.deepEqual(list, [3, 2, 1])
})

test('any number of arguments and any names go where a method takes them', () => {
  assert.deepEqual(
    callMethod(meter, makeSet([1]), 'union', [[2], [3], 'a'], undefined),
    makeSet([1, 2, 3, 'a']),
  )
  assert.equal(callMethod(meter, '{}-{x}-{}', 'format', [1, 2, 3], [undefined, undefined, 'x']), '1-3-2')
  assert.equal(callMethod(meter, '{}-{}', 'format', [1, 2], undefined), '1-2')
  const object = { a: 1 }
  callMethod(meter, object, 'update', [2, 3], ['b', '__proto__'])
  assert.deepEqual(Object.entries(object), [
    ['a', 1],
    ['b', 2],
    ['__proto__', 3],
  ])
})

test('arguments that do not fit are a type error with the name of the method in front', () => {
  const cases: [Value, string, Value[], (string | undefined)[] | undefined, RegExp][] = [
    ['a', 'lower', [1], undefined, /^lower\(\) takes no arguments, 1 given$/],
    [[], 'append', [], undefined, /^append\(\) needs 'object'/],
    [[], 'append', [1, 2], undefined, /^append\(\) takes 1 argument, 2 given$/],
    [[], 'append', [1], ['object'], /^append\(\) has no parameter named 'object'$/],
    [[], 'sort', [1], undefined, /^sort\(\) takes no arguments, 1 given$/],
    ['a', 'split', [',', ','], [undefined, 'sep'], /^split\(\) got 'sep' twice$/],
    [{}, 'update', [{}, {}], undefined, /^update\(\) takes 0 to 1 argument/],
    [makeSet([]), 'union', [[]], ['others'], /^union\(\) has no parameter named 'others'$/],
  ]
  for (const [receiver, name, args, names, message] of cases) {
    // Twice: the binding is kept.
    for (let round = 0; round < 2; round++) {
      assert.throws(() => callMethod(meter, receiver, name, args, names), typeError(message), name)
    }
  }
})

test('the names of methods are those of all types, and of nothing that objects inherit', () => {
  const names = new Set(TABLES.flatMap((table) => Object.keys(table)))
  assert.deepEqual([...METHOD_NAMES].toSorted(), [...names].toSorted())
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'push', 'length']) {
    assert.equal(METHOD_NAMES.has(name), false)
  }
})

test('methods that change their receiver are known by name', () => {
  assert.deepEqual([...MUTATING_METHODS].toSorted(), [
    'add',
    'append',
    'clear',
    'difference_update',
    'discard',
    'extend',
    'insert',
    'intersection_update',
    'pop',
    'popitem',
    'remove',
    'reverse',
    'setdefault',
    'sort',
    'symmetric_difference_update',
    'update',
  ])
})

test('methods that are not said to change their receiver leave it as it is', () => {
  const receivers: [() => Value, CallableTable][] = [
    [() => [2, 1], LIST_METHODS],
    [() => new Tuple([2, 1]), TUPLE_METHODS],
    [() => ({ a: 1 }), DICT_METHODS],
    [() => makeSet([1, 2]), SET_METHODS],
  ]
  for (const [make, table] of receivers) {
    for (const [name, { mutates, signature }] of Object.entries(table)) {
      const needed = signature.parameters.filter((parameter) => !parameter.optional).length
      const args: Value[] = Array.from({ length: needed }, () => (table === SET_METHODS ? [2] : 2))
      const receiver = make()
      if (mutates) continue
      callMethod(meter, receiver, name, args, undefined)
      assert.deepEqual(receiver, make(), name)
    }
  }
})
