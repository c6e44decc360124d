/** Matchers: what stands in the place of an expected value where the value itself is not fixed. */
import type { TestKey } from './keys.ts'

/** The kinds that `$any` knows. */
export const KINDS = [
  ...['string', 'number', 'integer', 'boolean', 'list', 'object', 'null', 'ip', 'timestamp', 'any'],
] as const

/** A matcher's name, and what it says, for documents, messages, editors and the schema. */
export const MATCHERS = [
  {
    name: '$any',
    summary: 'a value of a kind: string, number, integer, boolean, list, object, null, ip, timestamp, or any',
    values: KINDS,
  },
  {
    name: '$match',
    summary: 'a text that the pattern matches, from its beginning, as `match` does in rules',
  },
  { name: '$absent', summary: 'true: there is no such member', values: [true] },
  { name: '$approx', summary: 'a number about this large: 0.87, or [0.87, 0.01] with the tolerance' },
  {
    name: '$contains',
    summary: 'a text with this part, or a list with this element, or with each of a list of elements',
  },
  { name: '$unordered', summary: 'a list of these elements, in any order' },
  { name: '$one_of', summary: 'one of the values of a list' },
  { name: '$not', summary: 'there is a value, and it is another one than this' },
  { name: '$literal', summary: 'the value itself, where it has members that begin with $' },
] as const satisfies readonly TestKey[]

export type MatcherName = (typeof MATCHERS)[number]['name']
