import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  deleteItem,
  deleteSlice,
  getAttribute,
  getItem,
  getMember,
  getSlice,
  iterate,
  iterator,
  length,
  makeRange,
  setItem,
  setSlice,
  toArray,
} from '../../../../src/expression/runtime/containers/containers.ts'
import { MAX_GROWTH, MAX_RANGE_LOOP } from '../../../../src/expression/runtime/containers/iteration.ts'
import type { AnyDict } from '../../../../src/expression/runtime/containers/keys.ts'
import {
  dictSet,
  makeDict,
  makeSet,
  setAdd,
  setDelete,
} from '../../../../src/expression/runtime/containers/keys.ts'
import { checkLength } from '../../../../src/expression/runtime/length.ts'
import type { JsonObject, Maybe, Value } from '../../../../src/expression/value.ts'
import {
  DictView,
  MAX_INTEGER,
  MAX_LENGTH,
  Range,
  Tuple,
  ValueIterator,
} from '../../../../src/expression/value.ts'
import type { Recorded } from '../../../cpython/containers-recording.ts'
import { asJsonObject, comparable, decode, outcome } from '../../../cpython/containers-recording.ts'
import { counted, meter } from '../unlimited.ts'

const typeError = (message: RegExp) => ({ code: 'TYPE_ERROR', message })
const valueError = (message: RegExp) => ({ code: 'VALUE_ERROR', message })

/** `get_item` and so on: operation, container, its arguments, result. */
const recordedAccess: Recorded[][] = JSON.parse(
  readFileSync(new URL('../../../cpython/containers-access.json', import.meta.url), 'utf8'),
)

const OPERATIONS: Readonly<Record<string, (container: Value, ...rest: Value[]) => Maybe>> = {
  get_item: counted(getItem),
  set_item: (container, key: Value) => (setItem(meter, container, key, 'new') ? container : undefined),
  delete_item: (container, key: Value) => (deleteItem(meter, container, key) ? container : undefined),
  get_slice: counted(getSlice),
  set_slice: (container, start: Value, stop: Value, step: Value, values: Value) => {
    setSlice(meter, container, start, stop, step, values)
    return container
  },
  delete_slice: (container, start: Value, stop: Value, step: Value) => {
    deleteSlice(meter, container, start, stop, step)
    return container
  },
}

for (const operation of Object.keys(OPERATIONS)) {
  test(`${operation} does what CPython does`, () => {
    let count = 0
    for (const [name, container, ...rest] of recordedAccess) {
      if (name !== operation) continue
      const expected = rest.pop()!
      const args = rest.map(decode)
      const actual = outcome(() => OPERATIONS[operation]!(decode(container!), ...args))
      assert.deepEqual(...comparable(actual, expected), JSON.stringify([name, container, ...rest]))
      count++
    }
    assert.ok(count > 100, `${count} cases`)
  })
}

test('JSON objects give and take items as dicts do', () => {
  for (const [name, container, key, expected] of recordedAccess) {
    const object = name!.toString().endsWith('_item') ? asJsonObject(decode(container!)) : undefined
    if (object === undefined || (name === 'set_item' && typeof key !== 'string')) continue
    const actual = outcome(() => OPERATIONS[name as string]!(object, decode(key!)))
    assert.deepEqual(...comparable(actual, expected!), JSON.stringify([name, container, key]))
  }
})

test('None has no items and no members: they are absent', () => {
  assert.equal(getItem(meter, null, 'a'), undefined)
  assert.equal(getItem(meter, null, 0), undefined)
  assert.throws(
    () => getSlice(meter, null, 0, null, null),
    typeError(/^'NoneType' object is not subscriptable$/),
  )
  assert.equal(getAttribute(null, 'a'), undefined)
  assert.equal(deleteItem(meter, null, 'a'), false)
  assert.throws(
    () => setItem(meter, null, 'a', 1),
    typeError(/^'NoneType' object does not support item assignment$/),
  )
})

test('an attribute is the own member of a dict', () => {
  for (const dict of [{ name: 1 } as JsonObject, makeDict([['name', 1]])]) {
    assert.equal(getAttribute(dict, 'name'), 1)
    assert.equal(getAttribute(dict, 'other'), undefined)
    assert.equal(getAttribute(dict, 'constructor'), undefined)
    assert.equal(getAttribute(dict, '__proto__'), undefined)
    setItem(meter, dict, '__proto__', 2)
    assert.equal(getAttribute(dict, '__proto__'), 2)
  }
  for (const [value, type] of [
    [1, 'int'],
    ['text', 'str'],
    [[], 'list'],
    [new Tuple([]), 'tuple'],
  ] as const) {
    const message = new RegExp(`^'${type}' object has no attribute 'name'$`)
    assert.throws(() => getAttribute(value as Value, 'name'), typeError(message))
  }
})

test('a member is looked for in dicts only and is never an error', () => {
  assert.equal(getMember({ a: 1 }, 'a'), 1)
  assert.equal(getMember(makeDict([['a', 1]]), 'a'), 1)
  for (const value of [undefined, null, 1, 'text', [1], new Tuple([1]), {}, makeDict([])] as Maybe[]) {
    for (const key of ['a', '0', 'length', 'constructor', '__proto__'])
      assert.equal(getMember(value, key), undefined)
  }
})

test('storing __proto__ in an object makes a member and leaves the prototype alone', () => {
  const object: JsonObject = {}
  assert.equal(setItem(meter, object, '__proto__', { polluted: 1 }), true)
  assert.deepEqual(Object.keys(object), ['__proto__'])
  assert.equal(Object.getPrototypeOf(object), Object.prototype)
  assert.equal(getItem(meter, object, 'polluted'), undefined)
  assert.equal(deleteItem(meter, object, '__proto__'), true)
  assert.equal(getItem(meter, object, '__proto__'), undefined)
})

test('length counts elements, code points and entries', () => {
  const cases: [Value, number][] = [
    ['', 0],
    ['a😀', 2],
    [[1, 2], 2],
    [new Tuple([1]), 1],
    [{}, 0],
    [JSON.parse('{"__proto__":1,"a":2}') as Value, 2],
    [makeDict([[1, 2]]), 1],
    [makeSet([1, 2]), 2],
    [new Range(0, 10, 3), 4],
    [new DictView('values', { a: 1 }), 1],
    [new DictView('items', makeDict([])), 0],
  ]
  for (const [value, expected] of cases) assert.equal(length(meter, value), expected)
  for (const [value, type] of [
    [null, 'NoneType'],
    [1, 'int'],
    [true, 'bool'],
    [1.5, 'float'],
    [2n ** 60n, 'int'],
    [new ValueIterator('zip', [].values()), 'zip'],
  ] as const) {
    assert.throws(
      () => length(meter, value),
      typeError(new RegExp(`^object of type '${type}' has no len\\(\\)$`)),
    )
  }
})

test('iteration goes over elements, code points, keys, and over what a view shows', () => {
  const dict = makeDict([
    ['a', 1],
    [2, 'b'],
  ])
  const cases: [Value, Value[]][] = [
    [
      [1, 2],
      [1, 2],
    ],
    ['a😀\ud83d', ['a', '😀', '\ud83d']],
    [new Tuple([1, 'x']), [1, 'x']],
    [{ b: 1, a: 2 }, ['b', 'a']],
    [dict, ['a', 2]],
    [makeSet([3, 1, 3]), [3, 1]],
    [new Range(5, 0, -2), [5, 3, 1]],
    [new DictView('keys', dict), ['a', 2]],
    [new DictView('values', dict), [1, 'b']],
    [new DictView('items', dict), [new Tuple(['a', 1]), new Tuple([2, 'b'])]],
    [new DictView('items', { k: null }), [new Tuple(['k', null])]],
    [new ValueIterator('zip', [1, 2].values()), [1, 2]],
  ]
  for (const [value, expected] of cases) assert.deepEqual([...iterate(value)], expected)
  for (const [value, expected] of cases.slice(0, -1)) {
    assert.deepEqual(toArray(meter, value), expected)
    assert.deepEqual(Array.from({ length: expected.length }, nextOf(iterator(value))), expected)
  }
  for (const value of [null, true, 1, 1.5, 2n ** 60n]) {
    assert.throws(() => iterate(value), typeError(/^'\w+' object is not iterable$/))
    assert.throws(() => toArray(meter, value), typeError(/^'\w+' object is not iterable$/))
  }
})

function nextOf(source: Iterator<Value>): () => Value {
  return () => source.next().value as Value
}

test('an array that toArray gives is a fresh one', () => {
  const list = [1, 2]
  const tuple = new Tuple([1])
  toArray(meter, list).push(3)
  toArray(meter, tuple).push(3)
  assert.deepEqual(list, [1, 2])
  assert.deepEqual(tuple.items, [1])
})

test('what an early end of a loop leaves of an iterator is there for the next', () => {
  function* numbers() {
    yield* [1, 2, 3]
  }
  const value = new ValueIterator('generator', numbers())
  for (const item of iterate(value)) if (item === 1) break
  assert.deepEqual([...iterate(value)], [2, 3])
  assert.deepEqual([...iterate(value)], [])
})

test('a list may change under a loop, which sees what is added and ends when it has become shorter', () => {
  const growing = [1, 2, 3]
  const seen: Value[] = []
  for (const item of iterate(growing)) {
    seen.push(item)
    if (growing.length < 6) growing.push(growing.length + 1)
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6])
  const shrinking = [1, 2, 3, 4]
  const kept: Value[] = []
  for (const item of iterate(shrinking)) {
    kept.push(item)
    shrinking.shift()
  }
  assert.deepEqual(kept, [1, 3])
})

test('an iterator that has come to the end of a list stays there', () => {
  const list = [1]
  const source = iterator(list)
  assert.equal(source.next().done, false)
  assert.equal(source.next().done, true)
  list.push(2)
  assert.equal(source.next().done, true)
})

test('a list that grows as fast as a loop goes over it is a value error', () => {
  const list: Value[] = [1, 2]
  let rounds = 0
  assert.throws(
    () => {
      for (const item of iterate(list)) {
        list.push(item)
        rounds++
      }
    },
    valueError(/grows without end/),
  )
  assert.equal(rounds, MAX_GROWTH + 2)
})

test('a dict or set that changes its size under a loop is a value error', () => {
  const loops: [string, Value, () => void][] = []
  const add = (make: () => [Value, () => void], what = 'dictionary') => loops.push([what, ...make()])
  for (const wrap of [
    (dict: AnyDict): Value => dict,
    (dict: AnyDict) => new DictView('keys', dict),
    (dict: AnyDict) => new DictView('values', dict),
    (dict: AnyDict) => new DictView('items', dict),
  ]) {
    for (const make of [
      (): AnyDict => ({ a: 1, b: 2 }),
      () =>
        makeDict([
          ['a', 1],
          ['b', 2],
        ]),
    ]) {
      for (const change of [
        (dict: AnyDict) => dictSet(dict, 'new', 1),
        (dict: AnyDict) => deleteItem(meter, dict, 'b'),
        (dict: AnyDict) => deleteItem(meter, dict, 'a'),
      ]) {
        add(() => {
          const dict = make()
          return [wrap(dict), () => change(dict)]
        })
      }
    }
  }
  const set = makeSet([1, 2])
  add(() => [set, () => setAdd(set, 3)], 'Set')
  for (const [what, value, change] of loops) {
    assert.throws(
      () => {
        for (const _ of iterate(value)) change()
      },
      valueError(new RegExp(`^${what} changed size during iteration$`)),
    )
  }
  assert.equal(loops.length, 25)
})

test('the size of a dict is that at the beginning of the loop, and values may change', () => {
  const dict = makeDict([['a', 1]])
  const source = iterator(dict)
  dictSet(dict, 'b', 2)
  assert.throws(() => source.next(), valueError(/changed size/))
  const object: JsonObject = { a: 1, b: 2 }
  for (const key of iterate(object)) setItem(meter, object, key, 0)
  assert.deepEqual(object, { a: 0, b: 0 })
})

test('a loop that replaces each key or element with a new one ends', () => {
  let next = 0
  const dict = makeDict([['a', 1]])
  assert.throws(
    () => {
      for (const key of iterate(dict)) {
        deleteItem(meter, dict, key)
        dictSet(dict, next++, 0)
      }
    },
    valueError(/changed size/),
  )
  const set = makeSet(['a', 'b'])
  assert.throws(
    () => {
      for (const item of iterate(set)) {
        setDelete(set, item)
        setAdd(set, next++)
      }
    },
    valueError(/changed size/),
  )
  assert.ok(next < 10)
})

test('a range that is too long becomes no list, and no endless loop', () => {
  assert.throws(
    () => toArray(meter, new Range(0, 1e9, 1)),
    valueError(/^result too big: more than 67108864 elements$/),
  )
  const source = iterator(new Range(0, MAX_INTEGER, 1))
  assert.deepEqual([source.next().value, source.next().value], [0, 1])
  let count = 0
  assert.throws(
    () => {
      for (const _ of iterate(new Range(0, MAX_INTEGER, 1))) count++
    },
    valueError(/ends after 10000000 elements/),
  )
  assert.equal(count, MAX_RANGE_LOOP)
})

test('elements of long ranges are exact', () => {
  // CPython: len(range(0, 2**53, 3)) and so on.
  const lengths = [9007199254740992, 4503599627370496, 3002399751580331, 2251799813685248, 1801439850948199]
  for (const [index, expected] of lengths.entries()) {
    const step = index + 1
    const range = makeRange(0, MAX_INTEGER, step)
    assert.equal(length(meter, range), expected)
    assert.equal(getItem(meter, range, -1), (expected - 1) * step)
    assert.equal(length(meter, makeRange(1, -MAX_INTEGER + 1, -step)), expected)
  }
  assert.throws(() => makeRange(0, 2 ** 60, 1), valueError(/beyond 2\*\*53/))
  assert.throws(() => makeRange(-1, MAX_INTEGER, 1), valueError(/beyond 2\*\*53/))
  assert.throws(() => makeRange(0, 1, 0), valueError(/^range\(\) arg 3 must not be zero$/))
})

test('long lists are replaced in part without using up the stack', () => {
  const list: Value[] = Array.from({ length: 300_000 }, (_, index) => index)
  setSlice(meter, list, 1, 2, null, new Range(0, 300_000, 1))
  assert.equal(list.length, 599_999)
  assert.deepEqual([list[0], list[1], list[300_000], list[300_001]], [0, 0, 299_999, 2])
  deleteSlice(meter, list, null, null, 2)
  assert.equal(list.length, 299_999)
})

test('a slice of a list may be assigned from the list itself', () => {
  const list: Value[] = [1, 2, 3]
  setSlice(meter, list, 1, 2, null, list)
  assert.deepEqual(list, [1, 1, 2, 3, 3])
})

test('an extended slice of the right size takes any iterable', () => {
  const list: Value[] = [1, 2, 3, 4]
  setSlice(meter, list, null, null, -2, new ValueIterator('generator', ['x', 'y'].values()))
  assert.deepEqual(list, [1, 'y', 3, 'x'])
})

test('lists have a limit', () => {
  checkLength(MAX_LENGTH)
  assert.throws(() => checkLength(MAX_LENGTH + 1), valueError(/too big/))
})
