/** Expressions: each kind of the syntax tree to its checked node. */
import { BUILTINS } from '../runtime/builtins.ts'
import type { Comprehension, Expression, FormattedValue, Slice, Target } from '../syntax/ast.ts'
import { builtinNode, CallChecker, isGenerator } from './call-checker.ts'
import type { ComprehensionNode, FormattedPart, Node, TargetNode } from './checked.ts'

export class ExpressionChecker extends CallChecker {
  protected override readonly mayMutate: boolean = false
  #locals = 0

  /** @param piped the value left of a `|` that the expression stands right of */
  override expression(expression: Expression, piped?: Expression): Node {
    const node = this.#node(expression, piped)
    this.noteOrigin?.(node, expression)
    return node
  }

  #node(expression: Expression, piped: Expression | undefined): Node {
    switch (expression.kind) {
      case 'constant':
        return { op: 'constant', value: expression.value }
      case 'name':
        return this.path([expression.name], expression)
      case 'attribute':
        return this.#attribute(expression)
      case 'subscript':
        return this.subscript(expression.object, expression.index)
      case 'call':
        return this.call(expression, piped)
      case 'unary': {
        const operand = this.expression(expression.operand)
        return expression.operator === 'not'
          ? { op: 'not', operand }
          : { op: 'unary', operator: expression.operator, operand }
      }
      case 'binary': {
        const { operator } = expression
        const left = this.expression(expression.left)
        const right = this.expression(expression.right, operator === '|' ? expression.left : undefined)
        return { op: 'binary', operator, left, right }
      }
      case 'logical':
        return {
          op: 'logical',
          operator: expression.operator,
          left: this.expression(expression.left),
          right: this.expression(expression.right),
        }
      case 'comparison':
        return this.#comparison(expression)
      case 'conditional':
        return {
          op: 'conditional',
          test: this.expression(expression.test),
          then: this.expression(expression.then),
          otherwise: this.expression(expression.otherwise),
        }
      case 'list':
      case 'tuple':
      case 'set':
        return {
          op: 'display',
          result: expression.kind,
          elements: expression.elements.map(({ value, spread }) => ({
            value: this.expression(value),
            spread,
          })),
        }
      case 'dict':
        return {
          op: 'dict',
          entries: expression.entries.map(({ key, value }) => ({
            key: key === undefined ? undefined : this.expression(key),
            value: this.expression(value),
          })),
        }
      case 'comprehension':
        return this.comprehension(expression)
      case 'formatted':
        return { op: 'formatted', parts: this.#formattedParts(expression.parts) }
      case 'cast':
        return builtinNode(expression.type, BUILTINS[expression.type]!, [this.expression(expression.operand)])
    }
  }

  #attribute(expression: Expression & { kind: 'attribute' }): Node {
    const parts = this.dotted(expression)
    if (parts !== undefined) return this.path(parts, expression)
    return { op: 'attribute', object: this.expression(expression.object), name: expression.name }
  }

  protected subscript(object: Expression, index: Expression | Slice): Node {
    const inner = this.subscripted(object)
    if (index.kind === 'slice') {
      const part = (bound: Expression | undefined): Node | undefined =>
        bound === undefined ? undefined : this.expression(bound)
      return {
        op: 'slice',
        object: inner,
        lower: part(index.lower),
        upper: part(index.upper),
        step: part(index.step),
      }
    }
    const key = this.expression(index)
    const text = itemText(inner, key)
    if (inner.op === 'root' && key.op === 'constant' && typeof key.value === 'string') this.reads.add(text)
    return { op: 'item', object: inner, index: key, text }
  }

  /** The object of a subscript: `data` and `line.parsed` do not read the whole event there. */
  protected override subscripted(object: Expression): Node {
    const parts = this.dotted(object)
    const shadowed =
      parts !== undefined && (this.local(parts[0]!) ?? this.variables.get(parts[0]!)) !== undefined
    const text = parts?.join('.')
    if (!shadowed && (text === 'data' || text === 'line.parsed')) return { op: 'root' }
    if (!shadowed && text === 'line') {
      this.fault(object, "'line' has no members to subscript", "write line.parsed['...']")
      return { op: 'root' }
    }
    return this.expression(object)
  }

  #comparison(expression: Expression & { kind: 'comparison' }): Node {
    const [only] = expression.rest
    if (expression.rest.length === 1 && only!.operator === 'in' && isGenerator(only!.operand)) {
      return {
        op: 'search',
        kind: 'in',
        item: this.expression(expression.first),
        generator: this.comprehension(only!.operand),
      }
    }
    return {
      op: 'comparison',
      first: this.expression(expression.first),
      rest: expression.rest.map(({ operator, operand }) => ({ operator, operand: this.expression(operand) })),
    }
  }

  protected override comprehension(expression: Comprehension): ComprehensionNode {
    let opened = 0
    const clauses = expression.clauses.map((clause) => {
      // An iterable does not see the names of its own clause.
      const iterable = this.expression(clause.iterable)
      this.scopes.push(new Map())
      opened++
      const target = this.#comprehensionTarget(clause.target)
      return {
        target,
        iterable,
        conditions: clause.conditions.map((condition) => this.expression(condition)),
      }
    })
    const key = expression.key === undefined ? undefined : this.expression(expression.key)
    const element = this.expression(expression.element)
    this.scopes.length -= opened
    return { op: 'comprehension', result: expression.result, key, element, clauses }
  }

  #comprehensionTarget(target: Target): TargetNode {
    if (target.kind === 'targets') {
      return {
        op: 'targets',
        targets: target.targets.map((entry) => ({
          target: this.#comprehensionTarget(entry.target),
          starred: entry.starred,
        })),
      }
    }
    if (target.kind !== 'name') {
      this.fault(target, 'a comprehension can only assign to names')
      return { op: 'local', id: this.#locals++ }
    }
    const scope = this.scopes.at(-1)!
    const id = scope.get(target.name) ?? this.#locals++
    scope.set(target.name, id)
    return { op: 'local', id }
  }

  #formattedParts(parts: readonly (string | FormattedValue)[]): FormattedPart[] {
    return parts.map((part) =>
      typeof part === 'string'
        ? part
        : {
            value: this.expression(part.value),
            conversion: part.conversion,
            spec: part.spec === undefined ? undefined : this.#formattedParts(part.spec),
          },
    )
  }
}

/** The path of a chain of constant subscripts, for messages and for what is known of the rule set. */
function itemText(object: Node, key: Node): string {
  const last = key.op === 'constant' && typeof key.value === 'string' ? key.value : undefined
  if (object.op === 'root') return last ?? '*'
  const keyText = key.op === 'constant' ? JSON.stringify(key.value, stringifyBigint) : '...'
  if (object.op === 'item' || object.op === 'field') {
    const outer = object.op === 'item' ? object.text : object.path.text
    return `${outer}[${keyText}]`
  }
  return `[${keyText}]`
}

function stringifyBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
