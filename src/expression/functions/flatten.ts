import { valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { dictArgument, entriesOf } from '../runtime/containers/dict-copies.ts'
import { type AnyDict, ENTRY_BYTES, isDict, keyText, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const flatten: FunctionDefinition = {
  name: 'flatten',
  signature: "d, separator='.'",
  group: 'dicts',
  returns: 'object',
  pure: true,
  summary: 'Turns dicts in a dict into one dict of paths.',
  parameters: { d: 'the dict, which stays as it is', separator: 'the text between the names of a path' },
  result: 'A new dict: the values that are no dicts, by their paths. Lists and empty dicts are values.',
  errors: {
    TYPE_ERROR: '`d` is no dict, or `separator` is not a string',
    VALUE_ERROR: 'a dict contains itself',
  },
  examples: [
    {
      expression: 'flatten(app)',
      event: { app: { id: 1, user: { name: 'root', groups: ['a'] }, more: {} } },
      result: { id: 1, 'user.name': 'root', 'user.groups': ['a'], more: {} },
    },
    { expression: "flatten(app, '_')", event: { app: { a: { b: { c: 1 } } } }, result: { a_b_c: 1 } },
    { expression: 'flatten(app)', event: { app: [] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call({ meter }, d: Value, separator: Value = '.') {
      if (typeof separator !== 'string') throw notText('flatten', 'separator', separator)
      return flat(meter, dictArgument('flatten', 'd', d), separator)
    },
  },
}

/** A dict in a dict, as far as it was gone through. */
interface Open {
  readonly prefix: string
  readonly entries: Iterator<readonly [Value, Value]>
}

/** More levels are a dict that contains itself. */
const MAX_DEPTH = 20_000

function flat(meter: Meter, dict: AnyDict, separator: string): JsonObject {
  const result: JsonObject = {}
  const open: Open[] = [{ prefix: '', entries: entriesOf(meter, dict) }]
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    const { done, value: entry } = inner.entries.next()
    if (done === true) {
      open.pop()
      continue
    }
    const [key, value] = entry
    const path = inner.prefix + keyText(key)
    meter.build(ENTRY_BYTES + path.length)
    if (isDict(value) && !isEmpty(meter, value)) {
      if (open.length > MAX_DEPTH) throw valueError('flatten() found a dict that contains itself')
      open.push({ prefix: path + separator, entries: entriesOf(meter, value) })
    } else setMember(result, path, value)
  }
  return result
}

function isEmpty(meter: Meter, dict: AnyDict): boolean {
  for (const _ of entriesOf(meter, dict)) return false
  return true
}
