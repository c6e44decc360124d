import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ArgumentProblem, type PreparedFunction } from '../../../src/expression/functions/definition.ts'
import { lookup, lookupIn } from '../../../src/expression/functions/lookup.ts'
import type { JsonObject, Value } from '../../../src/expression/value.ts'
import { Tuple } from '../../../src/expression/value.ts'
import { meter } from '../runtime/unlimited.ts'
import { hostWith, outcomeOf } from './calling.ts'

type Tables = Parameters<typeof hostWith>[0]

function prepare(tables: Tables, name: Value) {
  const { implementation } = lookup
  assert.equal(implementation.kind, 'prepared')
  return (implementation as PreparedFunction).prepare({ table: name }, hostWith(tables))
}

function problemOf(tables: Tables, name: Value): ArgumentProblem {
  try {
    prepare(tables, name)
  } catch (error) {
    if (error instanceof ArgumentProblem) return error
    throw error
  }
  assert.fail('prepare accepted the table')
}

test('a key hits the entry whose key has the same text', () => {
  const entries = new Map<string, Value>([
    ['0', 'zero'],
    ['1', 'one'],
    ['-1', 'minus one'],
    ['1.5', 'float'],
    ['1.0', 'as written'],
    ['true', 'yes'],
    ['false', 'no'],
    ['null', 'nothing'],
    ['18446744073709551616', 'big'],
    ['', 'empty'],
    ['0x10', 'hexadecimal'],
    ['NaN', 'not a number'],
    ['1e+21', 'huge'],
    ['__proto__', 'own'],
  ])
  const hits: [key: Value, value: string][] = [
    [0, 'zero'],
    ['0', 'zero'],
    [-0, 'zero'],
    [1, 'one'],
    ['1', 'one'],
    [-1, 'minus one'],
    [1.5, 'float'],
    ['1.0', 'as written'],
    [true, 'yes'],
    ['true', 'yes'],
    [false, 'no'],
    [null, 'nothing'],
    ['null', 'nothing'],
    [2n ** 64n, 'big'],
    ['18446744073709551616', 'big'],
    ['', 'empty'],
    ['0x10', 'hexadecimal'],
    [Number.NaN, 'not a number'],
    [1e21, 'huge'],
    ['__proto__', 'own'],
  ]
  for (const [key, value] of hits) assert.equal(lookupIn(meter, entries, key), value, String(key))
})

test('a miss is an absence', () => {
  const entries = new Map<string, Value>([['1', 'one']])
  for (const key of [
    '2',
    2,
    1.5,
    true,
    null,
    '01',
    '1.0',
    ' 1',
    'toString',
    'constructor',
    '__proto__',
    '',
  ]) {
    assert.equal(lookupIn(meter, entries, key), undefined)
  }
})

test('a value that is falsy is no miss', () => {
  const entries = new Map<string, Value>([
    ['a', null],
    ['b', false],
    ['c', 0],
    ['d', ''],
  ])
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => lookupIn(meter, entries, key)),
    [null, false, 0, ''],
  )
})

test('a list, an object or a tuple is no key', () => {
  for (const key of [['1'], { a: 1 }, new Tuple(['1'])]) {
    const outcome = outcomeOf(() => lookupIn(meter, new Map([['1', 'one']]), key))
    assert.equal(outcome.code, 'TYPE_ERROR')
  }
  assert.equal(
    outcomeOf(() => lookupIn(meter, new Map(), ['1'])).message,
    'lookup() key must be str, int, float, bool or None, not list',
  )
})

test('a value that is changed afterwards is not changed in the table', () => {
  const value = JSON.parse('{"list": [1, {"a": "b"}], "__proto__": {"x": 1}}') as JsonObject
  const entries = new Map<string, Value>([['k', value]])
  const found = lookupIn(meter, entries, 'k') as { list: Value[] }
  assert.equal(JSON.stringify(found), '{"list":[1,{"a":"b"}],"__proto__":{"x":1}}')
  assert.equal(Object.getPrototypeOf(found), Object.prototype)
  found.list.push('more')
  ;(found.list[1] as JsonObject).a = 'changed'
  assert.equal(JSON.stringify(lookupIn(meter, entries, 'k')), '{"list":[1,{"a":"b"}],"__proto__":{"x":1}}')
})

test('the prepared function takes the table name and the key', () => {
  const find = prepare({ protos: { 6: 'tcp' } }, 'protos')
  assert.equal(outcomeOf((context) => find(context, 'protos', 6)).value, 'tcp')
  assert.equal(outcomeOf((context) => find(context, 'protos', '17')).value, undefined)
})

test('a table that is not there is a load error, with the name that was meant', () => {
  const problem = problemOf({ protos: {}, ports: {} }, 'prots')
  assert.equal(problem.parameter, 'table')
  assert.match(problem.message, /'prots'/)
  assert.match(problem.hint!, /did you mean 'protos'/)
})

test('a table that is not there is a load error that lists the tables', () => {
  assert.match(problemOf({ protos: {}, ports: {} }, 'something').hint!, /protos, ports/)
  assert.match(problemOf({}, 'something').hint!, /--lookups/)
  assert.match(problemOf({ protos: {} }, '__proto__').message, /'__proto__'/)
})

test('a table that is a list, or a name that is no text, is a load error', () => {
  assert.match(problemOf({ windows_sids: [] }, 'windows_sids').message, /is a list/)
  assert.equal(problemOf({ 5: {} }, 5).parameter, 'table')
})
