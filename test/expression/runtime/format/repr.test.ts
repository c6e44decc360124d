import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../../src/expression/failure.ts'
import { makeDict } from '../../../../src/expression/runtime/containers/keys.ts'
import { ascii, repr, str } from '../../../../src/expression/runtime/format/repr.ts'
import type { JsonObject, Value } from '../../../../src/expression/value.ts'
import { Dict, DictView, Tuple, ValueIterator } from '../../../../src/expression/value.ts'
import { decode, readRecording } from '../../../cpython/number-values.ts'

test('repr, str and ascii are CPython’s', () => {
  for (const [recorded, representation, text, escaped] of readRecording('repr').reprs!) {
    const value = decode(recorded)
    assert.equal(repr(value), representation)
    assert.equal(str(value), text)
    assert.equal(ascii(value), escaped)
  }
})

test('a float with an integral value prints as an integer', () => {
  assert.equal(repr(4 / 2), '2')
  assert.equal(str(-0), '0')
  assert.equal(repr([200.0, 2 ** 53]), '[200, 9007199254740992]')
})

test('a dict of either kind prints the same', () => {
  assert.equal(
    repr(JSON.parse('{"__proto__": 1, "a": {"constructor": null}}')),
    "{'__proto__': 1, 'a': {'constructor': None}}",
  )
  assert.equal(repr(makeDict([['__proto__', 1]])), "{'__proto__': 1}")
})

test('an iterator has no address', () => {
  assert.equal(repr(new ValueIterator('zip', [].values())), '<zip object>')
  assert.equal(repr([new ValueIterator('generator', [1].values())]), '[<generator object>]')
})

test('a container that holds itself is abbreviated', () => {
  const list: Value[] = [1]
  list.push(list)
  assert.equal(repr(list), '[1, [...]]')
  const object: JsonObject = {}
  object.a = [object]
  assert.equal(repr(object), "{'a': [{...}]}")
  const dict = makeDict([['t', 0]])
  dict.entries.set('t', ['t', new Tuple([dict, 1])])
  assert.equal(repr(dict), "{'t': ({...}, 1)}")
  const holder = new Dict()
  const view = new DictView('values', holder)
  holder.entries.set('v', ['v', view])
  assert.equal(repr(view), 'dict_values([...])')
})

test('a container that occurs twice is written twice', () => {
  const shared = [1]
  assert.equal(repr([shared, shared, { a: shared }]), "[[1], [1], {'a': [1]}]")
})

test('containers that nest too deep are a value error', () => {
  let deep: Value = []
  for (let depth = 1; depth < 1000; depth++) deep = [deep]
  assert.equal(repr(deep).length, 2000)
  assert.throws(() => repr([deep]), Failure)
})

test('a result that doubles with every level is a value error, not memory', () => {
  let doubled: Value = ['0123456789'.repeat(1000)]
  for (let level = 0; level < 40; level++) doubled = [doubled, doubled]
  assert.throws(
    () => repr(doubled),
    (error: Failure) => error.code === 'VALUE_ERROR' && error.message.startsWith('result too big'),
  )
})
