import type { Node, TapNode } from '../expression/check/checked.ts'
import type { Ignored, OnError } from './settings.ts'

/** A rule whose names and calls are resolved. */
export interface CheckedRule {
  readonly name: string
  readonly path: readonly string[]
  readonly required: boolean
  readonly onError: OnError
  /** Values that count as absent. */
  readonly ignore: Ignored
  /** The case in which the rule applies; undefined: it always does. */
  readonly branch?: Branch | undefined
  readonly node: Node
}

/** A case of a group of cases. */
export interface Branch {
  readonly group: number
  readonly index: number
}

/** An expression beside the rules, with the values that count as absent in it. */
export interface CheckedExpression {
  readonly node: Node
  readonly ignore: Ignored
}

/** A `tap`. */
export interface CheckedTap {
  readonly node: TapNode
  readonly ignore: Ignored
  /** Its name in messages: `tap`, `tap of shared/syslog.yaml`. */
  readonly label: string
}

export interface CheckedRules {
  readonly rules: readonly CheckedRule[]
  /** In the order in which they run. Default: none. */
  readonly taps?: readonly CheckedTap[]
  readonly when?: CheckedExpression | undefined
  readonly drop?: CheckedExpression | undefined
  readonly split?: CheckedExpression | undefined
  /** By group, the conditions of its cases; undefined: otherwise. Default: none. */
  readonly cases?: readonly (readonly (CheckedExpression | undefined)[])[]
}

/** Every output has the rule's value: it is left out of none. */
export function isCertain({ required, onError, branch }: CheckedRule): boolean {
  return required && onError === 'reject' && branch === undefined
}
