/** Operators, comparisons and conditional expressions. */
import type { Node } from '../check/checked.ts'
import { setRecipe } from '../recipe.ts'
import type { ComparisonOperator } from '../syntax/operators.ts'
import { COMPARISON_OPERATORS } from '../syntax/operators.ts'
import type { Code, Name } from './code.ts'
import { _, anyOf } from './code.ts'
import { hasStrictEquality, isSingleton, stringChoices } from './constants.ts'
import { BINARY, COMPARISON, SIGN } from './helpers.ts'
import type { Emitted, FunctionWriter, Knowledge } from './writer.ts'

/** A test for membership in constants is written out up to this many. */
const MAX_WRITTEN_OUT = 8

export function emitSign(writer: FunctionWriter, node: Node & { op: 'unary' }): Emitted {
  return writer.temporary(writer.call(SIGN[node.operator].helper, writer.code(node.operand)))
}

export function emitNot(writer: FunctionWriter, node: Node & { op: 'not' }): Emitted {
  return writer.temporary(_`!${writer.test(node.operand)}`, 'boolean')
}

export function emitBinary(writer: FunctionWriter, node: Node & { op: 'binary' }): Emitted {
  const left = writer.code(node.left)
  const right = writer.code(node.right)
  return writer.temporary(writer.call(BINARY[node.operator].helper, left, right))
}

export function emitLogical(writer: FunctionWriter, node: Node & { op: 'logical' }): Emitted {
  const left = writer.value(node.left)
  const name = writer.fresh('t')
  let known: Knowledge = 'any'
  writer.line(_`let ${name} = ${left.code}`)
  writer.observed?.branch(node, 0)
  const truth = left.known === 'boolean' ? name : writer.call('truth', name)
  writer.block(_`if (${node.operator === 'and' ? truth : _`!${truth}`})`, () => {
    writer.observed?.turn(node)
    const right = writer.value(node.right)
    known = left.known === right.known ? left.known : 'any'
    writer.line(_`${name} = ${right.code}`)
  })
  return { code: name, known }
}

/** `a if test else b` */
export function emitConditional(writer: FunctionWriter, node: Node & { op: 'conditional' }): Emitted {
  const name = writer.fresh('t')
  const test = writer.test(node.test)
  const known: Knowledge[] = []
  const branch = (value: Node, index: number) => (): void => {
    writer.observed?.branch(node, index)
    const emitted = writer.value(value)
    known.push(emitted.known)
    writer.line(_`${name} = ${emitted.code}`)
  }
  writer.line(_`let ${name}`)
  writer.block(_`if (${test})`, branch(node.then, 0), branch(node.otherwise, 1))
  return { code: name, known: known[0] === known[1] ? known[0]! : 'any' }
}

/** One comparison, or a chain: `a < b < c` evaluates each operand once, and none behind the first that fails. */
export function emitComparison(writer: FunctionWriter, node: Node & { op: 'comparison' }): Emitted {
  const [first, ...others] = node.rest
  const left = side(writer, node.first)
  const right = side(writer, first!.operand)
  const result = compare(writer, first!.operator, left, right)
  if (others.length === 0) return writer.temporary(result, 'boolean')
  const name = writer.fresh('t')
  writer.line(_`let ${name} = ${result}`)
  emitChain(writer, name, right, others)
  return { code: name, known: 'boolean' }
}

type Comparisons = (Node & { op: 'comparison' })['rest']

function emitChain(writer: FunctionWriter, name: Name, left: Side, [next, ...others]: Comparisons): void {
  if (next === undefined) return
  writer.block(_`if (${name})`, () => {
    const right = side(writer, next.operand)
    writer.line(_`${name} = ${compare(writer, next.operator, left, right)}`)
    emitChain(writer, name, right, others)
  })
}

/** One side of a comparison. */
interface Side {
  readonly node: Node
  readonly code: Code
}

function side(writer: FunctionWriter, node: Node): Side {
  return { node, code: writer.code(node) }
}

function compare(writer: FunctionWriter, operator: ComparisonOperator, left: Side, right: Side): Code {
  const { kind, negated } = COMPARISON_OPERATORS[operator]
  const { helper } = COMPARISON[operator]
  const isStrict = kind === 'equality' ? hasStrictEquality : kind === 'identity' ? isSingleton : undefined
  if (isStrict?.(left.node) || isStrict?.(right.node)) {
    return negated ? _`${left.code} !== ${right.code}` : _`${left.code} === ${right.code}`
  }
  const test =
    kind === 'membership' ? membership(writer, left, right) : writer.call(helper, left.code, right.code)
  return negated ? _`!${test}` : test
}

function membership(writer: FunctionWriter, element: Side, container: Side): Code {
  const choices = stringChoices(container.node)
  if (choices === undefined) return writer.call('contains', container.code, element.code)
  if (choices.length > 0 && choices.length <= MAX_WRITTEN_OUT) {
    return _`(${anyOf(choices.map((choice) => _`${element.code} === ${choice}`))})`
  }
  return _`${writer.constants.add(setRecipe(choices), 'a set of texts')}.has(${element.code})`
}
