import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRules } from '../../../src/rules/compile.ts'

test('attempt does not take the bound of what an event may cost', () => {
  const runner = compileRules("r: attempt('x' * n, 'default')", {
    maxWork: 1e9,
    maxBuilt: 10_000,
  }).createRunner()
  assert.deepEqual(runner.run({ n: 5 }, '{}'), { r: 'xxxxx' })
  assert.equal(runner.run({ n: 1e6 }, '{}'), undefined)
  assert.equal(runner.rejection.code, 'VALUE_ERROR')
  assert.deepEqual(runner.run({ n: 'y' }, '{}'), { r: 'default' })
})

test('attempt works in tap, in comprehensions and inside of other forms', () => {
  const rules = [
    'tap: |',
    "  data['n'] = attempt(a::int, -1)",
    'n: n',
    'list: "[attempt(x::int, 0) for x in xs]"',
    "first: coalesce(attempt(a::int, null), attempt(b::int, null), 'none')",
  ].join('\n')
  const runner = compileRules(rules).createRunner()
  const output = runner.run({ a: 'q', b: '7', xs: ['1', 'z', 3] }, '{}')
  assert.deepEqual(output, { n: -1, list: [1, 0, 3], first: 7 })
})
