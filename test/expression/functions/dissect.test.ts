import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ArgumentProblem } from '../../../src/expression/functions/definition.ts'
import { dissect } from '../../../src/expression/functions/dissect.ts'
import type { Value } from '../../../src/expression/value.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { RuleError } from '../../../src/rules/rule-error.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = dissect
assert.ok(implementation.kind === 'prepared')
const { prepare } = implementation

function dissector(pattern: Value): (s: Value) => Outcome {
  const run = prepare({ pattern }, hostWith({}))
  return (s) => outcomeOf((context) => run(context, s, pattern))
}

const parts = (pattern: string, text: string): unknown => dissector(pattern)(text).value

function problem(pattern: Value): ArgumentProblem {
  try {
    dissector(pattern)
  } catch (error) {
    if (error instanceof ArgumentProblem) return error
    throw error
  }
  return assert.fail('the pattern was accepted')
}

/** The message of the only problem of a rule file. */
function complaint(rules: string): string {
  try {
    compileRules(rules)
  } catch (error) {
    if (error instanceof RuleError) return error.problems.map(({ message }) => message).join('; ')
    throw error
  }
  return assert.fail('the rules were accepted')
}

describe('dissect', () => {
  test('cuts at the first place of each delimiter, and the last field takes the rest', () => {
    assert.deepEqual(parts('%{a} %{b}: %{c}', 'x y: z: w'), { a: 'x', b: 'y', c: 'z: w' })
    assert.deepEqual(parts('<%{pri}>%{rest}', '<34>'), { pri: '34', rest: '' })
    assert.deepEqual(parts('%{a},%{b},%{c}', ',,'), { a: '', b: '', c: '' })
    assert.deepEqual(parts('[%{a}]', '[x] y]'), { a: 'x] y' })
    assert.deepEqual(parts('%{only}', 'a b'), { only: 'a b' })
    assert.deepEqual(parts('%{a}😀%{b}', 'é😀ж'), { a: 'é', b: 'ж' })
    assert.deepEqual(parts('100%%{a}', '100%x'), { a: 'x' })
  })

  test('a delimiter that is missing is absence', () => {
    for (const text of ['', 'x', '[x', 'x] y', '[x]y', '[x] y '])
      assert.equal(parts('[%{a}] %{b}.', text), undefined, text)
    assert.equal(parts('ab%{a}b', 'ab'), undefined)
  })

  test('skips, joins, orders and takes padding', () => {
    assert.deepEqual(parts('%{?x} %{} %{a}', '1 2 3'), { a: '3' })
    assert.deepEqual(parts('%{ts} %{+ts}, %{+ts} %{a}', '1 2, 3 4'), { ts: '1 2, 3', a: '4' })
    assert.deepEqual(parts('%{+a/3}-%{+a/1}-%{b}-%{+a/2}', 'z-x-b-y'), { a: 'x-y-z', b: 'b' })
    assert.deepEqual(parts('%{a->} %{b->} %{c}', 'x    y z'), { a: 'x', b: 'y', c: 'z' })
    assert.deepEqual(parts('%{->} %{c}', 'x    z'), { c: 'z' })
    assert.deepEqual(parts('%{a->}--', 'x------'), { a: 'x' })
    assert.deepEqual(parts('%{a} %{b}', 'x   y'), { a: 'x', b: '  y' })
  })

  test('names that objects inherit are names like others', () => {
    const value = parts('%{__proto__} %{+__proto__} %{constructor} %{+toString}', 'a b c d')
    assert.deepEqual(Object.entries(value as object), [
      ['__proto__', 'a b'],
      ['constructor', 'c'],
      ['toString', 'd'],
    ])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
  })

  test('says at load what is wrong with a pattern, and where', () => {
    const cases: [pattern: Value, message: RegExp, offset: number][] = [
      ['%{a}%{b}', /two fields without a delimiter/, 4],
      ['x %{a', /not closed/, 2],
      ['%{a} %{b} %{a}', /'a' is given twice/, 12],
      ['%{a} %{+}', /'\+' needs the name/, 7],
      ['%{*k} %{&k}', /'\*' is not supported/, 2],
      ['%{a/2}', /a number needs a '\+'/, 2],
      ['abc', /no field/, 0],
      ['%{} %{?x}', /no field/, 0],
      [1, /a pattern is a string, not int/, 0],
    ]
    for (const [pattern, message, offset] of cases) {
      assert.match(problem(pattern).message, message)
      assert.equal(problem(pattern).offset, offset, String(pattern))
    }
  })

  test('takes patterns out of a table, all of which are checked', () => {
    const rules = (lookup: string, call: string): string =>
      `lookup: {layouts: ${lookup}}\nout: {field: ${JSON.stringify(call)}, required: false}\n`
    const call = "dissect(message, lookup('layouts', program, '%{all}'))"
    const run = (event: Record<string, unknown>): unknown =>
      compileRules(rules("{id: '%{user}:%{uid}', su: '%{from} %{to}'}", call))
        .createRunner()
        .run(event as never, JSON.stringify(event))
    assert.deepEqual(run({ program: 'id', message: 'a:b' }), { out: { user: 'a', uid: 'b' } })
    assert.deepEqual(run({ program: 'su', message: 'a b' }), { out: { from: 'a', to: 'b' } })
    assert.deepEqual(run({ program: 'x', message: 'a b' }), { out: { all: 'a b' } })
    assert.deepEqual(run({ program: 'su', message: 'ab' }), {})
    assert.match(
      complaint(rules("{id: '%{user}%{uid}'}", call)),
      /^table 'layouts', key 'id': two fields without a delimiter between them$/,
    )
    assert.match(
      complaint(rules('{id: 5}', call)),
      /^table 'layouts', key 'id': a pattern is a string, not int$/,
    )
    assert.match(complaint(rules('{}', "dissect(message, lookup('layouts', a))")), /is empty/)
    assert.match(
      complaint(rules("{a: '%{b}'}", "dissect(message, lookup('layout', a))")),
      /no lookup table is called/,
    )
    assert.match(
      complaint(rules("{a: '%{b}'}", "dissect(message, lookup('layouts', a, b))")),
      /the default is a constant here/,
    )
    assert.match(
      complaint(rules("{a: '%{b}'}", 'dissect(message, pattern)')),
      /dissect needs a constant here/,
    )
  })

  test('a text costs its length', () => {
    for (const piece of [' ', '-> ', 'a ', '--']) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length))
      const start = performance.now()
      for (const pattern of ['%{a->} %{b}x', '%{a->}--', '%{a} %{+a} %{+a} %{b}->%{c}'])
        dissector(pattern)(text)
      assert.ok(performance.now() - start < 1000, JSON.stringify(piece))
    }
  })
})
