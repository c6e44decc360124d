import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCsv } from '../../../src/expression/functions/parse-csv.ts'
import { call, processorMs } from './calling.ts'

test('values with quotes come back as they were, whatever is in them', () => {
  const value = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '\n', "'", 'é') })
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const text = values.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')
      assert.deepEqual(call(parseCsv, text).value, values)
    }),
  )
})

test('delimiters of any length, quotes of several kinds and of none', () => {
  assert.deepEqual(call(parseCsv, "'a;;b';;c", null, ';;', `"'`).value, ['a;;b', 'c'])
  assert.deepEqual(call(parseCsv, 'a\tb\t', null, '\t').value, ['a', 'b', ''])
  assert.deepEqual(call(parseCsv, '"a,b"', null, ',', '').value, ['"a', 'b"'])
  assert.deepEqual(call(parseCsv, 'a "b,c" d').value, ['a "b', 'c" d'])
})

test('text behind a closing quote belongs to the value, and a quote that is never closed is a character', () => {
  assert.deepEqual(call(parseCsv, '"a"b,"c" ,d').value, ['ab', 'c ', 'd'])
  assert.deepEqual(call(parseCsv, '"a,"').value, ['a,'])
  assert.deepEqual(call(parseCsv, '"a,""').value, ['"a', '""'])
  assert.deepEqual(call(parseCsv, '"a,"b"",c').value, ['a,b""', 'c'])
})

test('the line break at the end does not count', () => {
  assert.deepEqual(call(parseCsv, 'a,b\r\n').value, ['a', 'b'])
  assert.deepEqual(call(parseCsv, '"a\nb",c\n').value, ['a\nb', 'c'])
  assert.equal(call(parseCsv, '\r\n').value, undefined)
})

test('columns are names of any kind, and those without a name are left out', () => {
  const { value } = call(parseCsv, '1,2,3,4,5', ['__proto__', null, 'constructor', '', 'a', 'b'])
  assert.deepEqual(Object.entries(value as object), [
    ['__proto__', '1'],
    ['constructor', '3'],
    ['a', '5'],
  ])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.deepEqual(call(parseCsv, '1,2', []).value, {})
  assert.equal(
    call(parseCsv, '1,2', ['a', 2]).message,
    "parse_csv() argument 'columns' must be a list of str, not of int",
  )
})

test('values beyond the columns are not read', () => {
  const text = 'a,'.repeat(5_000_000)
  const start = processorMs()
  assert.deepEqual(call(parseCsv, text, ['x']).value, { x: 'a' })
  assert.ok(processorMs() - start < 500)
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of ['"', '"a,', '"",', ',"', '"a"b,', ',', '"\'', '""a,']) {
    const text = piece.repeat(Math.ceil(300_000 / piece.length))
    const start = processorMs()
    call(parseCsv, text, null, ',', `"'`)
    call(parseCsv, text, null, '"')
    assert.ok(processorMs() - start < 3000, JSON.stringify(piece))
  }
})
