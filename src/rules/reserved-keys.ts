/** Top-level keys of a rule file that are no output fields, and their contents. */
const RESERVED = {
  meta: 'notes on the rule set: its vendor, product and version',
  when: 'the condition under which the rule set takes an event',
  include: 'the rule files that belong to this one',
  defaults: 'the settings of all rules of the file',
  drop: 'the condition under which an event is dropped',
  split: 'the list whose elements become events of their own',
  cases: 'the rules that depend on a condition',
  rest: 'the place for members of the event that no rule reads',
  patterns: 'patterns for extract, by name',
  tap: 'the statements that run before the rules',
  lookup: 'lookup tables',
  enrich: 'what is looked up at the tracer',
} as const

export type ReservedKey = keyof typeof RESERVED

export function isReserved(name: string): name is ReservedKey {
  return Object.hasOwn(RESERVED, name)
}

/** The hint for an output field that has the name of a reserved key. */
export function nestHint(name: ReservedKey): string {
  return `'${name}' holds ${RESERVED[name]}\nan output field of this name is nested: event.${name}`
}
