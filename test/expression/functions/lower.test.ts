import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lower } from '../../../src/expression/functions/lower.ts'
import { call } from './calling.ts'

test('a text comes out in the lower case of Python', () => {
  assert.equal(call(lower, 'ÀÉ ΟΔΟΣ').value, 'àé οδος')
  assert.equal(call(lower, 'İ').value, 'i\u0307')
  assert.equal(call(lower, '').value, '')
})

test('what is not text is a type error that names the function, the parameter and the type', () => {
  assert.equal(call(lower, 5).message, "lower() argument 's' must be str, not int")
  assert.equal(call(lower, 5).code, 'TYPE_ERROR')
})
