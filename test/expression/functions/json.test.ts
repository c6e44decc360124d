import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../../src/expression/functions/parse-json.ts'
import { toJson } from '../../../src/expression/functions/to-json.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { call, processorMs } from './calling.ts'

test('parse_json and to_json are the inverse of one another', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value)
      assert.equal(
        call(toJson, call(parseJson, text).value as never).value,
        text.replaceAll(/(?<=^|[[,:])-0(?=$|[\],}])/g, '0'),
      )
    }),
  )
  for (const text of ['{"10":1,"9":{"a":[]}}', '12345678901234567890', '{"__proto__":{"a":1}}', '"\\ud800"'])
    assert.equal(call(toJson, call(parseJson, text).value as never).value, text)
})

test('what is no JSON is absent: cut off, too much, too deep, NaN', () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000)
  for (const text of [
    '',
    ' ',
    '{',
    '{"a":1}x',
    'NaN',
    '[1,]',
    "{'a':1}",
    '"a',
    '01',
    '\ufeff1',
    deep,
    '['.repeat(1e6),
  ])
    assert.equal(call(parseJson, text).value, undefined, text.slice(0, 20))
})

test('a member called __proto__ is a member', () => {
  const { value } = call(parseJson, '{"__proto__":{"polluted":true},"a":1}')
  assert.deepEqual(Object.keys(value as object), ['__proto__', 'a'])
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
})

test('the values that are read, and the texts that are written, count', () => {
  const limits = { maxWork: 1e9, maxBuilt: 1_000_000 }
  const runner = compileRules(
    'n: len(parse_json(s))\nt: len(to_json([[s] * 100] * 100))',
    limits,
  ).createRunner()
  assert.deepEqual(runner.run({ s: '[[],0]' }, '{}'), { n: 2, t: 90_201 })
  assert.equal(runner.run({ s: `[${'[],'.repeat(200_000)}0]` }, '{}'), undefined)
  assert.equal(runner.rejection.code, 'VALUE_ERROR')
  assert.equal(runner.run({ s: `"${'x'.repeat(1000)}"` }, '{}'), undefined)
  assert.match(runner.rejection.message, /^t: result too big/)
})

test('a value without end is not written', () => {
  const runner = compileRules(
    "tap: |\n  a = []\n  a.append(a)\n  data['r'] = attempt(to_json(a), 'endless')\nr: r",
  ).createRunner()
  assert.deepEqual(runner.run({}, '{}'), { r: 'endless' })
})

test('long texts cost their length', () => {
  for (const piece of ['[', '{"a":', '"\\u0000', '1.0,', '"a",', '{', ' ', '\\']) {
    const text = `[${piece.repeat(Math.ceil(300_000 / piece.length))}`
    const start = processorMs()
    call(parseJson, text)
    assert.ok(processorMs() - start < 2000, piece)
  }
})
