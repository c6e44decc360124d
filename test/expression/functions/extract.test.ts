import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ArgumentProblem, type PrepareHost } from '../../../src/expression/functions/definition.ts'
import { extract } from '../../../src/expression/functions/extract.ts'
import type { Value } from '../../../src/expression/value.ts'
import { printModule } from '../../../src/rules/aot/print-rules.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { preparedFunction } from '../../../src/runtime.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = extract
assert.ok(implementation.kind === 'prepared')
const { prepare } = implementation

const OWN: PrepareHost['patterns'] = {
  names: ['TICKET'],
  get: (name) => (name === 'TICKET' ? '[A-Z]{2}-%{INT:ticket:int}' : undefined),
}

function extractor(pattern: Value, ...patterns: Value[]): (s: Value) => Outcome {
  const run = prepare({ pattern, patterns }, { ...hostWith({}), patterns: OWN })
  return (s) => outcomeOf((context) => run(context, s))
}

function problem(pattern: Value, ...patterns: Value[]): ArgumentProblem {
  try {
    extractor(pattern, ...patterns)
  } catch (error) {
    if (error instanceof ArgumentProblem) return error
    throw error
  }
  return assert.fail('the pattern was accepted')
}

describe('extract', () => {
  test('gives the groups of the first pattern that is found', () => {
    const run = extractor('a(?P<a>\\d)', 'b(?P<b>\\d)(?P<c>x)?')
    assert.deepEqual(run('b1 a2').value, { a: '2' })
    assert.deepEqual(run('b1').value, { b: '1' })
    assert.deepEqual(run('b1x').value, { b: '1', c: 'x' })
    assert.deepEqual(run('c').value, undefined)
    assert.equal(run(5).message, "extract() argument 's' must be str, not int")
  })

  test('a group that matched nothing is there, one that took no part is not', () => {
    assert.deepEqual(extractor('(?P<a>x*)(?:(?P<b>y)|(?P<c>z*))')('q').value, { a: '', c: '' })
  })

  test('texts become numbers where the type says so, and are left out where they are none', () => {
    const run = extractor('%{NOTSPACE:i:int} %{NOTSPACE:f:float} %{NOTSPACE:t}')
    assert.deepEqual(run('12 1.5 7').value, { i: 12, f: 1.5, t: '7' })
    assert.deepEqual(run('-0x1F 1e3 7').value, { i: -31, f: 1000, t: '7' })
    assert.deepEqual(run('9007199254740993 x 7').value, { i: 9007199254740993n, t: '7' })
    assert.deepEqual(run('1.5 - 7').value, { t: '7' })
    const { value } = run(`${'9'.repeat(1_000_000)} 1 x`)
    assert.deepEqual(value, { f: 1, t: 'x' })
  })

  test('each call gives a dict of its own, also for the text of the call before', () => {
    const run = extractor('(?P<a>\\d)')
    const first = run('1').value as Record<string, unknown>
    first.a = 'changed'
    assert.deepEqual(run('1').value, { a: '1' })
    assert.deepEqual(run('2').value, { a: '2' })
    assert.deepEqual(run('x').value, undefined)
    assert.deepEqual(run('x').value, undefined)
  })

  test('names that objects inherit are names like others', () => {
    const { value } = extractor('(?P<__proto__>a)(?P<constructor>b)')('ab')
    assert.deepEqual(Object.entries(value as object), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
  })

  test('knows the patterns of the rule file', () => {
    assert.deepEqual(extractor('%{TICKET}')('see AB-12').value, { ticket: 12 })
    assert.deepEqual(extractor('%{TICKET:id}')('see AB-12').value, { id: 'AB-12', ticket: 12 })
  })

  test('says at load what is wrong with a pattern, and where', () => {
    assert.deepEqual(
      [problem('x %{TICKT:n}').message, problem('x %{TICKT:n}').offset, problem('x %{TICKT:n}').hint],
      ["bad pattern: there is no pattern 'TICKT'", 4, "did you mean 'TICKET'?"],
    )
    assert.equal(problem('%{INT:n}(').message, 'bad pattern: missing ), unterminated subpattern')
    assert.equal(problem('%{INT:n}(').offset, 8)
    assert.deepEqual(
      [problem('(?P<a>a)', '(?P<a>').parameter, problem('(?P<a>a)', '(?P<a>').index],
      ['patterns', 0],
    )
    assert.match(problem('a%{INT}').message, /no named group/)
    assert.match(problem(1).message, /a pattern is a string, not int/)
    assert.match(problem('(?P<q>["\']).*(?P=q)x').message, /could not be proven safe/)
  })

  test('what printed code prepares knows the patterns that the constants refer to', () => {
    const constants = { pattern: '%{TICKET:id}', patterns: [] }
    const run = preparedFunction(extract, constants, {
      patterns: new Map([['TICKET', 'T%{INT:n:int}']]),
    })
    assert.deepEqual(outcomeOf((context) => run(context, 'T5')).value, { id: 'T5', n: 5 })
  })

  test('rules that ask for the same share one search', () => {
    const rules = compileRules(
      [
        "a: extract(message, '%{INT:a} %{INT:b}')['a']",
        "b: extract(message, '%{INT:a} %{INT:b}')['b']",
        'c: {field: "extract(message, \'%{INT:a}x\')", required: false}',
      ].join('\n'),
    )
    assert.equal(printModule(rules).match(/lazy\(\(\) => \(preparedFunction/g)?.length, 2)
    const event = { message: '1 2' }
    assert.deepEqual(rules.createRunner().run(event, JSON.stringify(event)), { a: '1', b: '2' })
  })
})
