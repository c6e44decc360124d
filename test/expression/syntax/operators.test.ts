import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RUNTIME } from '../../../src/expression/runtime/runtime.ts'
import type { Expression } from '../../../src/expression/syntax/ast.ts'
import type { BinaryOperator } from '../../../src/expression/syntax/operators.ts'
import {
  BINARY_OPERATORS,
  COMPARISON_OPERATORS,
  SIGN_OPERATORS,
} from '../../../src/expression/syntax/operators.ts'
import { parseExpression } from '../../../src/expression/syntax/parse.ts'
import { compileRules } from '../../../src/rules/compile.ts'

const BINARY = Object.keys(BINARY_OPERATORS) as BinaryOperator[]

/** The expression with parentheses round every operation. */
function grouped(expression: Expression): string {
  if (expression.kind === 'name') return expression.name
  assert.equal(expression.kind, 'binary')
  const { left, operator, right } = expression as Expression & { kind: 'binary' }
  return `(${grouped(left)} ${operator} ${grouped(right)})`
}

test('two binary operators are grouped as their precedence and associativity say', () => {
  for (const one of BINARY) {
    for (const other of BINARY) {
      const { precedence, associativity } = BINARY_OPERATORS[one]
      const after = BINARY_OPERATORS[other].precedence
      const leftFirst = precedence === after ? associativity === 'left' : precedence > after
      const { expression, faults } = parseExpression(`a ${one} b ${other} c`)
      assert.deepEqual(faults, [])
      assert.equal(
        grouped(expression!),
        leftFirst ? `((a ${one} b) ${other} c)` : `(a ${one} (b ${other} c))`,
        `a ${one} b ${other} c`,
      )
    }
  }
})

test('generated code evaluates an operator with the function that the table names', () => {
  const named = (source: string, helper: string): void => {
    assert.ok(Object.hasOwn(RUNTIME, helper), helper)
    assert.match(source, new RegExp(`\\b${helper}\\(`), helper)
  }
  for (const [operator, definition] of Object.entries(BINARY_OPERATORS)) {
    const inPlace = 'inPlace' in definition ? definition.inPlace : definition.helper
    named(compileRules(`r: (a ${operator} b)`).source, definition.helper)
    named(compileRules(`tap: |\n  x = a\n  x ${operator}= b\nr: c`).source, inPlace)
  }
  for (const [operator, { helper }] of Object.entries(SIGN_OPERATORS))
    named(compileRules(`r: (${operator}a)`).source, helper)
  for (const [operator, { helper }] of Object.entries(COMPARISON_OPERATORS))
    named(compileRules(`r: (a ${operator} b)`).source, helper)
})
