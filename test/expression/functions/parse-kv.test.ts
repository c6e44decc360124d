import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseKv } from '../../../src/expression/functions/parse-kv.ts'
import { compileRecord } from '../../../src/rules/generate/record-compiler.ts'
import { propertyRuns } from '../../property-runs.ts'
import { countedRecord, hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = parseKv
assert.ok(implementation.kind === 'prepared')
const { prepare } = implementation
const parse = prepare({}, hostWith({}))
const call = (...args: any[]): Outcome => outcomeOf((context) => parse(context, ...args))

test('separators of any length, and quotes of several kinds', () => {
  assert.deepEqual(call('a=>1; b=>2', '; ', '=>').value, { a: '1', b: '2' })
  assert.deepEqual(call(`a='x y' b="p 'q"`, ' ', '=', `"'`).value, { a: 'x y', b: "p 'q" })
  assert.deepEqual(call('a="x y', ' ', '=', '').value, { a: '"x' })
  assert.deepEqual(call('"a b"=1 "c"', ' ').value, { 'a b': '1' })
  assert.deepEqual(call('a=1\tb=2\r\nc=3').value, { a: '1', b: '2', c: '3' })
})

test('a value may hold the value separator, and may be empty', () => {
  assert.deepEqual(call('q=a=b n= m=1 =x').value, { q: 'a=b', n: '', m: '1' })
  assert.deepEqual(call('a:1,,b:,c', ',', ':').value, { a: '1', b: '' })
})

test('a quote that is never closed is a character like others, and a backslash before other characters stays', () => {
  assert.deepEqual(call('a="x b=2').value, { a: '"x', b: '2' })
  assert.deepEqual(call('a="C:\\new\\\\x" b="y"z c=1').value, { a: 'C:\\new\\x', b: 'y', c: '1' })
})

test('names that objects inherit are names like others', () => {
  const { value } = call('__proto__=1 constructor=2')
  assert.deepEqual(Object.entries(value as object), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

/** What a parser makes of a text, with its order and what it counted. */
function recordOf(parser: typeof parse, args: readonly string[]): unknown {
  return countedRecord((context) => parser(context, ...args))
}

const PIECES = [
  'a',
  'b',
  'ab',
  '=',
  '==',
  ' ',
  '"',
  "'",
  '\\',
  '\t',
  '\u00a0',
  'ф',
  ',',
  'a=',
  ' b=1 ',
  ',a=',
  '\n',
]
const FORMATS = [
  [' ', '=', '"'],
  [' ', '=', `"'`],
  [',', '=', '"'],
  [' ', ':', ''],
  ['==', '=', '"'],
  ['a', '=', '\\'],
  ['=', '==', ' "'],
  [' ', '\t', '"'],
] as const

test('names that were met in other texts change nothing', () => {
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 16 }).map((pieces) => pieces.join(''))
  const calls = fc.array(fc.tuple(fc.constantFrom(...FORMATS.slice(0, 2), ...FORMATS), text), {
    minLength: 2,
    maxLength: 12,
  })
  fc.assert(
    fc.property(calls, (all) => {
      const learned = prepare({}, hostWith({}))
      for (const [format, text] of all) {
        const args = [text, ...format]
        assert.deepEqual(recordOf(learned, args), recordOf(prepare({}, hostWith({})), args))
      }
    }),
    { numRuns: propertyRuns(5000) },
  )
})

test('objects that are made by code are the same', () => {
  const piece = fc.constantFrom('a=1', 'b="x y"', 'c=', '__proto__=2', '7=3', 'word', 'a=4', 'constructor=5')
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(' '))
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (texts) => {
      const compiled = prepare({}, { ...hostWith({}), compileRecord })
      for (let round = 0; round < 40; round++)
        for (const text of texts) assert.deepEqual(recordOf(compiled, [text]), recordOf(parse, [text]))
    }),
    { numRuns: propertyRuns(500) },
  )
})

test('names are expected where they stood before, in lines of several kinds', () => {
  const lines = [
    'a=1 b=2 c=3',
    'a=1 c=2 b=3',
    'a=4 b=5 d=6',
    'b=7 a="x" c=8',
    'a=1 a==2 ab=3',
    '"a"=1 b=2',
    'a= b c=1',
  ]
  const expected = [
    { a: '1', b: '2', c: '3' },
    { a: '1', c: '2', b: '3' },
    { a: '4', b: '5', d: '6' },
    { b: '7', a: 'x', c: '8' },
    { a: '=2', ab: '3' },
    { a: '1', b: '2' },
    { a: '', c: '1' },
  ]
  for (const _round of [1, 2, 3])
    assert.deepEqual(
      lines.map((line) => call(line).value),
      expected,
    )
})

test('a name that is not closed as a quote in one text is in the next one', () => {
  assert.deepEqual(call('"a=1 b=2').value, { '"a': '1', b: '2' })
  assert.deepEqual(call('"a=1 b"=2').value, { 'a=1 b': '2' })
})

test('more names, and longer ones, than are kept', () => {
  for (let index = 0; index < 3000; index++)
    assert.deepEqual(call(`n${index}=1 x=2`).value, { [`n${index}`]: '1', x: '2' })
  const long = 'n'.repeat(100)
  for (const _round of [1, 2]) assert.deepEqual(call(`${long}=1 x=2`).value, { [long]: '1', x: '2' })
})

test('no pair is absence', () => {
  for (const text of ['', ' ', '=', '= =', 'word', '"', '"a"'])
    assert.equal(call(text).value, undefined, text)
})

test('a text costs its length, whatever it is made of', () => {
  for (const piece of ['a="', 'a=" ', 'a b ', '= ', '"" ', '="\\', 'a=\\" ', '=', ' ', '"', 'a,', 'k="v']) {
    const text = piece.repeat(Math.ceil(262_144 / piece.length))
    const start = performance.now()
    call(text)
    call(text, ',', ':')
    assert.ok(performance.now() - start < 2000, JSON.stringify(piece))
  }
})

test('arguments of other types and useless separators are errors', () => {
  assert.equal(call('a=1', 1).message, "parse_kv() argument 'pair_separator' must be str, not int")
  assert.equal(call('a=1', ' ', null).code, 'TYPE_ERROR')
  assert.equal(call('a=1', ' ', '=', 1).code, 'TYPE_ERROR')
  assert.equal(call('a=1', '=').code, 'VALUE_ERROR')
  assert.equal(call('a=1', ' ', '').code, 'VALUE_ERROR')
})
