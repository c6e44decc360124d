import type { Node, TapNode } from '../expression/check/checked.ts'

/** A rule whose names and calls are resolved. */
export interface CheckedRule {
  readonly name: string
  readonly path: readonly string[]
  readonly required: boolean
  readonly node: Node
}

export interface CheckedRules {
  readonly rules: readonly CheckedRule[]
  readonly tap: TapNode | undefined
}
