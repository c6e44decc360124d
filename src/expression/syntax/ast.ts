/**
 * The syntax tree of the rule language: what was written, nothing resolved. Offsets are UTF-16 units into the
 * expression's text.
 */
import type { Value } from '../value.ts'
import type { BinaryOperator, ComparisonOperator, UnaryOperator } from './operators.ts'

export interface Span {
  readonly start: number
  readonly end: number
}

export type Expression =
  | Constant
  | Name
  | Attribute
  | Subscript
  | Call
  | Unary
  | Binary
  | Logical
  | Comparison
  | Conditional
  | Display
  | DictDisplay
  | Comprehension
  | FormattedString
  | Cast

export interface Constant extends Span {
  readonly kind: 'constant'
  readonly value: Value
  /** For a string: where each UTF-16 unit of the value was written. */
  readonly offsets?: readonly number[]
}

interface Name extends Span {
  readonly kind: 'name'
  readonly name: string
}

interface Attribute extends Span {
  readonly kind: 'attribute'
  readonly object: Expression
  readonly name: string
  readonly nameStart: number
}

interface Subscript extends Span {
  readonly kind: 'subscript'
  readonly object: Expression
  readonly index: Expression | Slice
}

export interface Slice extends Span {
  readonly kind: 'slice'
  readonly lower: Expression | undefined
  readonly upper: Expression | undefined
  readonly step: Expression | undefined
}

export interface Argument extends Span {
  /** Set where it is given by keyword. */
  readonly name: string | undefined
  readonly value: Expression
}

export interface Call extends Span {
  readonly kind: 'call'
  readonly callee: Expression
  readonly args: readonly Argument[]
}

interface Unary extends Span {
  readonly kind: 'unary'
  readonly operator: UnaryOperator
  readonly operand: Expression
}

export interface Binary extends Span {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

interface Logical extends Span {
  readonly kind: 'logical'
  readonly operator: 'and' | 'or'
  readonly left: Expression
  readonly right: Expression
}

export interface Comparison extends Span {
  readonly kind: 'comparison'
  readonly first: Expression
  readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[]
}

interface Conditional extends Span {
  readonly kind: 'conditional'
  readonly test: Expression
  readonly then: Expression
  readonly otherwise: Expression
}

/** An element of a display: `*iterable` where spread. */
export interface Element {
  readonly value: Expression
  readonly spread: boolean
}

export interface Display extends Span {
  readonly kind: 'list' | 'tuple' | 'set'
  readonly elements: readonly Element[]
}

interface DictDisplay extends Span {
  readonly kind: 'dict'
  /** No key: `**mapping`. */
  readonly entries: readonly { readonly key: Expression | undefined; readonly value: Expression }[]
}

export interface Comprehension extends Span {
  readonly kind: 'comprehension'
  readonly result: 'list' | 'set' | 'dict' | 'generator'
  /** Of a dict comprehension. */
  readonly key: Expression | undefined
  readonly element: Expression
  readonly clauses: readonly ComprehensionClause[]
}

export interface ComprehensionClause {
  readonly target: Target
  readonly iterable: Expression
  readonly conditions: readonly Expression[]
}

export interface FormattedString extends Span {
  readonly kind: 'formatted'
  readonly parts: readonly (string | FormattedValue)[]
}

export interface FormattedValue {
  readonly value: Expression
  readonly conversion: 'r' | 's' | 'a' | undefined
  readonly spec: readonly (string | FormattedValue)[] | undefined
}

export type CastType = 'str' | 'int' | 'float' | 'bool'

interface Cast extends Span {
  readonly kind: 'cast'
  readonly operand: Expression
  readonly type: CastType
}

/** A target: it stands left of `=`, or between `for` and `in`. */
export type Target = Name | Attribute | Subscript | TargetList

interface TargetList extends Span {
  readonly kind: 'targets'
  readonly targets: readonly { readonly target: Target; readonly starred: boolean }[]
}

/** The statements of `tap`. */
export type Statement =
  | (Span & { readonly kind: 'assign'; readonly targets: readonly Target[]; readonly value: Expression })
  | (Span & {
      readonly kind: 'augment'
      readonly target: Name | Attribute | Subscript
      readonly operator: BinaryOperator
      readonly value: Expression
    })
  | (Span & {
      readonly kind: 'if'
      readonly test: Expression
      readonly then: readonly Statement[]
      readonly otherwise: readonly Statement[]
    })
  | (Span & {
      readonly kind: 'for'
      readonly target: Target
      readonly iterable: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    })
  | (Span & {
      readonly kind: 'while'
      readonly test: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    })
  | (Span & { readonly kind: 'delete'; readonly targets: readonly Target[] })
  | (Span & { readonly kind: 'expression'; readonly value: Expression })
  | (Span & { readonly kind: 'pass' | 'break' | 'continue' })

/** Something that is wrong with an expression, or hardly meant so, at an offset of its text. */
export interface Fault {
  readonly message: string
  readonly start: number
  readonly end: number
  readonly hint?: string
  /** Default: an error. */
  readonly severity?: 'warning'
}
