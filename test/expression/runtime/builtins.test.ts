import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bindArguments } from '../../../src/expression/check/signature.ts'
import type { Failure } from '../../../src/expression/failure.ts'
import { BUILTINS } from '../../../src/expression/runtime/builtins.ts'
import { getItem, iterate, toArray } from '../../../src/expression/runtime/containers/containers.ts'
import { makeDict } from '../../../src/expression/runtime/containers/keys.ts'
import type { JsonObject, Maybe, Value } from '../../../src/expression/value.ts'
import { Dict, MAX_INTEGER, Range, Tuple, ValueIterator } from '../../../src/expression/value.ts'
import type { Recorded, Tagged } from '../../cpython/containers-recording.ts'
import { comparable, decode, outcome } from '../../cpython/containers-recording.ts'
import { meter } from './unlimited.ts'

type RecordedCall = [name: string, args: Recorded[], names: Record<string, Recorded>, result: Recorded]

const recordedCalls: RecordedCall[] = JSON.parse(
  readFileSync(new URL('../../cpython/containers-builtins.json', import.meta.url), 'utf8'),
)

const typeError = (message: RegExp) => ({ code: 'TYPE_ERROR', message })
const valueError = (message: RegExp) => ({ code: 'VALUE_ERROR', message })

/** Calls a function as compiled code does: the arguments are bound to its parameters first. */
function callBuiltin(name: string, args: unknown[], names: Record<string, unknown> = {}): Maybe {
  const { signature, call } = BUILTINS[name]!
  const binding = bindArguments(signature, [...args.map(() => undefined), ...Object.keys(names)])
  if (typeof binding === 'string') throw { code: 'TYPE_ERROR', message: binding }
  const values = [...args, ...Object.values(names)]
  const bound = binding.slots.map((slot) => (slot === -1 ? undefined : values[slot]))
  for (const index of binding.rest) bound.push(values[index])
  if (signature.keywords === undefined) return call(meter, ...bound)
  return call(meter, ...bound, makeDict(binding.named.map(([key, index]) => [key, values[index] as Value])))
}

/** An argument, where `key=` names a function. */
function decodeArgument(recorded: Recorded): unknown {
  const { $: tag, v } = (recorded ?? {}) as Tagged
  return tag === 'key' ? (value: Value) => callBuiltin(v as string, [value]) : decode(recorded)
}

function isArityError(error: unknown): error is { code: string } {
  return typeof error === 'object' && error !== null && Object.getPrototypeOf(error) === Object.prototype
}

function result(name: string, args: Recorded[], names: Record<string, Recorded>): Recorded {
  const keywords = Object.entries(names).map(([key, value]) => [key, decodeArgument(value)] as const)
  try {
    return outcome(() => callBuiltin(name, args.map(decodeArgument), Object.fromEntries(keywords)))
  } catch (error) {
    if (isArityError(error)) return { $: 'error', v: error.code }
    throw error
  }
}

const NAMES = [...new Set(recordedCalls.map(([name]) => name))]

for (const function_ of NAMES) {
  test(`${function_}() does what CPython's does`, () => {
    for (const [name, args, names, expected] of recordedCalls) {
      if (name !== function_) continue
      assert.deepEqual(
        ...comparable(result(name, args, names), expected),
        JSON.stringify([name, args, names]),
      )
    }
  })
}

test('every function on containers was compared with CPython', () => {
  const containers = [
    'all',
    'any',
    'dict',
    'enumerate',
    'isinstance',
    'len',
    'list',
    'range',
    'repr',
    'reversed',
  ]
  containers.push('set', 'sorted', 'str', 'tuple', 'zip')
  assert.deepEqual(NAMES.toSorted(), containers)
  const numbers = [
    'abs',
    'bin',
    'bool',
    'chr',
    'divmod',
    'float',
    'hex',
    'int',
    'max',
    'min',
    'oct',
    'ord',
    'pow',
    'round',
    'sum',
  ]
  assert.deepEqual(Object.keys(BUILTINS).toSorted(), [...containers, ...numbers].toSorted())
})

test('an integral float is an int and no float up to 2**53', () => {
  assert.equal(callBuiltin('isinstance', [2.0, 'int']), true)
  assert.equal(callBuiltin('isinstance', [2.0, 'float']), false)
  assert.equal(callBuiltin('isinstance', [MAX_INTEGER, 'int']), true)
  assert.equal(callBuiltin('isinstance', [1e300, 'int']), false)
  assert.equal(callBuiltin('isinstance', [1e300, 'float']), true)
  assert.equal(callBuiltin('isinstance', [Number.NaN, 'float']), true)
  assert.equal(callBuiltin('isinstance', [Number.POSITIVE_INFINITY, new Tuple(['int', 'str'])]), false)
})

test('a JSON object is a dict, and a name that is no type is an error', () => {
  assert.equal(callBuiltin('isinstance', [{}, 'dict']), true)
  assert.equal(callBuiltin('isinstance', [{ constructor: 1 }, 'list']), false)
  for (const name of ['nothing', 'constructor', '__proto__', '']) {
    assert.throws(() => callBuiltin('isinstance', [1, name]), typeError(/arg 2 must be a type/))
  }
})

test('sorted leaves its argument alone and never compares what is absent', () => {
  const list: Value[] = [3, 1, 2]
  assert.deepEqual(callBuiltin('sorted', [list]), [1, 2, 3])
  assert.deepEqual(list, [3, 1, 2])
  const objects: Value[] = [{ a: 2 }, {}, { a: 1 }]
  const key = (value: Value) => getItem(meter, value, 'a')
  assert.equal(callBuiltin('sorted', [objects], { key }), undefined)
})

test('sorted calls the key function once per element and in order', () => {
  const seen: Value[] = []
  const key = (value: Value) => {
    seen.push(value)
    return -(value as number)
  }
  assert.deepEqual(callBuiltin('sorted', [[1, 3, 2]], { key }), [3, 2, 1])
  assert.deepEqual(seen, [1, 3, 2])
})

test('a tuple of a tuple is that tuple', () => {
  const tuple = new Tuple([1])
  assert.equal(callBuiltin('tuple', [tuple]), tuple)
})

test('a dict of a JSON object is an independent Dict', () => {
  const object = JSON.parse('{"__proto__":1,"b":2}') as JsonObject
  const dict = callBuiltin('dict', [object]) as Dict
  assert.ok(dict instanceof Dict)
  assert.deepEqual(toArray(meter, dict), ['__proto__', 'b'])
  callBuiltin('dict', [dict], { b: 3 })
  assert.equal(getItem(meter, dict, 'b'), 2)
})

test('any and all stop at the first element that decides, and leave the rest of an iterator', () => {
  const source = new ValueIterator('generator', [0, 1, 2, 0, 3].values())
  assert.equal(callBuiltin('any', [source]), true)
  assert.equal(callBuiltin('all', [source]), false)
  assert.deepEqual([...iterate(source)], [3])
})

test('zip stops with the first source that ends, and has consumed one of those before it', () => {
  const long = new ValueIterator('generator', [1, 2, 3].values())
  const pairs = callBuiltin('zip', [long, [9]]) as Value
  assert.deepEqual(toArray(meter, pairs), [new Tuple([1, 9])])
  assert.deepEqual(toArray(meter, long), [3])
  assert.deepEqual(toArray(meter, pairs), [])
})

test('what is wrong with an argument is said at the call, not at the first element', () => {
  for (const name of ['enumerate', 'zip', 'reversed']) {
    assert.throws(() => callBuiltin(name, [5]), typeError(/^'int' object is not (iterable|reversible)$/))
  }
  assert.throws(() => callBuiltin('zip', [[1], null]), typeError(/^'NoneType' object is not iterable$/))
})

test('a reversed list goes backwards from the end it had', () => {
  const list: Value[] = [1, 2, 3]
  const backwards = callBuiltin('reversed', [list]) as Value
  list.push(4)
  assert.deepEqual(toArray(meter, backwards), [3, 2, 1])
  const shrunk = callBuiltin('reversed', [list]) as Value
  list.length = 1
  assert.deepEqual(toArray(meter, shrunk), [])
})

test('a range has bounds up to 2**53', () => {
  assert.deepEqual(callBuiltin('range', [MAX_INTEGER]), new Range(0, MAX_INTEGER, 1))
  for (const args of [[2n ** 60n], [0, 2n ** 60n], [-(2n ** 60n), 0], [0, 1, 2n ** 60n], [-5, MAX_INTEGER]]) {
    assert.throws(() => callBuiltin('range', args), valueError(/beyond 2\*\*53/))
  }
  assert.throws(
    () => callBuiltin('range', [1e300]),
    typeError(/^'float' object cannot be interpreted as an integer$/),
  )
})

test('a list of a range that is too long fails before it is made', () => {
  const range = callBuiltin('range', [1e9])
  for (const name of ['list', 'tuple', 'sorted']) {
    assert.throws(() => callBuiltin(name, [range]), valueError(/^result too big/))
  }
})

test('enumerate counts beyond 2**53 exactly', () => {
  const numbered = callBuiltin('enumerate', ['abc', MAX_INTEGER - 1]) as Value
  assert.deepEqual(toArray(meter, numbered), [
    new Tuple([MAX_INTEGER - 1, 'a']),
    new Tuple([MAX_INTEGER, 'b']),
    new Tuple([2n ** 53n + 1n, 'c']),
  ])
})

test('str takes an encoding and a way with errors, which only bytes could need', () => {
  const { call } = BUILTINS.str!
  assert.equal(call(meter, undefined, undefined, 'strict'), '')
  assert.equal(call(meter, undefined, 'utf-8', undefined), '')
  assert.equal(call(meter, undefined), '')
  assert.equal(call(meter, null), 'None')
  const failure = (...args: unknown[]): string => {
    try {
      call(meter, ...args)
    } catch (error) {
      return `${(error as Failure).code}: ${(error as Failure).message}`
    }
    return 'none'
  }
  assert.equal(failure('a', undefined, 'strict'), 'TYPE_ERROR: decoding str is not supported')
  assert.equal(
    failure(5, 'utf-8', undefined),
    'TYPE_ERROR: decoding to str: need a bytes-like object, int found',
  )
  assert.equal(failure('a', 5, undefined), "TYPE_ERROR: str() argument 'encoding' must be str, not int")
  assert.equal(
    failure(undefined, undefined, null),
    "TYPE_ERROR: str() argument 'errors' must be str, not None",
  )
})
