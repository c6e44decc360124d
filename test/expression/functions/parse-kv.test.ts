import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKv } from '../../../src/expression/functions/parse-kv.ts'
import { call } from './calling.ts'

test('separators of any length, and quotes of several kinds', () => {
  assert.deepEqual(call(parseKv, 'a=>1; b=>2', '; ', '=>').value, { a: '1', b: '2' })
  assert.deepEqual(call(parseKv, `a='x y' b="p 'q"`, ' ', '=', `"'`).value, { a: 'x y', b: "p 'q" })
  assert.deepEqual(call(parseKv, 'a="x y', ' ', '=', '').value, { a: '"x' })
  assert.deepEqual(call(parseKv, '"a b"=1 "c"', ' ').value, { 'a b': '1' })
  assert.deepEqual(call(parseKv, 'a=1\tb=2\r\nc=3').value, { a: '1', b: '2', c: '3' })
})

test('a value may hold the value separator, and may be empty', () => {
  assert.deepEqual(call(parseKv, 'q=a=b n= m=1 =x').value, { q: 'a=b', n: '', m: '1' })
  assert.deepEqual(call(parseKv, 'a:1,,b:,c', ',', ':').value, { a: '1', b: '' })
})

test('a quote that is never closed is a character like others, and a backslash before other characters stays', () => {
  assert.deepEqual(call(parseKv, 'a="x b=2').value, { a: '"x', b: '2' })
  assert.deepEqual(call(parseKv, 'a="C:\\new\\\\x" b="y"z c=1').value, { a: 'C:\\new\\x', b: 'y', c: '1' })
})

test('names that objects inherit are names like others', () => {
  const { value } = call(parseKv, '__proto__=1 constructor=2')
  assert.deepEqual(Object.entries(value as object), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('no pair is absence', () => {
  for (const text of ['', ' ', '=', '= =', 'word', '"', '"a"'])
    assert.equal(call(parseKv, text).value, undefined, text)
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of ['a="', 'a=" ', 'a b ', '= ', '"" ', '="\\', 'a=\\" ', '=', ' ', '"', 'a,', 'k="v']) {
    const text = piece.repeat(Math.ceil(262_144 / piece.length))
    const start = performance.now()
    call(parseKv, text)
    call(parseKv, text, ',', ':')
    assert.ok(performance.now() - start < 2000, JSON.stringify(piece))
  }
})

test('arguments of other types and useless separators are errors', () => {
  assert.equal(call(parseKv, 'a=1', 1).message, "parse_kv() argument 'pair_separator' must be str, not int")
  assert.equal(call(parseKv, 'a=1', ' ', null).code, 'TYPE_ERROR')
  assert.equal(call(parseKv, 'a=1', ' ', '=', 1).code, 'TYPE_ERROR')
  assert.equal(call(parseKv, 'a=1', '=').code, 'VALUE_ERROR')
  assert.equal(call(parseKv, 'a=1', ' ', '').code, 'VALUE_ERROR')
})
