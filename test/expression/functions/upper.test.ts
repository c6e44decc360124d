import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upper } from '../../../src/expression/functions/upper.ts'
import { call } from './calling.ts'

test('a text comes out in the upper case of Python', () => {
  assert.equal(call(upper, 'straße ﬁ').value, 'STRASSE FI')
  assert.equal(call(upper, 'ǆ').value, 'Ǆ')
  assert.equal(call(upper, '').value, '')
})

test('what is not text is a type error that names the function, the parameter and the type', () => {
  assert.equal(call(upper, null).message, "upper() argument 's' must be str, not NoneType")
  assert.equal(call(upper, null).code, 'TYPE_ERROR')
})
