/**
 * The checked tree: every name resolved to a field, a local or a function, every call bound to its parameters,
 * every constant prepared. The emitter needs nothing else.
 */

import type { AbsenceReport } from '../functions/definition.ts'
import type { Call, Recipe } from '../recipe.ts'
import type { Returns } from '../returns.ts'
import type { FieldPath } from '../runtime/fields.ts'
import type { RestReads } from '../runtime/rest.ts'
import type { FormattedValue } from '../syntax/ast.ts'
import type { BinaryOperator, ComparisonOperator, SignOperator } from '../syntax/operators.ts'
import type { Value } from '../value.ts'

export type Node =
  | { readonly op: 'constant'; readonly value: Value }
  /** A dotted path. */
  | { readonly op: 'field'; readonly path: FieldPath }
  /** `line.x.y`: under the member `line` where the event has one. */
  | { readonly op: 'line-field'; readonly path: FieldPath; readonly underLine: FieldPath }
  | { readonly op: 'root' }
  /** The literal `absent`: no value. */
  | { readonly op: 'absent' }
  | { readonly op: 'raw' }
  /** The event that a split event is an element of, and a dotted path in it. */
  | { readonly op: 'parent' }
  | { readonly op: 'parent-field'; readonly path: FieldPath }
  /** The members of the event that no rule reads. */
  | { readonly op: 'rest'; readonly reads: Recipe<RestReads> }
  /** A comprehension's name. */
  | { readonly op: 'local'; readonly id: number }
  /** A name that `tap` assigns; while it has no value it is the field of that name. */
  | { readonly op: 'variable'; readonly name: string; readonly id: number; readonly field: Node }
  | { readonly op: 'attribute'; readonly object: Node; readonly name: string }
  | { readonly op: 'item'; readonly object: Node; readonly index: Node; readonly text: string }
  | {
      readonly op: 'slice'
      readonly object: Node
      readonly lower: Node | undefined
      readonly upper: Node | undefined
      readonly step: Node | undefined
    }
  /** A call of a function of the language or a built-in, its arguments in the order of the parameters. */
  | {
      readonly op: 'call'
      readonly name: string
      readonly callee: Recipe<Call>
      /** The function wants the event's context as first argument; a built-in one wants the meter. */
      readonly context: boolean
      readonly args: readonly (Node | undefined)[]
      readonly returns: Returns
      /** A text as the only argument is the result. */
      readonly keepsText?: boolean
      /** Generated code does not count arguments and result. */
      readonly countsItself?: boolean
      /** Evaluated where the function finds nothing, and only there. */
      readonly fallback?: Node | undefined
      /** The report of a required rule whose function found nothing. */
      readonly absence?: AbsenceReport | undefined
      /** Members of the event that the function reads by itself. Default: none. */
      readonly reads?: readonly string[]
    }
  /** A function given as `key=`. */
  | {
      readonly op: 'callable'
      readonly callee: Recipe<Call>
      readonly context: boolean
      /** As for a call. */
      readonly reads?: readonly string[]
    }
  | {
      readonly op: 'method'
      readonly name: string
      readonly object: Node
      readonly args: readonly Node[]
      readonly names: readonly (string | undefined)[] | undefined
    }
  | {
      readonly op: 'cond'
      readonly pairs: readonly { readonly test: Node; readonly value: Node }[]
      readonly fallback: Node | undefined
    }
  | {
      readonly op: 'optional'
      readonly value: Node
      readonly fallback: Node
      readonly fields: readonly Node[]
      /** Errors of type and value, and divisions by zero, lead to the fallback, too. */
      readonly catches: boolean
    }
  /** The first of the values that is present and useful. */
  | { readonly op: 'coalesce'; readonly values: readonly Node[] }
  | { readonly op: 'exists'; readonly value: Node }
  /** `data.get('key', fallback)`: the event's own member, without the event as a whole. */
  | { readonly op: 'get'; readonly key: string; readonly fallback: Node }
  | {
      readonly op: 'isinstance'
      readonly callee: Recipe<Call>
      readonly value: Node
      readonly types: Value
    }
  | { readonly op: 'not'; readonly operand: Node }
  | { readonly op: 'unary'; readonly operator: SignOperator; readonly operand: Node }
  | { readonly op: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly op: 'logical'; readonly operator: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | {
      readonly op: 'comparison'
      readonly first: Node
      readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Node }[]
    }
  | { readonly op: 'conditional'; readonly test: Node; readonly then: Node; readonly otherwise: Node }
  | {
      readonly op: 'display'
      readonly result: 'list' | 'tuple' | 'set'
      readonly elements: readonly { readonly value: Node; readonly spread: boolean }[]
    }
  | {
      readonly op: 'dict'
      readonly entries: readonly { readonly key: Node | undefined; readonly value: Node }[]
    }
  | ComprehensionNode
  /** `any(x for ...)`, `all(x for ...)` and `y in (x for ...)`: stops where the answer is known. */
  | {
      readonly op: 'search'
      readonly kind: 'any' | 'all' | 'in'
      readonly item: Node | undefined
      readonly generator: ComprehensionNode
    }
  | { readonly op: 'formatted'; readonly parts: readonly FormattedPart[] }

export interface ComprehensionNode {
  readonly op: 'comprehension'
  readonly result: 'list' | 'set' | 'dict' | 'generator'
  readonly key: Node | undefined
  readonly element: Node
  readonly clauses: readonly {
    readonly target: TargetNode
    readonly iterable: Node
    readonly conditions: readonly Node[]
  }[]
}

export type FormattedPart =
  | string
  | {
      readonly value: Node
      readonly conversion: FormattedValue['conversion']
      readonly spec: readonly FormattedPart[] | undefined
    }

export type TargetNode =
  | { readonly op: 'local'; readonly id: number }
  | { readonly op: 'variable'; readonly name: string; readonly id: number; readonly field: Node }
  | { readonly op: 'item'; readonly object: Node; readonly index: Node; readonly text: string }
  | {
      readonly op: 'slice'
      readonly object: Node
      readonly lower: Node | undefined
      readonly upper: Node | undefined
      readonly step: Node | undefined
    }
  /** `line.x.y = v`: the members on the way are created. */
  | { readonly op: 'path'; readonly parts: readonly string[]; readonly line: boolean }
  /** `line.parsed = v`: another event takes the place of this one. */
  | { readonly op: 'event' }
  | {
      readonly op: 'targets'
      readonly targets: readonly { readonly target: TargetNode; readonly starred: boolean }[]
    }

/** A whole `tap`. */
export interface TapNode {
  readonly statements: readonly StatementNode[]
  /** The number of names that it assigns: `variable` nodes are numbered from 0. */
  readonly variables: number
}

export type StatementNode = { readonly line: number } & (
  | { readonly op: 'assign'; readonly targets: readonly TargetNode[]; readonly value: Node }
  | {
      readonly op: 'augment'
      readonly target: TargetNode
      readonly operator: BinaryOperator
      readonly value: Node
    }
  | {
      readonly op: 'if'
      readonly test: Node
      readonly then: readonly StatementNode[]
      readonly otherwise: readonly StatementNode[]
    }
  | {
      readonly op: 'for'
      readonly target: TargetNode
      readonly iterable: Node
      readonly body: readonly StatementNode[]
      readonly otherwise: readonly StatementNode[]
    }
  | {
      readonly op: 'while'
      readonly test: Node
      readonly body: readonly StatementNode[]
      readonly otherwise: readonly StatementNode[]
    }
  | { readonly op: 'delete'; readonly targets: readonly TargetNode[] }
  | { readonly op: 'evaluate'; readonly value: Node }
  | { readonly op: 'break' | 'continue' }
)

/** The nodes directly below a node. */
export function children(node: Node): (Node | undefined)[] {
  switch (node.op) {
    case 'constant':
    case 'field':
    case 'line-field':
    case 'root':
    case 'absent':
    case 'raw':
    case 'parent':
    case 'parent-field':
    case 'rest':
    case 'local':
    case 'callable':
      return []
    case 'variable':
      return []
    case 'attribute':
      return [node.object]
    case 'item':
      return [node.object, node.index]
    case 'slice':
      return [node.object, node.lower, node.upper, node.step]
    case 'call':
      return [...node.args, node.fallback]
    case 'method':
      return [node.object, ...node.args]
    case 'cond':
      return [...node.pairs.flatMap((pair) => [pair.test, pair.value]), node.fallback]
    case 'optional':
      return [node.value, node.fallback]
    case 'coalesce':
      return [...node.values]
    case 'exists':
    case 'isinstance':
      return [node.value]
    case 'get':
      return [node.fallback]
    case 'not':
    case 'unary':
      return [node.operand]
    case 'binary':
    case 'logical':
      return [node.left, node.right]
    case 'comparison':
      return [node.first, ...node.rest.map((entry) => entry.operand)]
    case 'conditional':
      return [node.test, node.then, node.otherwise]
    case 'display':
      return node.elements.map((element) => element.value)
    case 'dict':
      return node.entries.flatMap((entry) => [entry.key, entry.value])
    case 'comprehension':
      return [
        ...node.clauses.flatMap((clause) => [clause.iterable, ...clause.conditions]),
        node.key,
        node.element,
      ]
    case 'search':
      return [node.item, node.generator]
    case 'formatted':
      return formattedChildren(node.parts)
  }
}

function formattedChildren(parts: readonly FormattedPart[]): (Node | undefined)[] {
  return parts.flatMap((part) =>
    typeof part === 'string' ? [] : [part.value, ...formattedChildren(part.spec ?? [])],
  )
}
