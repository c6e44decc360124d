import { copyDict, copyEntry, dictArgument, entriesOf } from '../runtime/containers/dict-copies.ts'
import { type AnyDict, dictGet, isDict } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import { Dict, type Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const merge: FunctionDefinition = {
  name: 'merge',
  signature: '*dicts',
  group: 'dicts',
  returns: 'object',
  pure: true,
  subject: 'none',
  summary: 'Joins dicts, at every depth.',
  parameters: { dicts: 'the dicts, which stay as they are' },
  result:
    'A new dict with the members of all. Where several have a member, dicts are joined in turn; of other values the last one counts.',
  errors: { TYPE_ERROR: 'an argument is no dict' },
  notes: 'Lists are not joined. `{**a, **b}` joins the outermost members only.',
  examples: [
    {
      expression: 'merge(a, b)',
      event: { a: { user: { name: 'root' }, n: 1 }, b: { user: { id: 0 }, n: 2 } },
      result: { user: { name: 'root', id: 0 }, n: 2 },
    },
    {
      expression: "merge(a, {'user': null})",
      event: { a: { user: { name: 'root' }, tags: [1] } },
      result: { user: null, tags: [1] },
    },
    { expression: 'merge()', result: {} },
    { expression: 'merge(a, b)', event: { a: {}, b: [] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, ...dicts: Value[]) {
      let result: AnyDict = {}
      for (const [index, value] of dicts.entries()) {
        const dict = dictArgument('merge', `dicts[${index}]`, value)
        result = index === 0 ? copyDict(meter, dict) : join(meter, result, dict)
      }
      return result
    },
  },
}

/** @param target a copy, which is changed; dicts in it are not */
function join(meter: Meter, target: AnyDict, source: AnyDict): AnyDict {
  const result = source instanceof Dict && !(target instanceof Dict) ? asDict(meter, target) : target
  for (const [key, value] of entriesOf(meter, source)) {
    const known = isDict(value) ? dictGet(result, key) : undefined
    const both = known !== undefined && isDict(known) && isDict(value)
    copyEntry(meter, result, key, both ? join(meter, copyDict(meter, known), value) : value)
  }
  return result
}

/** Keys of a dict may be of any type. */
function asDict(meter: Meter, object: AnyDict): Dict {
  const dict = new Dict()
  for (const [key, value] of entriesOf(meter, object)) copyEntry(meter, dict, key, value)
  return dict
}
