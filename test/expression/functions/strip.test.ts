import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strip } from '../../../src/expression/functions/strip.ts'
import { call } from './calling.ts'

test('strip takes the text alone, or the characters first', () => {
  assert.equal(call(strip, '  a b\t\n').value, 'a b')
  assert.equal(call(strip, ',', ',a,b,').value, 'a,b')
  assert.equal(call(strip, ",'.", "'.,a.b'").value, 'a.b')
  assert.equal(call(strip, 'ab', 'abcab').value, 'c')
  assert.equal(call(strip, '', ' a ').value, ' a ')
  assert.equal(call(strip, null, ' a ').value, 'a')
  assert.equal(call(strip, ' ', '').value, '')
  assert.equal(call(strip, '\u00a0\u3000x\u2028').value, 'x')
})

test('strip works as a key function, which gives it one argument', () => {
  assert.equal(call(strip, ' x ', undefined).value, 'x')
})

test('what is not text is a type error that names the function, the parameter and the type', () => {
  assert.equal(call(strip, [' a ']).message, "strip() argument 's' must be str, not list")
  assert.equal(call(strip, ',', 1.5).message, "strip() argument 's' must be str, not float")
  assert.equal(call(strip, 1, 'a').message, "strip() argument 'chars' must be str, not int")
  assert.equal(call(strip, 1, 'a').code, 'TYPE_ERROR')
})
