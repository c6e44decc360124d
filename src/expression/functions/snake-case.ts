import { detach } from '../detach.ts'
import { copyEntry, emptyLike, entriesOf } from '../runtime/containers/dict-copies.ts'
import { isDict } from '../runtime/containers/keys.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import { lower } from '../runtime/text/casing.ts'
import { Tuple, type Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const snakeCase: FunctionDefinition = {
  name: 'snake_case',
  signature: 'v',
  group: 'dicts',
  returns: 'any',
  pure: true,
  summary: 'Writes a name, or all names in a value, as `snake_case`.',
  parameters: {
    v: 'a text; or a dict or list, in which the names of all dicts are written so, at every depth',
  },
  result: 'The text, or a new value. All that is no name stays as it is.',
  errors: {},
  notes: [
    'Words begin at a capital letter behind a small one or a digit, and at the last of several capitals before a small letter; all that is neither letter nor digit',
    'parts words. A name without letters and digits stays. Of names that become one the last one counts.',
  ].join('\n'),
  examples: [
    { expression: "snake_case('sourceIPAddress')", result: 'source_ip_address' },
    { expression: "snake_case('Logon-Type (new)')", result: 'logon_type_new' },
    {
      expression: 'snake_case(app)',
      event: { app: { userIdentity: { accountId: '1', ARNList: [{ theARN: 'SomeText' }] } } },
      result: { user_identity: { account_id: '1', arn_list: [{ the_arn: 'SomeText' }] } },
    },
    { expression: 'snake_case(app)', event: { app: 5 }, result: 5 },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** So many names are remembered, and none that is longer. */
const MAX_NAMES = 2048
const LONGEST_NAME = 64

/** Prepared, though nothing is constant: the names of events are the same ones again and again. */
function prepare(): (context: EventContext, v: Value) => Value {
  const known = new Map<string, string>()
  const nameOf = (name: string): string => {
    if (name.length > LONGEST_NAME) return toSnakeCase(name)
    let result = known.get(name)
    if (result === undefined) {
      result = toSnakeCase(name)
      if (known.size >= MAX_NAMES) known.clear()
      known.set(detach(name), detach(result))
    }
    return result
  }
  return ({ meter }, v) => (typeof v === 'string' ? nameOf(v) : withNames(meter, v, nameOf))
}

function withNames(meter: Meter, value: Value, nameOf: (name: string) => string): Value {
  if (Array.isArray(value)) return itemsWithNames(meter, value, nameOf)
  if (value instanceof Tuple) return new Tuple(itemsWithNames(meter, value.items, nameOf))
  if (!isDict(value)) return value
  const result = emptyLike(value)
  for (const [key, member] of entriesOf(meter, value)) {
    if (typeof key === 'string') meter.touch(8 * key.length)
    const name = typeof key === 'string' ? nameOf(key) : key
    copyEntry(meter, result, name, withNames(meter, member, nameOf))
  }
  return result
}

function itemsWithNames(meter: Meter, items: readonly Value[], nameOf: (name: string) => string): Value[] {
  meter.build(LIST_BYTES + ITEM_BYTES * items.length)
  return items.map((item) => withNames(meter, item, nameOf))
}

const SMALL_CAPITAL = /([\p{Ll}\p{Nd}])(?=\p{Lu})/gu
const CAPITAL_WORD = /(\p{Lu})(?=\p{Lu}\p{Ll})/gu
const BETWEEN = /[^\p{L}\p{M}\p{N}]+/gu

function toSnakeCase(name: string): string {
  const parted = name.replace(SMALL_CAPITAL, '$1_').replace(CAPITAL_WORD, '$1_').replace(BETWEEN, '_')
  const start = parted.startsWith('_') ? 1 : 0
  const end = parted.endsWith('_') ? parted.length - 1 : parted.length
  return end <= start ? name : lower(parted.slice(start, end))
}
