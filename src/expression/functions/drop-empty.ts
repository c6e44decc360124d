import { copyEntry, emptyLike, entriesOf } from '../runtime/containers/dict-copies.ts'
import { isDict } from '../runtime/containers/keys.ts'
import { isUseful } from '../runtime/fields.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import { type Maybe, Tuple, type Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const dropEmpty: FunctionDefinition = {
  name: 'drop_empty',
  signature: 'v',
  group: 'dicts',
  returns: 'any?',
  pure: true,
  summary: 'Leaves out what is empty in dicts and lists, at every depth.',
  parameters: { v: 'a dict, a list, or any other value' },
  result: 'A new value. Absent where nothing is left.',
  errors: {},
  notes:
    'Empty is what `exists` calls not useful (`null`, `""`, `"-"`), and a dict or list in which nothing is left. `0` and `false` are not.',
  examples: [
    {
      expression: 'drop_empty(app)',
      event: { app: { user: '-', id: 0, tags: ['', 'a', null], more: { x: [] }, ok: false } },
      result: { id: 0, tags: ['a'], ok: false },
    },
    { expression: 'drop_empty(app)', event: { app: { a: [{}] } }, result: undefined },
    { expression: 'drop_empty(app)', event: { app: '-' }, result: undefined },
    { expression: 'drop_empty(app)', event: { app: 5 }, result: 5 },
  ],
  implementation: { kind: 'direct', call: ({ meter }, v: Value) => withoutEmpty(meter, v) },
}

function withoutEmpty(meter: Meter, value: Value): Maybe {
  if (!isUseful(value)) return undefined
  if (Array.isArray(value)) return filledItems(meter, value)
  if (value instanceof Tuple) {
    const items = filledItems(meter, value.items)
    return items && new Tuple(items)
  }
  if (!isDict(value)) return value
  const result = emptyLike(value)
  let isEmpty = true
  for (const [key, member] of entriesOf(meter, value)) {
    const filled = withoutEmpty(meter, member)
    if (filled === undefined) continue
    copyEntry(meter, result, key, filled)
    isEmpty = false
  }
  return isEmpty ? undefined : result
}

function filledItems(meter: Meter, items: readonly Value[]): Value[] | undefined {
  meter.build(LIST_BYTES + ITEM_BYTES * items.length)
  const filled: Value[] = []
  for (const item of items) {
    const value = withoutEmpty(meter, item)
    if (value !== undefined) filled.push(value)
  }
  return filled.length === 0 ? undefined : filled
}
