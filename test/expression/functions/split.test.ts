import assert from 'node:assert/strict'
import { test } from 'node:test'
import { split } from '../../../src/expression/functions/split.ts'
import { call } from './calling.ts'

test('split keeps empty parts, and null splits at white space', () => {
  assert.deepEqual(call(split, '/usr//bin', '/').value, ['', 'usr', '', 'bin'])
  assert.deepEqual(call(split, 'a--b-c', '--').value, ['a', 'b-c'])
  assert.deepEqual(call(split, '', ',').value, [''])
  assert.deepEqual(call(split, '', null).value, [])
  assert.deepEqual(call(split, ' a  b ', null).value, ['a', 'b'])
  assert.equal(call(split, 'a', '').code, 'VALUE_ERROR')
})

test('what is not text is a type error that names the function, the parameter and the type', () => {
  assert.equal(call(split, true, ',').message, "split() argument 's' must be str, not bool")
  assert.equal(call(split, 'a', 1).message, "split() argument 'sep' must be str, not int")
  assert.equal(call(split, 'a', 1).code, 'TYPE_ERROR')
})
