import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  DICT_METHODS,
  LIST_METHODS,
  SET_METHODS,
  TUPLE_METHODS,
  VIEW_METHODS,
} from '../../../../src/expression/runtime/containers/container-methods.ts'
import {
  getItem,
  iterate,
  length,
  toArray,
} from '../../../../src/expression/runtime/containers/containers.ts'
import { makeDict, makeSet } from '../../../../src/expression/runtime/containers/keys.ts'
import { callMethod } from '../../../../src/expression/runtime/methods.ts'
import type { JsonObject, Value } from '../../../../src/expression/value.ts'
import {
  Dict,
  DictView,
  MAX_LENGTH,
  Tuple,
  ValueIterator,
  ValueSet,
} from '../../../../src/expression/value.ts'
import type { Recorded, Tagged } from '../../../cpython/containers-recording.ts'
import { asJsonObject, comparable, decode, encode, outcome } from '../../../cpython/containers-recording.ts'
import { meter } from '../unlimited.ts'

type RecordedCall = [
  receiver: Recorded,
  name: string,
  args: Recorded[],
  names: Record<string, Recorded>,
  result: Recorded,
  after: Recorded,
]

const recordedCalls: RecordedCall[] = JSON.parse(
  readFileSync(new URL('../../../cpython/containers-methods.json', import.meta.url), 'utf8'),
)

const call = (receiver: Value, name: string, ...args: Value[]) =>
  callMethod(meter, receiver, name, args, undefined)
const typeError = (message: RegExp) => ({ code: 'TYPE_ERROR', message })
const valueError = (message: RegExp) => ({ code: 'VALUE_ERROR', message })

/** Calls a recorded method of `receiver` and compares the result and the receiver with what CPython has then. */
function replay(receiver: Value, [recorded, name, args, names, result, after]: RecordedCall): void {
  const values = [...args, ...Object.values(names)].map(decode)
  const keywords = [...args.map(() => undefined), ...Object.keys(names)]
  const shown = JSON.stringify([recorded, name, args, names])
  const actual = outcome(() =>
    callMethod(meter, receiver, name, values, keywords.length > args.length ? keywords : undefined),
  )
  // A failure inside an update leaves what was done before it; CPython's order in a set is arbitrary.
  assert.deepEqual(...comparable(actual, result), shown)
  const failed = (result as Tagged | null)?.$ === 'error'
  if (!failed && !(receiver instanceof ValueIterator)) {
    assert.deepEqual(...comparable(encode(receiver), after), `${shown}: the receiver`)
  }
}

const RECEIVERS = [
  ['list', Array.isArray],
  ['tuple', (value: Value) => value instanceof Tuple],
  ['dict', (value: Value) => value instanceof Dict],
  ['set', (value: Value) => value instanceof ValueSet],
  ['dict view', (value: Value) => value instanceof DictView],
] as const

for (const [type, isOfType] of RECEIVERS) {
  test(`the methods of a ${type} do what CPython's do`, () => {
    let count = 0
    for (const recorded of recordedCalls) {
      const receiver = decode(recorded[0])
      if (!isOfType(receiver)) continue
      replay(receiver, recorded)
      count++
    }
    assert.ok(count > 40, `${count} calls`)
  })
}

test('the methods of a dict do the same with a JSON object', () => {
  let count = 0
  for (const recorded of recordedCalls) {
    const receiver = asJsonObject(decode(recorded[0]))
    const adds = asJsonObject(decode(recorded[5])) === undefined
    if (receiver === undefined || adds) continue
    replay(receiver, recorded)
    count++
  }
  assert.ok(count > 300, `${count} calls`)
})

test('every method of every type was compared with CPython', () => {
  const known = new Map<string, ReadonlySet<string>>()
  for (const [type, isOfType] of RECEIVERS) {
    const calls = recordedCalls.filter(([receiver]) => isOfType(decode(receiver)))
    known.set(type, new Set(calls.map(([, name]) => name)))
  }
  const tables = { list: LIST_METHODS, tuple: TUPLE_METHODS, dict: DICT_METHODS, set: SET_METHODS }
  for (const [type, table] of Object.entries({ ...tables, 'dict view': VIEW_METHODS })) {
    for (const name of Object.keys(table)) assert.ok(known.get(type)!.has(name), `${type}.${name}`)
  }
})

test('methods that find nothing are absent, not errors', () => {
  assert.equal(call([], 'pop'), undefined)
  assert.equal(call([1], 'pop', 1), undefined)
  assert.equal(call({}, 'pop', 'a'), undefined)
  assert.equal(call({}, 'popitem'), undefined)
  assert.equal(call(new Dict(), 'popitem'), undefined)
  assert.equal(call(makeSet([]), 'pop'), undefined)
  assert.equal(call(makeSet([1]), 'remove', 2), undefined)
  assert.throws(() => call([1], 'remove', 2), valueError(/^list\.remove\(x\): x not in list$/))
  assert.throws(() => call([1], 'index', 'a'), valueError(/^'a' is not in list$/))
  assert.throws(() => call([1], 'index', 'a'.repeat(1000)), valueError(/^'a{199}\.\.\. is not in list$/))
})

test('methods that only change their receiver give None', () => {
  assert.equal(call([1], 'append', 2), null)
  assert.equal(call({}, 'update', { a: 1 }), null)
  assert.equal(call(makeSet([1]), 'discard', 5), null)
  assert.equal(call(makeSet([1]), 'remove', 1), null)
})

test('a list extended by itself is doubled', () => {
  const list: Value[] = [1, 2]
  call(list, 'extend', list)
  assert.deepEqual(list, [1, 2, 1, 2])
})

test('a list of the greatest length takes no more', () => {
  const list: Value[] = []
  list.length = MAX_LENGTH
  assert.throws(() => call(list, 'append', 1), valueError(/too big/))
  assert.throws(() => call(list, 'insert', 0, 1), valueError(/too big/))
  assert.throws(() => call(list, 'extend', [1]), valueError(/too big/))
  assert.equal(list.length, MAX_LENGTH)
})

test('a list whose elements cannot be compared stays as it was when sorted', () => {
  const list: Value[] = [3, 1, 'a', 2]
  assert.throws(
    () => call(list, 'sort'),
    typeError(/^'<' not supported between instances of 'str' and 'int'$/),
  )
  assert.deepEqual(list, [3, 1, 'a', 2])
})

test('a list is not sorted when the key of an element is absent', () => {
  const list: Value[] = [{ a: 2 }, { b: 1 }, { a: 1 }]
  const key = ((value: Value) => getItem(meter, value, 'a')) as unknown as Value
  assert.equal(callMethod(meter, list, 'sort', [key], ['key']), undefined)
  assert.deepEqual(list, [{ a: 2 }, { b: 1 }, { a: 1 }])
  list.splice(1, 1)
  assert.equal(callMethod(meter, list, 'sort', [key], ['key']), null)
  assert.deepEqual(list, [{ a: 1 }, { a: 2 }])
})

test('a copy is of the same kind and independent', () => {
  const object = JSON.parse('{"__proto__":1,"a":[2]}') as JsonObject
  const copy = call(object, 'copy') as JsonObject
  assert.deepEqual(Object.keys(copy), ['__proto__', 'a'])
  assert.equal(Object.getPrototypeOf(copy), Object.prototype)
  assert.equal(copy.a, object.a)
  call(copy, 'update', { a: 3, b: 4 })
  assert.deepEqual(object.a, [2])
  const dict = makeDict([['a', 1]])
  const second = call(dict, 'copy') as Dict
  assert.ok(second instanceof Dict)
  call(second, 'update', { a: 2 })
  assert.equal(getItem(meter, dict, 'a'), 1)
})

test('views are live', () => {
  for (const dict of [{ a: 1 } as JsonObject, makeDict([['a', 1]])]) {
    const keys = call(dict, 'keys')!
    const items = call(dict, 'items')!
    call(dict, 'setdefault', 'b', 2)
    assert.deepEqual(toArray(meter, keys), ['a', 'b'])
    assert.deepEqual(toArray(meter, items), [new Tuple(['a', 1]), new Tuple(['b', 2])])
    assert.equal(length(meter, items), 2)
  }
})

test('updating a JSON object stores keys that are no strings as their JSON text', () => {
  const object: JsonObject = { a: 1 }
  call(
    object,
    'update',
    makeDict([
      [1, 'one'],
      [null, 'none'],
    ]),
  )
  call(object, 'setdefault', true, 'yes')
  assert.deepEqual(object, { a: 1, 1: 'one', null: 'none', true: 'yes' })
  assert.throws(() => call(object, 'update', [new Tuple([new Tuple([]), 1])]), typeError(/keys must be str/))
})

test('a dict updated with itself stays as it is', () => {
  for (const dict of [{ a: 1, b: 2 } as JsonObject, makeDict([['a', 1]])]) {
    const before = encode(dict)
    call(dict, 'update', dict)
    assert.deepEqual(encode(dict), before)
  }
})

test('an update with members named like inherited ones changes no prototype', () => {
  const object: JsonObject = {}
  call(object, 'update', JSON.parse('{"__proto__":{"polluted":1},"constructor":2}') as JsonObject)
  assert.deepEqual(Object.keys(object), ['__proto__', 'constructor'])
  assert.equal(getItem(meter, object, 'polluted'), undefined)
  assert.equal(Object.getPrototypeOf(object), Object.prototype)
})

test('popitem takes the entry added last', () => {
  const dict = makeDict([
    ['a', 1],
    ['b', 2],
  ])
  call(dict, 'update', { a: 3 })
  assert.deepEqual(call(dict, 'popitem'), new Tuple(['b', 2]))
  assert.deepEqual(call(dict, 'popitem'), new Tuple(['a', 3]))
  assert.equal(call(dict, 'popitem'), undefined)
})

test('sets keep the order of the receiver, then that of what is new', () => {
  const set = makeSet([3, 1, 2])
  const order = (value: unknown) => [...iterate(value as Value)]
  assert.deepEqual(order(call(set, 'union', [5, 1], 'a')), [3, 1, 2, 5, 'a'])
  assert.deepEqual(order(call(set, 'intersection', [1, 2, 3])), [3, 1, 2])
  assert.deepEqual(order(call(set, 'difference', [1])), [3, 2])
  assert.deepEqual(order(call(set, 'symmetric_difference', [9, 1, 8])), [3, 2, 9, 8])
  call(set, 'symmetric_difference_update', [9, 1, 8])
  assert.deepEqual(order(set), [3, 2, 9, 8])
  assert.equal(call(set, 'pop'), 3)
  assert.deepEqual(order(set), [2, 9, 8])
})

test('a set may be its own argument', () => {
  const results: [string, Value[]][] = [
    ['update', [1, 2]],
    ['intersection_update', [1, 2]],
    ['difference_update', []],
    ['symmetric_difference_update', []],
  ]
  for (const [name, expected] of results) {
    const set = makeSet([1, 2])
    call(set, name, set)
    assert.deepEqual(toArray(meter, set), expected)
  }
})

test('a set pops elements in the order it has got them, whatever happens between', () => {
  const set = makeSet([1, 2, 3])
  assert.equal(call(set, 'pop'), 1)
  call(set, 'add', 1)
  call(set, 'remove', 2)
  assert.deepEqual([call(set, 'pop'), call(set, 'pop'), call(set, 'pop')], [3, 1, undefined])
  call(set, 'add', 7)
  assert.equal(call(set, 'pop'), 7)
  call(set, 'update', [1, 2, 3])
  assert.equal(call(set, 'pop'), 1)
  call(set, 'intersection_update', [3])
  assert.equal(call(set, 'pop'), 3)
  call(set, 'add', 4)
  call(set, 'clear')
  call(set, 'add', 5)
  assert.deepEqual([call(set, 'pop'), call(set, 'pop')], [5, undefined])
})

test('popping a big set empty takes time in proportion to its size', () => {
  const set = makeSet(Array.from({ length: 200_000 }, (_, index) => index))
  let sum = 0
  for (let item = call(set, 'pop'); item !== undefined; item = call(set, 'pop')) sum += item as number
  assert.equal(sum, (200_000 * 199_999) / 2)
})

test('a set that would grow while it is read is a value error', () => {
  const set = makeSet([1, 2])
  function* successors() {
    for (const item of iterate(set)) yield (item as number) + 2
  }
  assert.throws(
    () => call(set, 'update', new ValueIterator('generator', successors())),
    valueError(/^Set changed size during iteration$/),
  )
})
