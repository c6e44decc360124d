/** The look-up of an event's field by its dotted path, flat keys (`"id.orig_h"`) included. */
import type { JsonObject, Maybe, Value } from '../value.ts'
import { Dict, OwnValue } from '../value.ts'
import { getMember } from './containers/containers.ts'
import { dictGet, ownMember } from './containers/keys.ts'

/** A dotted path, with what its look-up needs worked out once. */
export interface FieldPath {
  /** As written: `id.orig_h`. */
  readonly text: string
  readonly parts: readonly string[]
  /** `prefixes[n]`: the first n parts joined by dots. */
  readonly prefixes: readonly string[]
  /** `rests[n]`: the path without its first n parts. */
  readonly rests: readonly (FieldPath | undefined)[]
}

export function fieldPath(parts: readonly string[]): FieldPath {
  // Suffixes are shared: a path of n parts makes n objects.
  const suffixes: FieldPath[] = []
  for (let start = parts.length - 1; start >= 0; start--) {
    const own = parts.slice(start)
    const prefixes = own.map((_, count) => own.slice(0, count).join('.'))
    const rests = own.map((_, count) => (count === 0 ? undefined : suffixes[start + count]))
    suffixes[start] = { text: own.join('.'), parts: own, prefixes, rests }
  }
  return suffixes[0]!
}

/** Dots lead into the value: an object of JSON or a dict, not a list and no other value of the language. */
export function isMapping(value: Maybe): value is JsonObject | Dict {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof OwnValue) || value instanceof Dict
}

/** One step of a walk: the own member, or absence. */
export function step(value: Maybe, key: string): Maybe {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof OwnValue) return value instanceof Dict ? dictGet(value, key) : undefined
  return ownMember(value, key)
}

/** {@link step} for a key that no object inherits. */
export function stepTo(value: Maybe, key: string): Maybe {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof OwnValue) return value instanceof Dict ? dictGet(value, key) : undefined
  return value[key]
}

/** An event with more members is not looked through for those with a dot in their names. */
const MAX_MEMBERS = 64

/** Some member of the event may have a name with a dot in it: flat keys and flat prefixes are worth a try. */
export function hasFlatKeys(event: JsonObject | Dict): boolean {
  if (event instanceof Dict) return true
  let count = 0
  for (const key in event) if (++count > MAX_MEMBERS || key.includes('.')) return true
  return false
}

/**
 * The last attempt for an event without flat keys, after the nested walk: flat keys further below.
 *
 * @param below the event's member of the path's first name
 * @param rest the path below it
 */
export function resolveBelow(below: Maybe, rest: FieldPath): Maybe {
  if (!isMapping(below)) return undefined
  const value = getMember(below, rest.text)
  return value === undefined && rest.parts.length > 2 ? resolveMixed(below, rest) : value
}

/**
 * The value at a path: nested members first, then the whole path as one flat key, then the longest flat prefix
 * with the rest below it.
 */
export function resolveField(object: Maybe, path: FieldPath): Maybe {
  const place = locateField(object, path)
  return place === undefined ? undefined : getMember(place.container, place.key)
}

/** Where a field was found. */
interface Place {
  readonly container: JsonObject | Dict
  readonly key: string
}

/** As {@link resolveField}, but tells where: the object that holds the value, and under which key. */
export function locateField(object: Maybe, path: FieldPath): Place | undefined {
  if (!isMapping(object)) return undefined
  const { parts } = path
  const last = parts.length - 1
  let holder: Maybe = object
  for (let index = 0; index < last; index++) holder = step(holder, parts[index]!)
  if (isMapping(holder) && getMember(holder, parts[last]!) !== undefined) {
    return { container: holder, key: parts[last]! }
  }
  if (last === 0) return undefined
  if (getMember(object, path.text) !== undefined) return { container: object, key: path.text }
  return locateMixed(object, path)
}

function locateMixed(object: JsonObject | Dict, path: FieldPath): Place | undefined {
  for (let count = path.parts.length - 1; count > 0; count--) {
    const below = getMember(object, path.prefixes[count]!)
    if (below === undefined || !isMapping(below)) continue
    const place = locateField(below, path.rests[count]!)
    if (place !== undefined) return place
  }
  return undefined
}

/**
 * The last attempt, after the nested walk and the whole flat key: flat prefixes, the longest first.
 * Only for paths of three parts or more does this find anything new.
 */
export function resolveMixed(object: JsonObject | Dict, path: FieldPath): Maybe {
  const place = locateMixed(object, path)
  return place === undefined ? undefined : getMember(place.container, place.key)
}

/** Follows the constant keys of `data['a'][0]` to the last one; undefined where the way ends. */
export function locateItem(
  root: JsonObject | Dict,
  keys: readonly (string | number)[],
): { container: object; key: string } | undefined {
  let holder: Maybe = root
  for (const key of keys.slice(0, -1)) holder = softItem(holder, key)
  if (typeof holder !== 'object' || holder === null) return undefined
  const key = keys.at(-1)!
  if (Array.isArray(holder) && typeof key === 'number') {
    return { container: holder, key: String(key < 0 ? holder.length + key : key) }
  }
  return { container: holder, key: String(key) }
}

/** `exists`: there is a useful value. */
export function isUseful(value: Maybe): boolean {
  return value !== undefined && value !== null && value !== '' && value !== '-'
}

/** One step of a path that never fails: anything that does not fit is absent. */
export function softItem(object: Maybe, index: Value): Maybe {
  if (Array.isArray(object)) return typeof index === 'number' ? object.at(index) : undefined
  return typeof index === 'string' ? step(object, index) : undefined
}
