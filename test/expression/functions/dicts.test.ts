import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FunctionDefinition } from '../../../src/expression/functions/definition.ts'
import { dropEmpty } from '../../../src/expression/functions/drop-empty.ts'
import { flatten } from '../../../src/expression/functions/flatten.ts'
import { get } from '../../../src/expression/functions/get.ts'
import { merge } from '../../../src/expression/functions/merge.ts'
import { pairsToDict } from '../../../src/expression/functions/pairs-to-dict.ts'
import { setPath } from '../../../src/expression/functions/set-path.ts'
import { snakeCase } from '../../../src/expression/functions/snake-case.ts'
import { without } from '../../../src/expression/functions/without.ts'
import { zipDict } from '../../../src/expression/functions/zip-dict.ts'
import { makeDict } from '../../../src/expression/runtime/containers/keys.ts'
import { Dict, Tuple, type Value } from '../../../src/expression/value.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { compileRecord } from '../../../src/rules/generate/record-compiler.ts'
import { propertyRuns } from '../../property-runs.ts'
import { call, countedRecord, hostWith, type Outcome, outcomeOf } from './calling.ts'

/** Calls a function that is prepared without constants. */
function prepared({ implementation }: FunctionDefinition): (...args: any[]) => Outcome {
  assert.ok(implementation.kind === 'prepared')
  const run = implementation.prepare({}, hostWith({}))
  return (...args) => outcomeOf((context) => run(context, ...args))
}

const getAt = prepared(get)
const setAt = prepared(setPath)
const toSnake = prepared(snakeCase)
const zip = prepared(zipDict)

/** JSON values with names that JavaScript knows. */
const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString', 'a.b', '0', '')
const json = fc.letrec<{ value: any; object: any }>((tie) => ({
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, '', '-', 0, false, 'x', 1.5, true),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}))

/** Throws where a function changes what it was given. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const member of Object.values(value)) frozen(member)
  }
  return value
}

test('no function changes its arguments, or the prototype of anything', () => {
  const inherited = Object.getOwnPropertyNames(Object.prototype)
  fc.assert(
    fc.property(
      json.object,
      json.object,
      json.value,
      fc.array(name, { minLength: 1, maxLength: 4 }),
      (one, other, value, path) => {
        frozen([one, other, value, path])
        const results = [
          setAt(one, path, value),
          setAt(one, path.join('.'), value),
          call(without, one, ...path),
          call(dropEmpty, one),
          call(merge, one, other),
          toSnake(one),
          call(flatten, one),
          zip(path, [value, value]),
          call(
            pairsToDict,
            path.map((key) => ({ Name: key, Value: value })),
          ),
        ]
        for (const { value: result } of results)
          assert.ok(result === undefined || Object.getPrototypeOf(result) === Object.prototype)
      },
    ),
  )
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), inherited)
})

test('get finds what set_path has set, and all else is as it was', () => {
  fc.assert(
    fc.property(
      json.object,
      json.value,
      fc.array(name, { minLength: 1, maxLength: 4 }),
      (dict, value, path) => {
        const { value: result, code } = setAt(dict, path, value)
        if (code !== undefined) return
        assert.deepEqual(getAt(result, path).value, value)
        const [first] = path as [string]
        assert.deepEqual(call(without, result as never, first).value, call(without, dict, first).value)
      },
    ),
  )
})

test('get leads through dicts and lists of any kind, and nowhere else', () => {
  const value = {
    a: [
      { b: 1 },
      new Tuple([
        2,
        makeDict([
          [1, 'one'],
          ['c', null],
        ]),
      ]),
    ],
    text: 'xyz',
  }
  assert.equal(getAt(value, 'a.0.b').value, 1)
  assert.equal(getAt(value, 'a.-1.0').value, 2)
  assert.equal(getAt(value, ['a', 1, 1, 1]).value, 'one')
  assert.equal(getAt(value, 'a.1.1.c').value, null)
  for (const path of [
    'a.2',
    'a.-3',
    'a.b',
    'a.0.b.c',
    'text.0',
    'text.length',
    'a.length',
    '',
    'a.1.1.1',
    'toString',
    'a.0.__proto__',
  ])
    assert.equal(getAt(value, path).value, undefined, path)
  for (const path of [null, 1, [], ['a', null], ['a', 0.5], { a: 1 }])
    assert.equal(getAt(value, path).code, 'TYPE_ERROR')
  assert.equal(getAt(null, 'a').value, undefined)
  assert.equal(getAt('text', 'a').value, undefined)
})

test('the default of get is evaluated only where it is needed', () => {
  const runner = compileRules("r: get(data, 'a.b', 1 / n)").createRunner()
  assert.deepEqual(runner.run({ a: { b: 'x' }, n: 0 }, '{}'), { r: 'x' })
  assert.deepEqual(runner.run({ n: 2 }, '{}'), { r: 0.5 })
  assert.equal(runner.run({ n: 0 }, '{}'), undefined)
  assert.equal(runner.rejection.code, 'DIVISION_BY_ZERO')
})

test('set_path shares what is not on the path, and keeps the kind of a dict', () => {
  const inner = { x: 1 }
  const dict = { a: [inner, { y: 2 }], other: inner }
  const result = setAt(dict, 'a.-1.y', 3).value as typeof dict
  assert.deepEqual(result, { a: [{ x: 1 }, { y: 3 }], other: { x: 1 } })
  assert.equal(result.other, inner)
  assert.equal(result.a[0], inner)
  assert.ok(setAt(makeDict([[1, 2]]), 'a', 3).value instanceof Dict)
  for (const [value, path] of [
    [{ a: null }, 'a.b'],
    [{ a: 'x' }, 'a.0'],
    [{ a: [] }, 'a.x'],
    [{ a: [1] }, 'a.1'],
    [[], '0'],
    [{ a: new Tuple([1]) }, 'a.0'],
  ] as const)
    assert.equal(setAt(value, path, 1).code, 'TYPE_ERROR')
})

test('merge joins dicts of both kinds at every depth', () => {
  const dict = makeDict([
    [1, 'one'],
    ['a', { y: 2 }],
  ])
  const merged = call(merge, { a: { x: 1 }, b: [1] }, dict, { b: [2] }).value as Dict
  assert.deepEqual(
    [...merged.entries.values()],
    [
      ['a', { x: 1, y: 2 }],
      ['b', [2]],
      [1, 'one'],
    ],
  )
  assert.deepEqual(call(merge, { a: 1 }, { a: { b: 2 } }, { a: { c: 3 } }).value, { a: { b: 2, c: 3 } })
  assert.equal(call(merge, {}, null).message, "merge() argument 'dicts[1]' must be dict, not NoneType")
  const polluted = call(
    merge,
    {},
    JSON.parse('{"__proto__":{"x":1}}'),
    JSON.parse('{"__proto__":{"y":2}}'),
  ).value
  assert.equal(JSON.stringify(polluted), '{"__proto__":{"x":1,"y":2}}')
})

test('snake_case of names', () => {
  for (const [text, expected] of [
    ['userIdentity', 'user_identity'],
    ['SourceIPAddress', 'source_ip_address'],
    ['eventID', 'event_id'],
    ['HTTPServer2Name', 'http_server2_name'],
    ['sha256Hash', 'sha256_hash'],
    ['already_snake', 'already_snake'],
    ['  Two  words - here ', 'two_words_here'],
    ['@timestamp', 'timestamp'],
    ['ÄndertÜber', 'ändert_über'],
    ['имяПользователя', 'имя_пользователя'],
    ['__', '__'],
    ['', ''],
    ['ABC', 'abc'],
  ])
    assert.equal(toSnake(text).value, expected)
  assert.deepEqual(toSnake(['TextStays', { TheName: 1 }, new Tuple([{ B: 2 }])]).value, [
    'TextStays',
    { the_name: 1 },
    new Tuple([{ b: 2 }]),
  ])
  assert.deepEqual(
    [
      ...(
        toSnake(
          makeDict([
            ['aB', 1],
            [7, 2],
          ]),
        ).value as Dict
      ).entries.values(),
    ],
    [
      ['a_b', 1],
      [7, 2],
    ],
  )
})

test('the names that snake_case remembers are few', () => {
  for (let index = 0; index < 5000; index++)
    assert.equal(toSnake(`theName${index}`).value, `the_name${index}`)
})

test('flatten and drop_empty go to any depth that fits, and end where there is none', () => {
  let deep: any = { end: 1 }
  for (let level = 0; level < 2000; level++) deep = { a: deep }
  assert.deepEqual(call(flatten, deep, '').value, { [`${'a'.repeat(2000)}end`]: 1 })
  assert.deepEqual(getAt(call(dropEmpty, deep).value, Array(2000).fill('a')).value, { end: 1 })
  for (const expression of ['flatten(d)', 'drop_empty(d)', 'merge(d, d)', 'snake_case(d)']) {
    const runner = compileRules(
      `tap: |\n  d = {'x': 1}\n  d['d'] = d\n  data['r'] = len(${expression})\nr: r`,
    ).createRunner()
    assert.equal(runner.run({}, '{}'), undefined, expression)
    assert.equal(runner.rejection.code, 'VALUE_ERROR', expression)
  }
})

test('drop_empty keeps zero, false and other types', () => {
  const tuple = new Tuple([null, 0, ''])
  assert.deepEqual(call(dropEmpty, { a: tuple, b: new Tuple(['-']), c: makeDict([['x', null]]) }).value, {
    a: new Tuple([0]),
  })
  for (const value of [null, '', '-', {}, [], [[], [{}]]])
    assert.equal(call(dropEmpty, value as never).value, undefined)
  for (const value of [0, false, 'x', ' ']) assert.equal(call(dropEmpty, value).value, value)
})

test('dicts of zip_dict that are made by code are the same, and count the same', () => {
  const { implementation } = zipDict
  assert.ok(implementation.kind === 'prepared')
  const { prepare } = implementation
  const parse = (run: ReturnType<typeof prepare>, keys: unknown, values: unknown) =>
    countedRecord((context) => run(context, keys, values))
  const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', '7', 'n'.repeat(40))
  const other = fc.constantFrom<unknown>('', null, 1, true, [], 2 ** 60)
  const keys = fc.array(fc.oneof({ weight: 12, arbitrary: key }, { weight: 1, arbitrary: other }), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(keys, fc.nat(8), (all, count) => {
      const values = Array.from({ length: count }, (_, index) => index)
      const compiled = prepare({}, { ...hostWith({}), compileRecord })
      for (let round = 0; round < 40; round++)
        assert.deepEqual(parse(compiled, all, values), parse(prepare({}, hostWith({})), all, values))
    }),
    { numRuns: propertyRuns(500) },
  )
})

test('keys of zip_dict and pairs_to_dict are texts in the end', () => {
  assert.deepEqual(zip(new Tuple([1, null, true]), ['a', 'b', 'c']).value, {
    1: 'a',
    null: 'b',
    true: 'c',
  })
  assert.equal(zip([[]], [1]).code, 'TYPE_ERROR')
  assert.equal(zip(['a'], 'b').message, "zip_dict() argument 'values' must be list, not str")
  const pairs: Value[] = [
    makeDict([
      ['Name', '__proto__'],
      ['Value', 1],
    ]),
    { Name: null, Value: null },
    { Value: 1 },
    {},
  ]
  assert.equal(JSON.stringify(call(pairsToDict, pairs).value), '{"__proto__":1,"null":null}')
  assert.equal(call(pairsToDict, [{ Name: {}, Value: 1 }]).code, 'TYPE_ERROR')
  assert.equal(call(pairsToDict, [], 1).code, 'TYPE_ERROR')
})

test('what the functions build counts', () => {
  const limits = { maxWork: 1e9, maxBuilt: 200_000 }
  const large = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`theName${index}`, index]))
  for (const expression of [
    "len(set_path(d, 'x', 1))",
    "len(without(d, 'x'))",
    'len(drop_empty(d))',
    'len(merge(d, d))',
    'len(snake_case(d))',
    'len(flatten(d))',
    'len(zip_dict(l, l))',
    'len(pairs_to_dict(p))',
  ]) {
    const runner = compileRules(`r: ${expression}`, limits).createRunner()
    const list = Object.keys(large)
    const event = { d: large, l: list, p: list.map((Name) => ({ Name, Value: 1 })) }
    assert.equal(runner.run(event, '{}'), undefined, expression)
    assert.match(runner.rejection.message, /result too big/, expression)
  }
})
