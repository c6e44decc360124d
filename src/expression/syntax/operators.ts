/**
 * The operators of the language: one table for the lexer and the parser (text, precedence, associativity), for the checker,
 * for generated code (which function of the runtime evaluates an operator) and for the runtime, whose messages name them.
 */

interface BinaryDefinition {
  /** The larger number binds more tightly. Comparisons, `not`, `and` and `or` bind less than all. */
  readonly precedence: number
  readonly associativity: 'left' | 'right'
  /** The function of the runtime: `a + b`. */
  readonly helper: string
  /** The function for `a += b`, where a mutable left operand changes in place. Default: `helper`. */
  readonly inPlace?: string
}

export const BINARY_OPERATORS = {
  '|': { precedence: 1, associativity: 'left', helper: 'bitOr', inPlace: 'bitOrInPlace' },
  '^': { precedence: 2, associativity: 'left', helper: 'bitXor', inPlace: 'bitXorInPlace' },
  '&': { precedence: 3, associativity: 'left', helper: 'bitAnd', inPlace: 'bitAndInPlace' },
  '<<': { precedence: 4, associativity: 'left', helper: 'leftShift' },
  '>>': { precedence: 4, associativity: 'left', helper: 'rightShift' },
  '+': { precedence: 5, associativity: 'left', helper: 'add', inPlace: 'addInPlace' },
  '-': { precedence: 5, associativity: 'left', helper: 'subtract', inPlace: 'subtractInPlace' },
  '*': { precedence: 6, associativity: 'left', helper: 'multiply', inPlace: 'multiplyInPlace' },
  '/': { precedence: 6, associativity: 'left', helper: 'divide' },
  '//': { precedence: 6, associativity: 'left', helper: 'floorDivide' },
  '%': { precedence: 6, associativity: 'left', helper: 'modulo' },
  /** Binds more tightly than a sign before its left operand, and less than one before its right operand. */
  '**': { precedence: 8, associativity: 'right', helper: 'power' },
} as const satisfies Readonly<Record<string, BinaryDefinition>>

export type BinaryOperator = keyof typeof BINARY_OPERATORS

/** Read as an operator and refused: no type supports it. */
const REFUSED_OPERATOR = '@'

/** Signs before an operand; they bind more tightly than every binary operator but `**`. */
export const SIGN_OPERATORS = {
  '-': { helper: 'negate' },
  '+': { helper: 'positive' },
  '~': { helper: 'invert' },
} as const satisfies Readonly<Record<string, { readonly helper: string }>>

export type SignOperator = keyof typeof SIGN_OPERATORS

export type UnaryOperator = 'not' | SignOperator

interface ComparisonDefinition {
  /** `equality` and `identity` are JavaScript's `===` where one side is a constant of a kind for which that is the same. */
  readonly kind: 'equality' | 'identity' | 'membership' | 'order'
  readonly helper: string
  /** The answer is that of the function turned round. */
  readonly negated: boolean
}

export const COMPARISON_OPERATORS = {
  '==': { kind: 'equality', helper: 'equals', negated: false },
  '!=': { kind: 'equality', helper: 'equals', negated: true },
  '<': { kind: 'order', helper: 'less', negated: false },
  '<=': { kind: 'order', helper: 'lessOrEqual', negated: false },
  '>': { kind: 'order', helper: 'greater', negated: false },
  '>=': { kind: 'order', helper: 'greaterOrEqual', negated: false },
  in: { kind: 'membership', helper: 'contains', negated: false },
  'not in': { kind: 'membership', helper: 'contains', negated: true },
  is: { kind: 'identity', helper: 'identical', negated: false },
  'is not': { kind: 'identity', helper: 'identical', negated: true },
} as const satisfies Readonly<Record<string, ComparisonDefinition>>

export type ComparisonOperator = keyof typeof COMPARISON_OPERATORS

/** Of a binary operator, also of the one that is refused, which binds like `*`; undefined for any other text. */
export function precedenceOf(text: string): number | undefined {
  if (text === REFUSED_OPERATOR) return BINARY_OPERATORS['*'].precedence
  return isBinaryOperator(text) ? BINARY_OPERATORS[text].precedence : undefined
}

export function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(BINARY_OPERATORS, text)
}

export function isSign(text: string): text is SignOperator {
  return Object.hasOwn(SIGN_OPERATORS, text)
}

export function isComparison(text: string): text is ComparisonOperator {
  return Object.hasOwn(COMPARISON_OPERATORS, text)
}

const BINARY_TEXTS = [...Object.keys(BINARY_OPERATORS), REFUSED_OPERATOR]

/** Assignments with an operator: `+=`. */
export const AUGMENTED: ReadonlySet<string> = new Set(BINARY_TEXTS.map((text) => `${text}=`))

/** Every operator that is written with signs, words like `in` left out. */
export const OPERATOR_TEXTS: ReadonlySet<string> = new Set([
  ...BINARY_TEXTS,
  ...AUGMENTED,
  ...Object.keys(SIGN_OPERATORS),
  ...Object.keys(COMPARISON_OPERATORS).filter((text) => !/[a-z]/.test(text)),
])
