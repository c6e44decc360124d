import { typeError } from '../failure.ts'
import { copyDict, dictArgument } from '../runtime/containers/dict-copies.ts'
import { ENTRY_BYTES, isDict, putEntry } from '../runtime/containers/keys.ts'
import { follow, indexOf, PathReader, type Step } from '../runtime/containers/path.ts'
import { repr } from '../runtime/format/repr.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const setPath: FunctionDefinition = {
  name: 'set_path',
  signature: 'd, path, value',
  group: 'dicts',
  returns: 'object',
  pure: true,
  summary: 'Gives a dict with another value at a path.',
  parameters: {
    d: 'the dict, which stays as it is',
    path: 'a text with dots, `"a.b.0"`, or a list of names and indexes, `["a.b", 0]`',
    value: 'the value',
  },
  result:
    'A new dict. Dicts that the path lacks are made; where it meets a list, its step is the index of an element.',
  errors: {
    TYPE_ERROR:
      '`d` is no dict, the path is none, it leads through a value that is neither dict nor list, or to an element that a list does not have',
  },
  notes: 'All that does not lie on the path is shared with `d`.',
  examples: [
    {
      expression: "set_path(app, 'user.name', 'root')",
      event: { app: { id: 1, user: { uid: 0 } } },
      result: { id: 1, user: { uid: 0, name: 'root' } },
    },
    { expression: "set_path({}, ['a.b', 'c'], 1)", result: { 'a.b': { c: 1 } } },
    {
      expression: "set_path(app, 'tags.0', 'x')",
      event: { app: { tags: ['a', 'b'] } },
      result: { tags: ['x', 'b'] },
    },
    { expression: "set_path(app, 'id.x', 1)", event: { app: { id: 1 } }, rejected: 'TYPE_ERROR' },
    { expression: "set_path(app, 'tags.2', 1)", event: { app: { tags: [] } }, rejected: 'TYPE_ERROR' },
    { expression: "set_path(app, 'a', 1)", event: { app: [] }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared for the path, which is mostly a constant. */
function prepare(): (context: EventContext, d: Value, path: Value, value: Value) => Value {
  const paths = new PathReader('set_path')
  return ({ meter }, d, path, value) =>
    withValue(meter, dictArgument('set_path', 'd', d), paths.read(path), value)
}

function withValue(meter: Meter, root: Value, steps: readonly Step[], value: Value): Value {
  // The containers on the path first, then their copies from the innermost outwards: a path may be long.
  const containers: Maybe[] = [root]
  for (const step of steps.slice(0, -1)) {
    const holder = containers.at(-1)
    containers.push(holder === undefined ? undefined : follow(holder, step))
  }
  let result = value
  for (let index = steps.length - 1; index >= 0; index--)
    result = changed(meter, containers[index], steps[index]!, result)
  return result
}

/** A copy of the container with one member or element in the place of another. */
function changed(meter: Meter, container: Maybe, step: Step, value: Value): Value {
  if (container === undefined) {
    meter.build(ENTRY_BYTES)
    const made = {}
    putEntry(meter, made, step, value)
    return made
  }
  if (isDict(container)) {
    const copy = copyDict(meter, container)
    putEntry(meter, copy, step, value)
    return copy
  }
  if (!Array.isArray(container))
    throw typeError(`set_path() cannot set ${repr(step)} in ${typeName(container)}`)
  const index = indexOf(step)
  const at = index === undefined || index >= 0 ? index : index + container.length
  if (at === undefined || at < 0 || at >= container.length)
    throw typeError(`set_path() found no element ${repr(step)} in a list of ${container.length}`)
  meter.build(LIST_BYTES + ITEM_BYTES * container.length)
  return container.with(at, value)
}
