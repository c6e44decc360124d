import { typeError } from '../failure.ts'
import { putEntry } from '../runtime/containers/keys.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { type JsonObject, Tuple, type Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

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
  implementation: {
    kind: 'direct',
    call({ meter }, keys: Value, values: Value) {
      const names = itemsOf('keys', keys)
      const members = itemsOf('values', values)
      const result: JsonObject = {}
      const length = Math.min(names.length, members.length)
      for (let index = 0; index < length; index++) putEntry(meter, result, names[index]!, members[index]!)
      return result
    },
  },
}

function itemsOf(parameter: string, value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  throw typeError(`zip_dict() argument '${parameter}' must be list, not ${typeName(value)}`)
}
