import { typeError } from '../failure.ts'
import { countEntry, putEntry } from '../runtime/containers/keys.ts'
import { RecordShapes } from '../runtime/containers/record-shapes.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { type JsonObject, Tuple, type Value } from '../value.ts'
import type { EventContext, FunctionDefinition, PrepareHost } from './definition.ts'

export const zipDict: FunctionDefinition = {
  name: 'zip_dict',
  signature: 'keys, values',
  group: 'dicts',
  returns: 'object',
  pure: true,
  summary: 'Makes a dict of a list of keys and a list of values.',
  parameters: { keys: 'a list of texts', values: 'a list' },
  result: 'A dict of as many members as the shorter list has elements. Of equal keys the last one counts.',
  errors: { TYPE_ERROR: '`keys` or `values` is no list, or a key is a list or a dict' },
  notes: 'A key that is a number, a boolean or null is its JSON text.',
  examples: [
    {
      expression: 'zip_dict(fields, values)',
      event: { fields: ['id', 'user', 'host'], values: [7, 'root'] },
      result: { id: 7, user: 'root' },
    },
    { expression: "zip_dict(['a', 'b'], split(v, '/'))", event: { v: '1/2/3' }, result: { a: '1', b: '2' } },
    { expression: "zip_dict('ab', [1, 2])", rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: records of one format have the same keys. */
function prepare(
  _constants: unknown,
  { compileRecord }: PrepareHost,
): (context: EventContext, keys: Value, values: Value) => JsonObject {
  const shapes = compileRecord && new RecordShapes(compileRecord)
  return ({ meter }, keys, values) => {
    const names = itemsOf('keys', keys)
    const items = itemsOf('values', values)
    const members = items.length > names.length ? items.slice(0, names.length) : items
    const known = areTexts(names, members.length) ? shapes?.make(names, members) : undefined
    const result: JsonObject = known ?? {}
    for (let index = 0; index < members.length; index++) {
      if (known === undefined) putEntry(meter, result, names[index]!, members[index]!)
      else countEntry(meter, names[index]!)
    }
    return result
  }
}

/** None of the keys is left out, and each is its own text. */
function areTexts(names: readonly Value[], length: number): boolean {
  for (let index = 0; index < length; index++)
    if (typeof names[index] !== 'string' || names[index] === '') return false
  return true
}

function itemsOf(parameter: string, value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  throw typeError(`zip_dict() argument '${parameter}' must be list, not ${typeName(value)}`)
}
