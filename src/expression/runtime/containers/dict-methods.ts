import { typeError, valueError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Dict, DictView, Tuple } from '../../value.ts'
import { ITEM_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable } from '../method.ts'
import { callable } from '../method.ts'
import { copyDict } from './dict-copies.ts'
import { iterate, toArray } from './iteration.ts'
import type { AnyDict } from './keys.ts'
import { dictDelete, dictGet, ENTRY_BYTES, isJsonObject, putEntry, touchKey } from './keys.ts'

/**
 * The methods of `dict`, for dicts and JSON objects. `pop` without a default is absent when there is no such key,
 * `popitem` when there is no entry.
 */
export const DICT_METHODS: CallableTable = {
  clear: callable('', clear, { mutates: true }),
  copy: callable('', copyDict),
  get: callable('key, default=None, /', get),
  items: callable('', (_meter: Meter, dict: AnyDict) => new DictView('items', dict)),
  keys: callable('', (_meter: Meter, dict: AnyDict) => new DictView('keys', dict)),
  pop: callable('key, default=, /', pop, { mutates: true }),
  popitem: callable('', popItem, { mutates: true }),
  setdefault: callable('key, default=None, /', setDefault, { mutates: true }),
  update: callable('other=, /, **names', update, { mutates: true }),
  values: callable('', (_meter: Meter, dict: AnyDict) => new DictView('values', dict)),
}

function clear(meter: Meter, dict: AnyDict): null {
  if (dict instanceof Dict) dict.entries.clear()
  else {
    for (const key of Object.keys(dict)) {
      meter.touch(ENTRY_BYTES)
      delete dict[key]
    }
  }
  return null
}

function get(meter: Meter, dict: AnyDict, key: Value, otherwise: Value = null): Value {
  touchKey(meter, key)
  const value = dictGet(dict, key)
  return value === undefined ? otherwise : value
}

function pop(meter: Meter, dict: AnyDict, key: Value, otherwise: Maybe): Maybe {
  touchKey(meter, key)
  const value = dictGet(dict, key)
  if (value === undefined) return otherwise
  dictDelete(dict, key)
  return value
}

/** The entry added last. It takes time in proportion to the size: maps and objects can only be read forwards. */
function popItem(meter: Meter, dict: AnyDict): Maybe<Tuple> {
  let last: Maybe
  for (const key of iterate(dict, meter)) {
    meter.touch(2 * ITEM_BYTES)
    last = key
  }
  if (last === undefined) return undefined
  const entry = new Tuple([last, dictGet(dict, last)!])
  dictDelete(dict, last)
  return entry
}

function setDefault(meter: Meter, dict: AnyDict, key: Value, value: Value = null): Value {
  touchKey(meter, key)
  const known = dictGet(dict, key)
  if (known !== undefined) return known
  putEntry(meter, dict, key, value)
  return value
}

function update(meter: Meter, dict: AnyDict, other: Maybe, names: Dict | undefined): null {
  updateDict(meter, dict, other, names)
  return null
}

/**
 * Puts entries into a dict, for `dict(other, **names)` and `d.update(other, **names)`.
 *
 * @param other a dict, or an iterable of pairs; undefined when not given
 * @throws {Failure} TYPE_ERROR when it is neither or a key is not hashable; VALUE_ERROR when a pair is not one
 */
export function updateDict(meter: Meter, dict: AnyDict, other: Maybe, names: Dict | undefined): void {
  if (other instanceof Dict) {
    for (const [key, value] of other.entries.values()) putEntry(meter, dict, key, value)
  } else if (other !== undefined && isJsonObject(other)) {
    for (const key of Object.keys(other)) putEntry(meter, dict, key, other[key]!)
  } else if (other !== undefined) {
    let index = 0
    for (const element of iterate(other, meter)) {
      const [key, value] = toPair(meter, element, index++)
      putEntry(meter, dict, key, value)
    }
  }
  if (names === undefined) return
  for (const [key, value] of names.entries.values()) putEntry(meter, dict, key, value)
}

function toPair(meter: Meter, element: Value, index: number): [Value, Value] {
  const isObject = typeof element === 'object' && element !== null
  if (!isObject && typeof element !== 'string') {
    throw typeError(`cannot convert dictionary update sequence element #${index} to a sequence`)
  }
  const items = Array.isArray(element) ? element : toArray(meter, element)
  if (items.length !== 2) {
    throw valueError(`dictionary update sequence element #${index} has length ${items.length}; 2 is required`)
  }
  return [items[0]!, items[1]!]
}
