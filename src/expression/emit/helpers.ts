/** The functions of the runtime, as generated code calls them. */
import type { Meter } from '../runtime/meter.ts'
import type { RUNTIME } from '../runtime/runtime.ts'
import type { BinaryOperator, ComparisonOperator, SignOperator } from '../syntax/operators.ts'
import { BINARY_OPERATORS, COMPARISON_OPERATORS, SIGN_OPERATORS } from '../syntax/operators.ts'
import type { Maybe } from '../value.ts'

type Runtime = typeof RUNTIME

export type HelperName = keyof Runtime

/** Functions that may find nothing, as their types say: a result of `undefined` is absence. */
export type FindingName = {
  [Name in HelperName]: undefined extends ReturnType<Runtime[Name]>
    ? ReturnType<Runtime[Name]> extends Maybe
      ? Name
      : never
    : never
}[HelperName]

/** The others: what they give is a value. */
export type CertainName = Exclude<HelperName, FindingName>

/** The compiler refuses an operator whose function the runtime does not have, or may find nothing. */
export const BINARY: Readonly<Record<BinaryOperator, { helper: CertainName; inPlace?: CertainName }>> =
  BINARY_OPERATORS
export const SIGN: Readonly<Record<SignOperator, { helper: CertainName }>> = SIGN_OPERATORS
export const COMPARISON: Readonly<Record<ComparisonOperator, { helper: CertainName }>> = COMPARISON_OPERATORS

/** Functions that take the meter first. */
type MeteredName = {
  [Name in HelperName]: Parameters<Runtime[Name]> extends [Meter, ...any] ? Name : never
}[HelperName]

export function isMetered(name: HelperName): boolean {
  return Object.hasOwn(METERED, name)
}

/** The same as values; the compiler refuses a list that is not exactly those. */
const METERED: Readonly<Record<MeteredName, true>> = {
  add: true,
  addInPlace: true,
  ascii: true,
  bitAnd: true,
  bitAndInPlace: true,
  bitOr: true,
  bitOrInPlace: true,
  bitXor: true,
  bitXorInPlace: true,
  callMethod: true,
  collectSet: true,
  contains: true,
  deleteItem: true,
  deletePath: true,
  deleteSlice: true,
  divide: true,
  equals: true,
  finishValue: true,
  floorDivide: true,
  formatValue: true,
  getItem: true,
  getSlice: true,
  greater: true,
  greaterOrEqual: true,
  invert: true,
  iterate: true,
  leftShift: true,
  less: true,
  lessOrEqual: true,
  mergeInto: true,
  missingKey: true,
  modulo: true,
  multiply: true,
  multiplyInPlace: true,
  negate: true,
  power: true,
  putElement: true,
  putEntry: true,
  recover: true,
  repr: true,
  rightShift: true,
  same: true,
  setItem: true,
  setPath: true,
  setSlice: true,
  str: true,
  subtract: true,
  subtractInPlace: true,
  toArray: true,
  truth: true,
  unpack: true,
}
