/** The fields of the event that the rules of a file read, and the rules that read them, for notes on fields that no event has. */
import type { Node } from '../expression/check/checked.ts'
import { children } from '../expression/check/checked.ts'
import type { FieldPath } from '../expression/runtime/fields.ts'
import { repr } from '../expression/runtime/format/repr.ts'
import type { CheckedRule } from './checked-rule.ts'

/** Where a field stands: at a dotted path, or below keys that are texts. */
export type ReadPlace =
  | { readonly kind: 'path'; readonly path: FieldPath }
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  | { readonly kind: 'line'; readonly path: FieldPath; readonly underLine: FieldPath }

/** A field that rules read. */
export interface ReadField {
  /** As rules write it: `src.ip`, `data['any key']`. */
  readonly text: string
  readonly place: ReadPlace
  /** The output fields of the rules that read it, in the order of the file. */
  readonly rules: readonly string[]
  /**
   * The output fields of those rules that are this one name and nothing else, so that a text may have been meant. In
   * `source.port: port` it was not.
   */
  readonly bare: readonly string[]
}

interface Found {
  readonly text: string
  readonly place: ReadPlace
}

/**
 * Every field that the rules read, each once, in the order of the file. Of `data['a'][0]['b']` this is `data['a']`: what
 * stands in a list is not a field. The reads of `tap` are left out, since it changes the event.
 */
export function readFields(rules: readonly CheckedRule[]): readonly ReadField[] {
  let found = known.get(rules)
  if (found === undefined) {
    found = collectFields(rules)
    known.set(rules, found)
  }
  return found
}

/** The fields of rule sets that were asked for: each program of a rule set asks, and checked rules do not change. */
const known = new WeakMap<readonly CheckedRule[], readonly ReadField[]>()

function collectFields(rules: readonly CheckedRule[]): readonly ReadField[] {
  const fields = new Map<string, ReadField & { rules: string[]; bare: string[] }>()
  for (const { name, path, node } of rules) {
    for (const { text, place } of fieldsIn(node)) {
      let field = fields.get(text)
      if (field === undefined) {
        field = { text, place, rules: [], bare: [] }
        fields.set(text, field)
      }
      if (!field.rules.includes(name)) field.rules.push(name)
      if (node.op === 'field' && node.path.parts.length === 1 && path.at(-1) !== text) field.bare.push(name)
    }
  }
  return [...fields.values()]
}

/** The fields that one expression reads. */
export function* fieldsIn(node: Node | undefined): Generator<Found> {
  if (node === undefined) return
  const found = fieldOf(node)
  if (found !== undefined) yield found
  // Of a chain of keys the longest part is the field, and those before it only lead there.
  if (found !== undefined && node.op === 'item') return
  for (const child of children(node)) yield* fieldsIn(child)
}

/** The field that a node reads, whatever is below it; undefined where it is no field. */
export function fieldOf(node: Node): Found | undefined {
  switch (node.op) {
    case 'field':
      return { text: node.path.text, place: { kind: 'path', path: node.path } }
    case 'line-field': {
      const { path, underLine } = node
      return { text: underLine.text, place: { kind: 'line', path, underLine } }
    }
    case 'get':
      return keysFound([node.key])
    case 'item': {
      const keys = keysOf(node)
      return keys === undefined ? undefined : keysFound(keys)
    }
    default:
      return undefined
  }
}

function keysFound(keys: readonly string[]): Found {
  const text = `data${keys.map((key) => `[${repr(key)}]`).join('')}`
  return { text, place: { kind: 'keys', keys } }
}

/** The keys of `data['a']['b']`; undefined where anything else is in it. */
function keysOf(node: Node & { op: 'item' }): string[] | undefined {
  const keys: string[] = []
  let current: Node = node
  while (current.op === 'item') {
    const { index } = current
    if (index.op !== 'constant' || typeof index.value !== 'string') return undefined
    keys.unshift(index.value)
    current = current.object
  }
  return current.op === 'root' ? keys : undefined
}
