import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCsv } from '../../../src/expression/functions/parse-csv.ts'
import { compileRecord } from '../../../src/rules/generate/record-compiler.ts'
import { propertyRuns } from '../../property-runs.ts'
import { countedRecord, hostWith, type Outcome, outcomeOf, processorMs } from './calling.ts'

const { implementation } = parseCsv
assert.ok(implementation.kind === 'prepared')
const { prepare } = implementation
const parse = prepare({}, hostWith({}))
const call = (...args: any[]): Outcome => outcomeOf((context) => parse(context, ...args))

test('values with quotes come back as they were, whatever is in them', () => {
  const value = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', '\n', "'", 'é') })
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const text = values.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')
      assert.deepEqual(call(text).value, values)
    }),
  )
})

test('delimiters of any length, quotes of several kinds and of none', () => {
  assert.deepEqual(call("'a;;b';;c", null, ';;', `"'`).value, ['a;;b', 'c'])
  assert.deepEqual(call('a\tb\t', null, '\t').value, ['a', 'b', ''])
  assert.deepEqual(call('"a,b"', null, ',', '').value, ['"a', 'b"'])
  assert.deepEqual(call('a "b,c" d').value, ['a "b', 'c" d'])
})

test('text behind a closing quote belongs to the value, and a quote that is never closed is a character', () => {
  assert.deepEqual(call('"a"b,"c" ,d').value, ['ab', 'c ', 'd'])
  assert.deepEqual(call('"a,"').value, ['a,'])
  assert.deepEqual(call('"a,""').value, ['"a', '""'])
  assert.deepEqual(call('"a,"b"",c').value, ['a,b""', 'c'])
})

test('the line break at the end does not count', () => {
  assert.deepEqual(call('a,b\r\n').value, ['a', 'b'])
  assert.deepEqual(call('"a\nb",c\n').value, ['a\nb', 'c'])
  assert.equal(call('\r\n').value, undefined)
})

test('columns are names of any kind, and those without a name are left out', () => {
  const { value } = call('1,2,3,4,5', ['__proto__', null, 'constructor', '', 'a', 'b'])
  assert.deepEqual(Object.entries(value as object), [
    ['__proto__', '1'],
    ['constructor', '3'],
    ['a', '5'],
  ])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.deepEqual(call('1,2', []).value, {})
  assert.equal(
    call('1,2', ['a', 2]).message,
    "parse_csv() argument 'columns' must be a list of str, not of int",
  )
})

/** What a parser makes of a text, with its order and what it counted. */
function recordOf(parser: typeof parse, text: string, columns: unknown): unknown {
  return countedRecord((context) => parser(context, text, columns))
}

test('records that are made by code are the same', () => {
  const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', '7', '', null)
  const columns = fc.array(
    fc.oneof({ weight: 20, arbitrary: name }, { weight: 1, arbitrary: fc.constant(1) }),
    { maxLength: 6 },
  )
  const text = fc.constantFrom('1', '1,2', '1,,"3,4"', '1,2,3,4,5,6,7')
  fc.assert(
    fc.property(fc.array(fc.tuple(text, columns), { minLength: 1, maxLength: 3 }), (all) => {
      const compiled = prepare({}, { ...hostWith({}), compileRecord })
      for (let round = 0; round < 40; round++)
        for (const [text, columns] of all)
          assert.deepEqual(recordOf(compiled, text, columns), recordOf(parse, text, columns))
    }),
    { numRuns: propertyRuns(500) },
  )
})

test('values beyond the columns are not read', () => {
  const text = 'a,'.repeat(5_000_000)
  const start = processorMs()
  assert.deepEqual(call(text, ['x']).value, { x: 'a' })
  assert.ok(processorMs() - start < 500)
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of ['"', '"a,', '"",', ',"', '"a"b,', ',', '"\'', '""a,']) {
    const text = piece.repeat(Math.ceil(300_000 / piece.length))
    const start = processorMs()
    call(text, null, ',', `"'`)
    call(text, null, '"')
    assert.ok(processorMs() - start < 3000, JSON.stringify(piece))
  }
})
