import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallableTable } from '../../../../src/expression/runtime/method.ts'
import { FLOAT_METHODS, INT_METHODS } from '../../../../src/expression/runtime/numbers/number-methods.ts'
import { decode, encode, expected, outcome, readRecording } from '../../../cpython/number-values.ts'
import { meter } from '../unlimited.ts'

const recording = readRecording('number-methods')

function tableOf(method: string): CallableTable {
  return Object.hasOwn(INT_METHODS, method) ? INT_METHODS : FLOAT_METHODS
}

test('methods give what CPython gives', () => {
  for (const [receiver, method, result] of recording.methods!) {
    const actual = outcome(() => tableOf(method)[method]!.call(meter, decode(receiver)))
    assert.deepEqual(actual, expected(result), `${JSON.stringify(receiver)}.${method}()`)
  }
})

test('what int and float have in common is in both tables', () => {
  for (const table of [INT_METHODS, FLOAT_METHODS]) {
    assert.equal(table.conjugate!.call(meter, 5), 5)
    assert.deepEqual(encode(table.as_integer_ratio!.call(meter, -7)), { $: 'tuple', v: [-7, 1] })
  }
})

test('no method of a number changes it, and none takes an argument', () => {
  for (const method of [...Object.values(INT_METHODS), ...Object.values(FLOAT_METHODS)]) {
    assert.equal(method.mutates, false)
    assert.equal(method.signature.parameters.length, 0)
  }
})
