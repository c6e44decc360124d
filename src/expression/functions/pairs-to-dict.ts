import { typeError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { dictGet, isDict, putEntry } from '../runtime/containers/keys.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { type JsonObject, Tuple, type Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const pairsToDict: FunctionDefinition = {
  name: 'pairs_to_dict',
  signature: "list, key='Name', value='Value'",
  group: 'dicts',
  returns: 'object',
  pure: true,
  summary: 'Makes a dict of a list of dicts that each hold a name and a value.',
  parameters: {
    list: 'the list of dicts',
    key: 'the member that holds the name',
    value: 'the member that holds the value',
  },
  result: 'A dict of the values by their names. Of equal names the last one counts.',
  errors: {
    TYPE_ERROR: '`list` is no list of dicts, `key` or `value` is not a string, or a name is a list or a dict',
  },
  notes:
    'An element that lacks one of the two members is ignored. A name that is a number, a boolean or null is its JSON text.',
  examples: [
    {
      expression: 'pairs_to_dict(ExtendedProperties)',
      event: {
        ExtendedProperties: [
          { Name: 'UserAgent', Value: 'curl/8.4.0' },
          { Name: 'RequestType', Value: 'Login' },
          { Name: 'Empty' },
        ],
      },
      result: { UserAgent: 'curl/8.4.0', RequestType: 'Login' },
    },
    {
      expression: "pairs_to_dict(labels, 'k', 'v')",
      event: {
        labels: [
          { k: 'a', v: 1 },
          { k: 'a', v: 2 },
        ],
      },
      result: { a: 2 },
    },
    { expression: 'pairs_to_dict(labels)', event: { labels: ['a'] }, rejected: 'TYPE_ERROR' },
    { expression: 'pairs_to_dict(labels)', event: { labels: {} }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, list: Value, key: Value = 'Name', value: Value = 'Value') {
      if (typeof key !== 'string') throw notText('pairs_to_dict', 'key', key)
      if (typeof value !== 'string') throw notText('pairs_to_dict', 'value', value)
      const items = Array.isArray(list) ? list : list instanceof Tuple ? list.items : undefined
      if (items === undefined)
        throw typeError(`pairs_to_dict() argument 'list' must be list, not ${typeName(list)}`)
      const result: JsonObject = {}
      for (const item of items) {
        if (!isDict(item)) throw typeError(`pairs_to_dict() takes a list of dicts, not of ${typeName(item)}`)
        const name = dictGet(item, key)
        const member = dictGet(item, value)
        if (name !== undefined && member !== undefined) putEntry(meter, result, name, member)
      }
      return result
    },
  },
}
