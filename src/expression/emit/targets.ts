/** Targets of assignments: names of comprehensions, variables and members in `tap`. */
import type { Node, StatementNode, TargetNode } from '../check/checked.ts'
import { listRecipe } from '../recipe.ts'
import { absentMessage } from './absent-message.ts'
import type { Code } from './code.ts'
import { _, Name } from './code.ts'
import { BINARY } from './helpers.ts'
import type { FunctionWriter } from './writer.ts'

const DATA = _`data`
const UNDEFINED = _`undefined`

/** A variable of `tap`. */
export function variableName(id: number): Name {
  return new Name(`w${id}`)
}

/** The three bounds of a slice: `null` for one that is not given. */
export function emitBounds(
  writer: FunctionWriter,
  { lower, upper, step }: { readonly lower?: Node; readonly upper?: Node; readonly step?: Node },
): (Code | null)[] {
  return [lower, upper, step].map((bound) => (bound === undefined ? null : writer.code(bound)))
}

/** Declares the names of a comprehension's target. */
export function declareTarget(writer: FunctionWriter, target: TargetNode): void {
  if (target.op === 'local') writer.declareLocal(target.id)
  if (target.op === 'targets') for (const entry of target.targets) declareTarget(writer, entry.target)
}

/** `target = value` */
export function emitAssignment(writer: FunctionWriter, target: TargetNode, value: Code): void {
  switch (target.op) {
    case 'local':
      writer.line(_`${writer.local(target.id)} = ${value}`)
      return
    case 'variable':
      writer.line(_`${variableName(target.id)} = ${value}`)
      return
    case 'item': {
      const object = writer.code(target.object)
      const key = writer.code(target.index)
      storeItem(writer, target, object, key, value)
      return
    }
    case 'slice': {
      const object = writer.code(target.object)
      writer.line(writer.call('setSlice', object, ...emitBounds(writer, target), value))
      return
    }
    case 'path':
      writer.line(writer.call('setPath', DATA, pathParts(writer, target), target.line, value))
      return
    case 'event':
      writer.line(_`${DATA} = run.replaceEvent(${value})`)
      return
    case 'targets': {
      const star = target.targets.findIndex((entry) => entry.starred)
      const values = writer.temporary(writer.call('unpack', value, target.targets.length, star)).code
      for (const [index, entry] of target.targets.entries()) {
        emitAssignment(writer, entry.target, _`${values}[${index}]`)
      }
    }
  }
}

/** `target += value` */
export function emitAugmented(writer: FunctionWriter, statement: StatementNode & { op: 'augment' }): void {
  const { target, operator } = statement
  const { helper: computed, inPlace: helper = computed } = BINARY[operator]
  const change = (current: Code): Code => {
    const changed = writer.call(helper, current, writer.code(statement.value))
    return writer.observed?.assigned(statement, changed) ?? changed
  }
  switch (target.op) {
    case 'variable': {
      const current = writer.code(target)
      writer.line(_`${variableName(target.id)} = ${change(current)}`)
      return
    }
    case 'item': {
      // Object and key are evaluated once.
      const object = writer.code(target.object)
      const key = writer.code(target.index)
      const current = writer.found(writer.find('getItem', object, key)).code
      writer.need(current, absentMessage(target))
      storeItem(writer, target, object, key, change(current))
      return
    }
    case 'slice': {
      const object = writer.code(target.object)
      const bounds = emitBounds(writer, target)
      const current = writer.temporary(writer.call('getSlice', object, ...bounds)).code
      writer.line(writer.call('setSlice', object, ...bounds, change(current)))
      return
    }
    case 'path': {
      const parts = pathParts(writer, target)
      const current = writer.found(writer.find('getPath', DATA, parts, target.line)).code
      writer.need(current, pathMessage(target))
      writer.line(writer.call('setPath', DATA, parts, target.line, change(current)))
    }
  }
}

/** `del target` */
export function emitDeletion(writer: FunctionWriter, target: TargetNode): void {
  switch (target.op) {
    case 'variable': {
      const name = variableName(target.id)
      writer.need(name, `${target.name} has no value`)
      writer.line(_`${name} = ${UNDEFINED}`)
      return
    }
    case 'item': {
      const object = writer.code(target.object)
      const key = writer.code(target.index)
      leaveUnless(writer, writer.call('deleteItem', object, key), absentMessage(target))
      return
    }
    case 'slice': {
      const object = writer.code(target.object)
      writer.line(writer.call('deleteSlice', object, ...emitBounds(writer, target)))
      return
    }
    case 'path': {
      const parts = pathParts(writer, target)
      leaveUnless(writer, writer.call('deletePath', DATA, parts, target.line), pathMessage(target))
      return
    }
    case 'targets':
      for (const entry of target.targets) emitDeletion(writer, entry.target)
  }
}

/** An index out of range is absence, as it is when it is read. */
function storeItem(writer: FunctionWriter, target: TargetNode, object: Code, key: Code, value: Code): void {
  leaveUnless(writer, writer.call('setItem', object, key, value), absentMessage(target))
}

function leaveUnless(writer: FunctionWriter, isDone: Code, message: string): void {
  writer.line(_`if (!${isDone}) ${writer.leave(message)}`)
}

type PathTarget = TargetNode & { op: 'path' }

function pathParts(writer: FunctionWriter, { parts }: PathTarget): Name {
  return writer.constants.add(listRecipe(parts), parts.join('.'))
}

function pathMessage({ parts }: PathTarget): string {
  return `line.${parts.join('.')} is absent`
}
