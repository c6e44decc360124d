/** The forms of the language that deal with absence: `cond`, `optional`, `attempt`, `coalesce`, `exists`. */
import type { Node } from '../check/checked.ts'
import type { Code } from './code.ts'
import { _, Name } from './code.ts'
import { emitItem, emitPath, isOfEvent, leaveOutIgnored } from './fields.ts'
import type { Emitted, FunctionWriter, Knowledge, LabelledAbsence } from './writer.ts'

export function emitCond(writer: FunctionWriter, node: Node & { op: 'cond' }): Emitted {
  const name = writer.fresh('t')
  const label = writer.fresh('cond')
  let known: Knowledge | undefined
  const give = (value: Node): void => {
    const emitted = writer.value(value)
    known = known === undefined || known === emitted.known ? emitted.known : 'any'
    writer.line(_`${name} = ${emitted.code}`)
  }
  writer.line(_`let ${name}`)
  writer.block(_`${label}:`, () => {
    for (const [index, pair] of node.pairs.entries()) {
      writer.block(_`if (${emitCondition(writer, pair.test)})`, () => {
        writer.observed?.branch(node, index)
        give(pair.value)
        writer.line(_`break ${label}`)
      })
    }
    writer.observed?.branch(node, node.pairs.length)
    if (node.fallback !== undefined) give(node.fallback)
  })
  return { code: name, known: known ?? 'any', mayBeAbsent: node.fallback === undefined }
}

/** A condition of `cond`: in an optional rule, one that reaches something absent is false. */
function emitCondition(writer: FunctionWriter, test: Node): Code {
  if (!writer.lenient) return writer.test(test)
  const name = writer.fresh('c')
  const label = writer.fresh('test')
  const absence: LabelledAbsence = { kind: 'break', label }
  let result: Code = name
  const written = writer.collect(() => {
    result = writer.withAbsence(absence, () => writer.test(test))
  })
  if (absence.used !== true) {
    // Nothing in it can be absent: its code does without a block.
    writer.append(written)
    return result
  }
  writer.line(_`let ${name} = false`)
  writer.block(_`${label}:`, () => {
    writer.append(written)
    writer.line(_`${name} = ${result}`)
  })
  writer.observed?.settle(test, name)
  return name
}

export function emitOptional(writer: FunctionWriter, node: Node & { op: 'optional' }): Emitted {
  const name = writer.fresh('t')
  const label = writer.fresh('optional')
  const absent = writer.fresh('absent')
  let known: Knowledge = 'any'
  writer.line(_`let ${name}`)
  writer.block(_`${label}:`, () => {
    writer.block(_`${absent}:`, () => {
      const evaluate = (): void => {
        for (const field of node.fields) writer.value(field)
        const value = writer.value(node.value)
        known = value.known
        writer.observed?.branch(node, 0)
        writer.line(_`${name} = ${value.code}`)
        writer.line(_`break ${label}`)
      }
      writer.withAbsence({ kind: 'break', label: absent }, () => {
        if (!node.catches) return evaluate()
        writer.block(_`try`, evaluate)
        writer.block(_`catch (error)`, () => emitRecovery(writer, node))
      })
    })
    writer.observed?.branch(node, 1)
    const fallback = writer.value(node.fallback)
    if (fallback.known !== known) known = 'any'
    writer.line(_`${name} = ${fallback.code}`)
  })
  return { code: name, known }
}

/** Goes on behind an error that the event has caused. */
function emitRecovery(writer: FunctionWriter, node: Node): void {
  const error = new Name('error')
  writer.line(writer.call('recover', error))
  writer.observed?.caught(node, error)
}

/**
 * Writes a condition of a rule file: where something in it is absent, or an error of type or value arises, it is false. The operands of `and`
 * and `or` are conditions of their own, so that an absent field in one of them leaves the others alone.
 *
 * @returns a name that is true or false
 */
export function emitSoftCondition(writer: FunctionWriter, node: Node): Name {
  const name = writer.fresh('c')
  if (node.op === 'logical') {
    writer.observed?.enter(node)
    const left = emitSoftCondition(writer, node.left)
    writer.line(_`let ${name} = ${left}`)
    writer.observed?.branch(node, 0)
    writer.block(node.operator === 'or' ? _`if (!${name})` : _`if (${name})`, () => {
      writer.observed?.turn(node)
      const right = emitSoftCondition(writer, node.right)
      writer.line(_`${name} = ${right}`)
    })
    writer.observed?.value(node, name)
    return name
  }
  writer.line(_`let ${name} = false`)
  const label = writer.fresh('test')
  writer.block(_`${label}:`, () => {
    const evaluate = (): void => {
      writer.withAbsence({ kind: 'break', label }, () => {
        const holds = writer.test(node)
        writer.line(_`${name} = ${holds}`)
      })
    }
    // Errors of the fast path lead to the plain way.
    if (writer.fields !== undefined) return evaluate()
    writer.block(_`try`, evaluate)
    writer.block(_`catch (error)`, () => emitRecovery(writer, node))
  })
  writer.observed?.settle(node, name)
  return name
}

/** The values are evaluated up to the first that is useful; one in which something is absent is absent itself. */
export function emitCoalesce(writer: FunctionWriter, node: Node & { op: 'coalesce' }): Emitted {
  const name = writer.fresh('t')
  const label = writer.fresh('coalesce')
  writer.line(_`let ${name}`)
  writer.block(_`${label}:`, () => {
    for (const [index, value] of node.values.entries()) {
      const next = writer.fresh('absent')
      writer.block(_`${next}:`, () => {
        writer.withAbsence({ kind: 'break', label: next }, () => {
          writer.line(_`${name} = ${softValue(writer, value)}`)
          const test = writer.call('isUseful', name)
          writer.line(_`if (${writer.observed?.taken(node, index, test) ?? test}) break ${label}`)
        })
      })
    }
    writer.observed?.branch(node, node.values.length)
    writer.line(_`${name} = undefined`)
  })
  return { code: name, known: 'any', mayBeAbsent: true }
}

/** On the way to a field nothing fails: what does not fit is absent. */
export function emitExists(writer: FunctionWriter, { value: node }: Node & { op: 'exists' }): Emitted {
  if (node.op === 'field') {
    const value = emitPath(writer, node.path)
    writer.observed?.value(node, value)
    return writer.temporary(writer.call('isUseful', value), 'boolean')
  }
  const name = writer.fresh('t')
  const label = writer.fresh('exists')
  writer.line(_`let ${name} = false`)
  writer.block(_`${label}:`, () => {
    writer.withAbsence({ kind: 'break', label }, () => {
      writer.line(_`${name} = ${writer.call('isUseful', softValue(writer, node))}`)
    })
  })
  return { code: name, known: 'boolean' }
}

function softItem(writer: FunctionWriter, object: Node, value: Code): Code {
  if (writer.ignored.length === 0 || !isOfEvent(object)) return writer.temporary(value).code
  const name = writer.fresh('t')
  writer.line(_`let ${name} = ${value}`)
  leaveOutIgnored(writer, name)
  return name
}

/** A path each step of which gives absence where it does not fit. */
function softValue(writer: FunctionWriter, node: Node): Code {
  if (node.op !== 'item' && node.op !== 'attribute') return writer.maybe(node).code
  writer.observed?.enter(node)
  const value = softStep(writer, node)
  writer.observed?.value(node, value)
  return value
}

function softStep(writer: FunctionWriter, node: Node & { op: 'item' | 'attribute' }): Code {
  if (node.op === 'item') {
    if (node.object.op === 'root' && node.index.op === 'constant') return emitItem(writer, node).code
    const object = softValue(writer, node.object)
    return softItem(writer, node.object, writer.find('softItem', object, writer.code(node.index)))
  }
  const object = softValue(writer, node.object)
  return softItem(writer, node.object, writer.find('softItem', object, node.name))
}
