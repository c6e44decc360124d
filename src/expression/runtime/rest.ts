/** The members of an event that no rule reads. */
import type { Dict, JsonObject, Maybe, NumberTexts, Value } from '../value.ts'
import { Dict as DictValue } from '../value.ts'
import { getMember } from './containers/containers.ts'
import { dictSet } from './containers/keys.ts'
import type { FieldPath } from './fields.ts'
import { isMapping, softItem, step } from './fields.ts'
import type { Meter } from './meter.ts'
import { setOwn } from './output.ts'

/** Places that rules read: dotted paths, and chains of keys as in `data['a']['b']`. */
export interface RestPaths {
  readonly paths: readonly FieldPath[]
  readonly keys: readonly (readonly string[])[]
}

/** The reads of a rule set: of all events, and by group of cases and case of those that it applies to. */
export interface RestReads {
  readonly always: RestPaths
  readonly cases: readonly (readonly RestPaths[])[]
}

/** Bytes of a member of a copy. */
const MEMBER_BYTES = 100

/** By object on the way to something that is read: its members that are read themselves. */
type Removed = Map<object, Set<string>>

type Mapping = JsonObject | Dict

/**
 * A copy of the event without what rules read of it; objects that hold nothing else are left out.
 *
 * @param branches by group of cases the case that applies, -1: none
 * @param numbers texts of the event's numbers; those of copied objects are added
 * @returns undefined where nothing is left
 */
export function restOf(
  event: Mapping,
  reads: RestReads,
  branches: readonly number[],
  meter: Meter,
  numbers: NumberTexts | undefined,
): Mapping | undefined {
  const removed: Removed = new Map()
  remove(event, reads.always, removed)
  for (const [group, cases] of reads.cases.entries()) {
    const paths = cases[branches[group] ?? -1]
    if (paths !== undefined) remove(event, paths, removed)
  }
  return copyWithout(event, removed, meter, numbers)
}

function remove(event: Mapping, { paths, keys }: RestPaths, removed: Removed): void {
  for (const path of paths) removePath(event, path, removed)
  for (const chain of keys) {
    const way: [Mapping, string][] = []
    let holder: Maybe = event
    for (const key of chain) {
      if (holder === undefined || holder === null || !isMapping(holder)) break
      way.push([holder, key])
      holder = softItem(holder, key)
    }
    if (holder !== undefined && way.length === chain.length) note(way, removed)
  }
}

/** As `locateField` finds a field, and notes the way to it. */
function removePath(object: Mapping, path: FieldPath, removed: Removed): boolean {
  const { parts } = path
  const way: [Mapping, string][] = []
  let holder: Maybe = object
  for (const part of parts) {
    if (holder === undefined || holder === null || !isMapping(holder)) break
    way.push([holder, part])
    holder = step(holder, part)
  }
  if (way.length === parts.length && holder !== undefined) {
    note(way, removed)
    return true
  }
  if (parts.length === 1) return false
  if (getMember(object, path.text) !== undefined) {
    note([[object, path.text]], removed)
    return true
  }
  for (let count = parts.length - 1; count > 0; count--) {
    const below = getMember(object, path.prefixes[count]!)
    if (below === undefined || !isMapping(below)) continue
    if (removePath(below, path.rests[count]!, removed)) {
      if (!removed.has(object)) removed.set(object, new Set())
      return true
    }
  }
  return false
}

function note(way: readonly (readonly [Mapping, string])[], removed: Removed): void {
  for (const [index, [object, key]] of way.entries()) {
    let members = removed.get(object)
    if (members === undefined) {
      members = new Set()
      removed.set(object, members)
    }
    if (index === way.length - 1) members.add(key)
  }
}

function copyWithout(
  object: Mapping,
  removed: Removed,
  meter: Meter,
  numbers: NumberTexts | undefined,
): Mapping | undefined {
  const members = removed.get(object)!
  const copy: Mapping = object instanceof DictValue ? new DictValue() : {}
  const texts = numbers?.get(object)
  let isEmpty = true
  for (const [key, value] of entriesOf(object)) {
    meter.build(MEMBER_BYTES)
    if (members?.has(key as string) === true) continue
    const left: Maybe =
      typeof value === 'object' && value !== null && removed.has(value)
        ? copyWithout(value as Mapping, removed, meter, numbers)
        : (value as Value)
    if (left === undefined) continue
    isEmpty = false
    if (copy instanceof DictValue) dictSet(copy, key, left)
    else setOwn(copy, key as string, left)
  }
  if (isEmpty) return undefined
  if (texts !== undefined) numbers!.set(copy, texts)
  return copy
}

function entriesOf(object: Mapping): Iterable<readonly [Value, Maybe]> {
  return object instanceof DictValue ? object.entries.values() : Object.entries(object)
}
