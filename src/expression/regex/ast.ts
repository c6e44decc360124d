import type { CharacterSet } from './character-set.ts'

/** A pattern in Python's syntax, flags already worked in: a set under IGNORECASE holds both cases. */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegexNode[] }
  | Repeat
  | Group
  | BackReference
  | Look
  | Atomic
  | { readonly kind: 'position'; readonly at: Position }
  | { readonly kind: 'boundary'; readonly negated: boolean; readonly ascii: boolean }

/**
 *   start         `\A`, and `^` without MULTILINE
 *   line-start    `^` with MULTILINE: also after each newline
 *   end           `\Z`
 *   last-line-end `$` without MULTILINE: the end, or before a newline that ends the text
 *   line-end      `$` with MULTILINE: the end, or before any newline
 */
export type Position = 'start' | 'line-start' | 'end' | 'last-line-end' | 'line-end'

export interface Repeat {
  readonly kind: 'repeat'
  readonly body: RegexNode
  readonly min: number
  /** `Infinity` when there is no upper bound. */
  readonly max: number
  readonly lazy: boolean
  readonly offset: number
}

/** `(?>x)`, and what possessive quantifiers are made of. */
export interface Atomic {
  readonly kind: 'atomic'
  readonly body: RegexNode
  readonly offset: number
}

export interface Group {
  readonly kind: 'group'
  readonly index: number
  readonly body: RegexNode
}

export interface BackReference {
  readonly kind: 'backreference'
  readonly group: Group
  readonly ignoreCase: boolean
  readonly ascii: boolean
  readonly offset: number
}

export interface Look {
  readonly kind: 'look'
  readonly direction: 'ahead' | 'behind'
  readonly negated: boolean
  readonly body: RegexNode
  readonly offset: number
}

export const EMPTY: RegexNode = { kind: 'sequence', items: [] }

/** The items one after the other; those that are sequences themselves are opened. */
export function sequence(items: readonly RegexNode[]): RegexNode {
  const flat = items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]))
  return flat.length === 1 ? flat[0]! : { kind: 'sequence', items: flat }
}

export function isEmpty(node: RegexNode): boolean {
  return node.kind === 'sequence' && node.items.length === 0
}

/** The nodes right below. Of a back-reference there are none: its group is elsewhere in the tree. */
export function children(node: RegexNode): readonly RegexNode[] {
  switch (node.kind) {
    case 'sequence':
      return node.items
    case 'choice':
      return node.branches
    case 'repeat':
    case 'group':
    case 'look':
    case 'atomic':
      return [node.body]
    default:
      return []
  }
}

/** The node and all below it, in the order of the text. */
export function* walk(node: RegexNode): Generator<RegexNode> {
  yield node
  for (const child of children(node)) yield* walk(child)
}

/** The node can match without taking a character. */
export function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false
    case 'sequence':
      return node.items.every(isNullable)
    case 'choice':
      return node.branches.some(isNullable)
    case 'repeat':
      return node.min === 0 || isNullable(node.body)
    case 'group':
    case 'atomic':
      return isNullable(node.body)
    case 'backreference':
      return isNullable(node.group.body)
    case 'look':
    case 'position':
    case 'boundary':
      return true
  }
}

/** The fewest and the most characters it can take. */
export function width(node: RegexNode): readonly [least: number, most: number] {
  switch (node.kind) {
    case 'set':
      return [1, 1]
    case 'sequence': {
      const widths = node.items.map(width)
      return [sum(widths.map(([least]) => least)), sum(widths.map(([, most]) => most))]
    }
    case 'choice': {
      const widths = node.branches.map(width)
      return [Math.min(...widths.map(([least]) => least)), Math.max(...widths.map(([, most]) => most))]
    }
    case 'repeat': {
      const [least, most] = width(node.body)
      return [least * node.min, most === 0 ? 0 : most * node.max]
    }
    case 'group':
    case 'atomic':
      return width(node.body)
    case 'backreference':
      return width(node.group.body)
    case 'look':
    case 'position':
    case 'boundary':
      return [0, 0]
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
