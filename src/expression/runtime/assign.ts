/** The effects of `tap`'s statements on the event and on their variables. */
import { typeError, valueError } from '../failure.ts'
import type { Dict, JsonObject, Maybe, Value } from '../value.ts'
import { deleteItem, getMember, setItem, toArray } from './containers/containers.ts'
import { isMapping } from './fields.ts'
import { ITEM_BYTES } from './length.ts'
import type { Meter } from './meter.ts'
import { typeName } from './numbers/numbers.ts'

/**
 * The values that `a, *b, c = value` gives its targets.
 *
 * @param star index of the starred target, -1 for none
 */
export function unpack(meter: Meter, value: Value, count: number, star: number): Value[] {
  const items = toArray(meter, value)
  if (star === -1) {
    if (items.length > count) throw valueError(`too many values to unpack (expected ${count})`)
    if (items.length < count) {
      throw valueError(`not enough values to unpack (expected ${count}, got ${items.length})`)
    }
    return items
  }
  const fixed = count - 1
  if (items.length < fixed) {
    throw valueError(`not enough values to unpack (expected at least ${fixed}, got ${items.length})`)
  }
  const middle = items.length - fixed
  meter.build(2 * ITEM_BYTES * items.length)
  return [...items.slice(0, star), items.slice(star, star + middle), ...items.slice(star + middle)]
}

/** `line.x.y = value`: what is absent on the way is created. */
export function setPath(
  meter: Meter,
  root: JsonObject | Dict,
  parts: readonly string[],
  line: boolean,
  value: Value,
): void {
  let holder = startOf(root, line)
  for (const part of parts.slice(0, -1)) {
    const next = getMember(holder, part)
    if (next === undefined || next === null) {
      const created: JsonObject = {}
      setItem(meter, holder, part, created)
      holder = created
    } else if (isMapping(next)) {
      holder = next
    } else {
      throw typeError(`'${part}' of ${parts.join('.')} is not an object but '${typeName(next)}'`)
    }
  }
  setItem(meter, holder, parts.at(-1)!, value)
}

/** The value at a path that an augmented assignment reads first; absent where a step is. */
export function getPath(root: JsonObject | Dict, parts: readonly string[], line: boolean): Maybe {
  let holder: Maybe = startOf(root, line)
  for (const part of parts) holder = isMapping(holder) ? getMember(holder, part) : undefined
  return holder
}

/** @returns false where there was nothing to delete */
export function deletePath(
  meter: Meter,
  root: JsonObject | Dict,
  parts: readonly string[],
  line: boolean,
): boolean {
  const holder = parts.length === 1 ? startOf(root, line) : getPath(root, parts.slice(0, -1), line)
  return isMapping(holder) && deleteItem(meter, holder, parts.at(-1)!)
}

/** `line.x` is below the event's own member `line` where it has one. */
function startOf(root: JsonObject | Dict, line: boolean): JsonObject | Dict {
  const own = line ? getMember(root, 'line') : undefined
  return isMapping(own) ? own : root
}
