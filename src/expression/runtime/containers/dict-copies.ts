/** Tools of functions that give a changed copy of a dict: none of them changes its argument. */
import { typeError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { Dict } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { typeName } from '../numbers/numbers.ts'
import type { AnyDict } from './keys.ts'
import { dictSet, dictSize, ENTRY_BYTES, isDict, LISTED, setMember, touchKey } from './keys.ts'

/** Of the same kind. */
export function copyDict(meter: Meter, dict: AnyDict): AnyDict {
  meter.build(dictSize(meter, dict) * ENTRY_BYTES)
  if (!(dict instanceof Dict)) return { ...dict }
  const result = new Dict()
  for (const [hash, entry] of dict.entries) result.entries.set(hash, entry)
  return result
}

/** A dict of the same kind without entries. */
export function emptyLike(dict: AnyDict): AnyDict {
  return dict instanceof Dict ? new Dict() : {}
}

/** The entries in their order, counted. */
export function* entriesOf(meter: Meter, dict: AnyDict): Generator<readonly [key: Value, value: Value]> {
  if (dict instanceof Dict) {
    for (const entry of dict.entries.values()) {
      meter.touch(LISTED)
      yield entry
    }
    return
  }
  for (const name of Object.keys(dict)) {
    meter.touch(LISTED)
    yield [name, dict[name]!]
  }
}

/** Stores an entry under a key that stands in another dict, counted. */
export function copyEntry(meter: Meter, dict: AnyDict, key: Value, value: Value): void {
  meter.build(ENTRY_BYTES)
  if (!(dict instanceof Dict) && typeof key === 'string') setMember(dict, key, value)
  else {
    touchKey(meter, key)
    dictSet(dict, key, value)
  }
}

/** @throws {Failure} TYPE_ERROR where the argument of a function is no dict */
export function dictArgument(functionName: string, parameter: string, value: Value): AnyDict {
  if (isDict(value)) return value
  throw typeError(`${functionName}() argument '${parameter}' must be dict, not ${typeName(value)}`)
}
