import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  dictDelete,
  dictGet,
  dictHas,
  dictSet,
  dictSize,
  hashKey,
  isDict,
  isJsonObject,
  keyText,
  MAX_ENTRIES,
  makeDict,
  makeSet,
  setAdd,
  setDelete,
  setHas,
  setMember,
} from '../../../../src/expression/runtime/containers/keys.ts'
import type { JsonObject, Value } from '../../../../src/expression/value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator, ValueSet } from '../../../../src/expression/value.ts'
import type { Recorded } from '../../../cpython/containers-recording.ts'
import { decode } from '../../../cpython/containers-recording.ts'
import { meter } from '../unlimited.ts'

const recordedKeys: [Recorded, number][] = JSON.parse(
  readFileSync(new URL('../../../cpython/containers-keys.json', import.meta.url), 'utf8'),
)

const typeError = (message: RegExp) => ({ code: 'TYPE_ERROR', message })
const valueError = (message: RegExp) => ({ code: 'VALUE_ERROR', message })

test('two keys have the same hash key exactly where a dict of CPython takes them for one', () => {
  const first = new Map<unknown, number>()
  for (const [index, [key, expected]] of recordedKeys.entries()) {
    const hash = hashKey(decode(key))
    if (!first.has(hash)) first.set(hash, index)
    assert.equal(first.get(hash), expected, `key ${index}: ${JSON.stringify(key)}`)
  }
  assert.ok(recordedKeys.length > 100)
})

test('tuples of random nesting have the same hash key only if they are written the same', () => {
  const alphabet: Value[] = ['', 'a', 's1:a', '\0t', 1, 12, null, '1', 'z', 'n1;']
  let seed = 1
  const random = (limit: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % limit
  }
  const written = new Map<unknown, string>()
  const build = (depth: number): [Value, string] => {
    if (depth === 0 || random(3) === 0) {
      const value = alphabet[random(alphabet.length)]!
      return [value, JSON.stringify(value)]
    }
    const items = Array.from({ length: random(4) }, () => build(depth - 1))
    return [new Tuple(items.map(([value]) => value)), `(${items.map(([, text]) => text).join(' ')})`]
  }
  for (let round = 0; round < 5000; round++) {
    const [value, text] = build(3)
    const hash = hashKey(value)
    const known = written.get(hash)
    if (known === undefined) written.set(hash, text)
    else assert.equal(text, known)
  }
  assert.ok(written.size > 500)
})

test('what Python cannot hash is refused, also inside a tuple', () => {
  const refused: [Value, string][] = [
    [[], 'list'],
    [{}, 'dict'],
    [new Dict(), 'dict'],
    [new ValueSet(), 'set'],
    [new DictView('keys', {}), 'dict_keys'],
    [new ValueIterator('zip', [].values()), 'zip'],
  ]
  for (const [value, name] of refused) {
    const message = new RegExp(`^unhashable type: '${name}'$`)
    assert.throws(() => hashKey(value), typeError(message))
    assert.throws(() => hashKey(new Tuple([1, new Tuple([value])])), typeError(message))
  }
})

test('a tuple that nests too deep or gets too long as a key is a value error, not a crash', () => {
  let deep: Value = 1
  for (let depth = 0; depth < 100_000; depth++) deep = new Tuple([deep])
  assert.throws(() => hashKey(deep), valueError(/nests more than 500 tuples/))
  let wide: Value = 'x'.repeat(1 << 20)
  for (let depth = 0; depth < 40; depth++) wide = new Tuple([wide, wide])
  assert.throws(() => hashKey(wide), valueError(/too big/))
})

test('integers that V8 would put into one bucket are spread over many', () => {
  // V8's hash of a small integer (Thomas Wang's), which it does not seed.
  const bucket = (n: number) => {
    let hash = (~n + (n << 15)) | 0
    hash ^= hash >>> 12
    hash = (hash + (hash << 2)) | 0
    hash ^= hash >>> 4
    hash = Math.imul(hash, 2057)
    return (hash ^ (hash >>> 16)) & 0xff
  }
  const numbers = Array.from({ length: 100_000 }, (_, n) => n).filter((n) => bucket(n) === 7)
  const buckets = new Set(numbers.map((n) => bucket(hashKey(n) as number)))
  assert.ok(numbers.length > 100)
  assert.ok(buckets.size > 50, `${buckets.size} buckets`)
})

test('a dict keeps the first key and the last value of equal keys', () => {
  const dict = makeDict([
    [1, 'a'],
    ['x', 'b'],
    [true, 'c'],
    [1.0, 'd'],
  ])
  assert.deepEqual(
    [...dict.entries.values()],
    [
      [1, 'd'],
      ['x', 'b'],
    ],
  )
})

test('changing a copy that shares its pairs leaves the dict as it was', () => {
  const dict = makeDict([['a', 1]])
  const copy = new Dict()
  for (const [hash, entry] of dict.entries) copy.entries.set(hash, entry)
  dictSet(copy, 'a', 2)
  assert.equal(dictGet(dict, 'a'), 1)
})

test('names that objects inherit are absent until they are stored, and harm nothing then', () => {
  for (const make of [() => new Dict(), (): JsonObject => ({})]) {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__']) {
      const dict = make()
      assert.equal(dictGet(dict, name), undefined)
      assert.equal(dictHas(dict, name), false)
      assert.equal(dictDelete(dict, name), false)
      const value = { polluted: true }
      dictSet(dict, name, value)
      assert.equal(dictGet(dict, name), value)
      assert.equal(dictSize(meter, dict), 1)
      assert.equal((dict as { polluted?: unknown }).polluted, undefined)
      dictSet(dict, name, null)
      assert.equal(dictGet(dict, name), null)
      assert.equal(dictDelete(dict, name), true)
      assert.equal(dictSize(meter, dict), 0)
    }
  }
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
})

test('a member called __proto__ is written to JSON like any other', () => {
  const object: JsonObject = {}
  setMember(object, '__proto__', [1])
  assert.equal(JSON.stringify(object), '{"__proto__":[1]}')
})

test('a JSON object has text keys only: others are not found, and stored under their JSON text', () => {
  const object: JsonObject = { '1': 'one', null: 'none' }
  assert.equal(dictGet(object, 1), undefined)
  assert.equal(dictGet(object, null), undefined)
  assert.equal(dictHas(object, 1), false)
  assert.equal(dictDelete(object, 1), false)
  dictSet(object, 1, 'uno')
  dictSet(object, true, 'yes')
  dictSet(object, 2.5, 'half')
  dictSet(object, 12345678901234567890n, 'big')
  assert.deepEqual(object, {
    '1': 'uno',
    null: 'none',
    true: 'yes',
    '2.5': 'half',
    '12345678901234567890': 'big',
  })
  assert.throws(() => dictSet(object, new Tuple([1]), 0), typeError(/keys must be str.*not tuple/))
  assert.throws(() => dictSet(object, [], 0), typeError(/unhashable type: 'list'/))
  assert.throws(() => dictGet(object, []), typeError(/unhashable type: 'list'/))
  assert.throws(() => dictHas(object, {}), typeError(/unhashable type: 'dict'/))
})

test('the text of a key is its JSON text', () => {
  const texts: [Value, string][] = [
    ['', ''],
    ['a"b', 'a"b'],
    [null, 'null'],
    [true, 'true'],
    [false, 'false'],
    [0, '0'],
    [-0, '0'],
    [1.5, '1.5'],
    [1e300, '1e+300'],
    [2n ** 70n, '1180591620717411303424'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ]
  for (const [key, text] of texts) assert.equal(keyText(key), text)
  assert.throws(() => keyText(new Range(0, 1, 1)), typeError(/not range/))
})

test('a set takes the first of equal items, and no set is in a set', () => {
  const set = makeSet([1, true, 'a', 1.0, 'a'])
  assert.deepEqual([...set.entries.values()], [1, 'a'])
  assert.equal(setHas(set, true), true)
  assert.equal(setHas(set, 'b'), false)
  assert.equal(setHas(set, makeSet([1])), false)
  assert.equal(setDelete(set, makeSet([1])), false)
  assert.equal(setDelete(set, 1.0), true)
  assert.equal(setDelete(set, 1.0), false)
  assert.throws(() => setHas(set, []), typeError(/unhashable/))
  assert.throws(() => setAdd(set, makeSet([])), typeError(/unhashable type: 'set'/))
})

test('a full dict or set is a value error before the Map gives up', () => {
  const set = makeSet(['known'])
  const dict = makeDict([['known', 1]])
  for (const { entries } of [set, dict]) Object.defineProperty(entries, 'size', { value: MAX_ENTRIES })
  setAdd(set, 'known')
  dictSet(dict, 'known', 2)
  assert.throws(() => setAdd(set, 'new'), valueError(/too big/))
  assert.throws(() => dictSet(dict, 'new', 2), valueError(/too big/))
})

test('dicts are plain objects of any kind and Dicts, nothing else', () => {
  const bare: JsonObject = Object.create(null)
  for (const value of [{}, bare, { constructor: 1 }, JSON.parse('{"__proto__":1}') as Value]) {
    assert.equal(isJsonObject(value), true)
    assert.equal(isDict(value), true)
  }
  assert.equal(isJsonObject(new Dict()), false)
  assert.equal(isDict(new Dict()), true)
  const others: Value[] = [null, 1, 'a', [], new Tuple([]), new ValueSet(), new Range(0, 1, 1)]
  others.push(new DictView('keys', {}), new ValueIterator('zip', [].values()))
  for (const value of others) assert.equal(isDict(value), false)
})
