import { notText } from '../net/text-argument.ts'
import { ENTRY_BYTES, makeDict } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { Maybe, Value } from '../value.ts'
import { ArgumentProblem, type FunctionDefinition } from './definition.ts'
import { copyOf, mappings, unknownTable } from './lookup.ts'

/** Units of work for an entry that is copied. */
const ENTRY_WORK = 50

export const table: FunctionDefinition = {
  name: 'table',
  signature: 'name',
  group: 'tables',
  returns: 'object?',
  pure: true,
  subject: 'none',
  summary: 'Gives a lookup table as a dict.',
  parameters: {
    name: 'the name of the table: a constant, or an expression that gives the name of one of the tables',
  },
  result:
    'A dict with the texts of the keys, in the order of the file. Absent where a name that is computed is none of a table.',
  errors: {
    TYPE_ERROR: '`name` is not a string',
    VALUE_ERROR: 'the tables of one event are too big',
  },
  notes: [
    'Each call copies the table: for one value of it use `lookup`, which does not. A dict tells types of keys apart, a `lookup` compares texts:',
    "`table('ports')['443']`, but `lookup('ports', 443)`.",
  ].join('\n'),
  examples: [
    {
      expression: "[name for name, level in table('levels').items() if level > minimum]",
      event: { minimum: 1 },
      tables: { levels: { low: 1, high: 2, severe: 3 } },
      result: ['high', 'severe'],
    },
    {
      expression: "table('levels_' + vendor)",
      event: { vendor: 'asa' },
      tables: { levels_asa: { 7: 'debug', 1: 'alert' }, levels_pan: {} },
      result: { 1: 'alert', 7: 'debug' },
    },
    { expression: 'table(name)', event: { name: 'none' }, tables: { levels: { low: 1 } }, result: undefined },
    { expression: 'table(name)', event: { name: 5 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'prepared',
    constants: {},
    checked: ['name'],
    names: ['name'],
    countsItself: true,
    prepare({ name }, host) {
      if (name === undefined) {
        const tables = mappings(host)
        return ({ meter }, given: Value) => {
          if (typeof given !== 'string') throw notText('table', 'name', given)
          return dictOf(meter, tables.get(given))
        }
      }
      if (typeof name !== 'string') throw new ArgumentProblem('name', 'the name of a table is a string')
      const found = host.table(name)
      if (found === undefined) throw unknownTable('name', name, host.tables)
      if (found.kind === 'list')
        throw new ArgumentProblem('name', `table '${name}' is a list, and table needs a mapping`)
      return ({ meter }) => dictOf(meter, found.entries)
    },
  },
}

function dictOf(meter: Meter, entries: ReadonlyMap<string, Value> | undefined): Maybe {
  if (entries === undefined) return undefined
  meter.touch(ENTRY_WORK * (1 + entries.size))
  meter.build(ENTRY_BYTES * entries.size)
  return makeDict([...entries].map(([key, value]) => [key, copyOf(meter, value)] as const))
}
