import { suggest } from '../check/suggest.ts'
import { typeError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, setMember, touchKey } from '../runtime/containers/keys.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import { integerText } from '../runtime/numbers/huge-integer.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition, NamedTable, PrepareHost } from './definition.ts'
import { ArgumentProblem } from './definition.ts'
import { describeTables } from './known-tables.ts'

export const lookup: FunctionDefinition = {
  name: 'lookup',
  signature: 'table, key, default=',
  group: 'tables',
  returns: 'any?',
  pure: true,
  subject: 'none',
  summary: 'Finds the value that a lookup table has for a key.',
  parameters: {
    table: 'the name of the table: a constant, or an expression that gives the name of one of the tables',
    key: 'a text, number, boolean or null',
    default:
      'the result when the table has no such key; evaluated only then. Not given: a miss is an absence',
  },
  result:
    "The table's value: text, number, boolean, null, list or object. Without default and without such a key: absent.",
  errors: {
    LOOKUP_MISSING: 'no such key, no default, and the rule is required',
    TYPE_ERROR: '`key` is a list, an object or another type that is no key, or `table` is no string',
  },
  notes: [
    'Keys compare by their text: `0`, `"0"` and an event\'s `0` are the same key; a boolean is `true` or `false`, null is',
    '`null`, a number is written as JSON writes it. The keys of a table are their text as the YAML file has them',
    '(`yes`, `0x10` and `1.0` stay so).',
    '',
    'Tables stand under `lookup:` in the rule file, or in the files given with `--lookups`. An absent *key* is an absence',
    'of its own: the default covers a miss only.',
    '',
    'A constant name is checked when the rules are loaded. Where the name is computed, one that no table of keys has is a miss.',
  ].join('\n'),
  examples: [
    {
      expression: "lookup('protos', proto_id)",
      event: { proto_id: 3 },
      tables: { protos: { 0: 'NotSecureProtocol', 1: 'SecureProtocol', 3: 'Telnet' } },
      result: 'Telnet',
    },
    {
      expression: "lookup('protos', proto_id)",
      event: { proto_id: '1' },
      tables: { protos: { 0: 'NotSecureProtocol', 1: 'SecureProtocol' } },
      result: 'SecureProtocol',
    },
    {
      expression: "lookup('protos', proto_id, 'Unknown protocol')",
      event: { proto_id: 17 },
      tables: { protos: { 0: 'NotSecureProtocol' } },
      result: 'Unknown protocol',
    },
    {
      expression: "lookup('outcomes', ok)",
      event: { ok: true },
      tables: { outcomes: { true: 'success', false: 'failure' } },
      result: 'success',
    },
    {
      expression: "lookup('actions_' + vendor, action, 'unknown')",
      event: { vendor: 'asa', action: 'Deny' },
      tables: { actions_asa: { Deny: 'denied' }, actions_pan: { drop: 'denied' } },
      result: 'denied',
    },
    {
      expression: "lookup('protos', proto_id)",
      event: { proto_id: 17 },
      tables: { protos: { 0: 'NotSecureProtocol' } },
      result: undefined,
    },
    {
      expression: "lookup('protos', proto_id)",
      event: { proto_id: [3] },
      tables: { protos: { 3: 'Telnet' } },
      rejected: 'TYPE_ERROR',
    },
  ],
  implementation: {
    kind: 'prepared',
    constants: {},
    checked: ['table'],
    names: ['table'],
    fallback: 'default',
    absence: { code: 'LOOKUP_MISSING', helper: 'missingKey' },
    countsItself: true,
    prepare(constants, host) {
      const name = constants.table
      if (name === undefined) return lookupInAny(host)
      if (typeof name !== 'string') {
        throw new ArgumentProblem('table', 'the name of a table is a string')
      }
      const table = host.table(name)
      if (table === undefined) throw unknownTable('table', name, host.tables)
      if (table.kind === 'list') {
        throw new ArgumentProblem('table', `table '${name}' is a list, and lookup needs a mapping`)
      }
      const { entries } = table
      return ({ meter }, _table: Value, key: Value) => lookupIn(meter, entries, key)
    },
  },
}

/** The name of the table is known with the event only. */
function lookupInAny(host: PrepareHost): (context: EventContext, name: Value, key: Value) => Maybe {
  const tables = mappings(host)
  return ({ meter }, name, key) => {
    if (typeof name !== 'string') throw notText('lookup', 'table', name)
    const entries = tables.get(name)
    return entries && lookupIn(meter, entries, key)
  }
}

/** The tables that have keys, by name. */
export function mappings(host: PrepareHost): ReadonlyMap<string, ReadonlyMap<string, Value>> {
  const found = new Map<string, ReadonlyMap<string, Value>>()
  for (const { name } of host.tables) {
    const table = host.table(name)
    if (table?.kind === 'mapping') found.set(name, table.entries)
  }
  return found
}

/**
 * The value that a table has for a key, undefined if it has none. Lists and objects are copies: what a rule changes in
 * them is not the table's.
 *
 * @throws {Failure} TYPE_ERROR for a key that is neither text nor number, boolean or null
 */
export function lookupIn(meter: Meter, entries: ReadonlyMap<string, Value>, key: Value): Maybe {
  touchKey(meter, key)
  const value = entries.get(typeof key === 'string' ? key : keyText(key))
  return typeof value === 'object' && value !== null ? copyOf(meter, value) : value
}

/**
 * A key that is not text, as JSON writes it.
 *
 * @throws {Failure} TYPE_ERROR for a key that is neither number nor boolean or null
 */
export function keyText(key: Value): string {
  switch (typeof key) {
    case 'bigint':
      return integerText(key)
    case 'number':
    case 'boolean':
      return String(key)
    default:
      if (key === null) return 'null'
      throw typeError(`lookup() key must be str, int, float, bool or None, not ${typeName(key)}`)
  }
}

/** Tables come from YAML: beside scalars there are only arrays and plain objects in them. */
export function copyOf(meter: Meter, value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return copyItems(meter, value)
  const copy: JsonObject = {}
  const source = value as JsonObject
  for (const name of Object.keys(source)) {
    meter.build(ENTRY_BYTES)
    setMember(copy, name, copyOf(meter, source[name]!))
  }
  return copy
}

function copyItems(meter: Meter, items: readonly Value[]): Value[] {
  meter.build(LIST_BYTES + ITEM_BYTES * items.length)
  const copy = items.slice()
  for (let index = 0; index < copy.length; index++) {
    const item = copy[index]!
    if (typeof item === 'object' && item !== null) copy[index] = copyOf(meter, item)
  }
  return copy
}

export function unknownTable(
  parameter: string,
  name: string,
  tables: readonly NamedTable[],
): ArgumentProblem {
  const meant = suggest(
    name,
    tables.map((table) => table.name),
  )
  const known = describeTables(tables)
  const hint = meant === undefined ? known : `did you mean '${meant}'?\n${known}`
  return new ArgumentProblem(parameter, `no lookup table is called '${name}'`, { hint })
}
