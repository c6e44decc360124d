import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replace } from '../../../src/expression/functions/replace.ts'
import { call } from './calling.ts'

test('replace takes both texts literally', () => {
  assert.equal(call(replace, 'a.b.c', '.', '$1$&').value, 'a$1$&b$1$&c')
  assert.equal(call(replace, 'a+b', '+', '\\').value, 'a\\b')
  assert.equal(call(replace, 'aaa', 'aa', 'b').value, 'ba')
  assert.equal(call(replace, 'ab', '', '-').value, '-a-b-')
  assert.equal(call(replace, '', 'x', 'y').value, '')
})

test('what is not text is a type error that names the function, the parameter and the type', () => {
  assert.equal(call(replace, {}, 'a', 'b').message, "replace() argument 's' must be str, not dict")
  assert.equal(call(replace, 'a', null, 'b').message, "replace() argument 'old' must be str, not NoneType")
  assert.equal(call(replace, 'a', 'a', 2n ** 70n).message, "replace() argument 'new' must be str, not int")
  assert.equal(call(replace, 'a', 'b', 1).code, 'TYPE_ERROR')
})
