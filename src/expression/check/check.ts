/**
 * Syntax tree to checked tree: resolves names, binds arguments, prepares constants, and notes every fault that it
 * finds on the way.
 */
import type { Expression, Fault, Statement } from '../syntax/ast.ts'
import type { Node, TapNode } from './checked.ts'
import { ExpressionChecker } from './expression-checker.ts'
import type { CheckContext } from './name-checker.ts'
import { StatementChecker } from './statement-checker.ts'

interface CheckResult<T> {
  readonly node: T
  readonly faults: readonly Fault[]
}

/** Checks a rule's expression. */
export function checkExpression(expression: Expression, context: CheckContext): CheckResult<Node> {
  const checker = new ExpressionChecker(context)
  return { node: checker.expression(expression), faults: checker.faults }
}

/**
 * Checks the statements of `tap`.
 *
 * @param lineOf gives the line inside tap of an offset, from 1
 */
export function checkStatements(
  statements: readonly Statement[],
  context: CheckContext,
  lineOf: (offset: number) => number,
): CheckResult<TapNode> {
  const checker = new StatementChecker(context)
  checker.declare(statements)
  const checked = checker.statements(statements, lineOf)
  return { node: { statements: checked, variables: checker.variableCount }, faults: checker.faults }
}
