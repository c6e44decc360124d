import { copyEntry, dictArgument, emptyLike, entriesOf } from '../runtime/containers/dict-copies.ts'
import { type AnyDict, collectSet, setHas } from '../runtime/containers/keys.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const without: FunctionDefinition = {
  name: 'without',
  signature: 'd, *keys',
  group: 'dicts',
  returns: 'object',
  pure: true,
  summary: 'Gives a dict without some of its members.',
  parameters: {
    d: 'the dict, which stays as it is',
    keys: 'the keys; those that it does not have are ignored',
  },
  result: 'A new dict of the other members, in their order.',
  errors: { TYPE_ERROR: '`d` is no dict, or a key is a list or a dict' },
  notes: 'A key is one name, dots in it included.',
  examples: [
    {
      expression: "without(app, 'raw', 'debug')",
      event: { app: { id: 1, raw: '...', name: 'sshd' } },
      result: { id: 1, name: 'sshd' },
    },
    { expression: "without(app, 'a.b')", event: { app: { 'a.b': 1, a: { b: 2 } } }, result: { a: { b: 2 } } },
    { expression: "without(app, 'id')", event: { app: ['id'] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, d: Value, ...keys: Value[]) {
      const dict = dictArgument('without', 'd', d)
      const left = collectSet(meter, keys)
      const result: AnyDict = emptyLike(dict)
      for (const [key, value] of entriesOf(meter, dict))
        if (!setHas(left, key)) copyEntry(meter, result, key, value)
      return result
    },
  },
}
