/** Checked tree to JavaScript: the code of each kind of node, and of a rule as a whole. */
import type { Node } from '../check/checked.ts'
import { emitCoalesce, emitCond, emitExists, emitOptional } from './absence.ts'
import { emitCall, emitCallable, emitIsInstance, emitMethod } from './calls.ts'
import type { Name } from './code.ts'
import { _ } from './code.ts'
import { emitComprehension, emitSearch } from './comprehensions.ts'
import type { Constants } from './constant-pool.ts'
import { emitConstant } from './constants.ts'
import { emitDict, emitDisplay, emitFormatted } from './displays.ts'
import {
  emitField,
  emitGet,
  emitItem,
  emitLineField,
  emitParent,
  emitParentField,
  emitRoot,
  isOfEvent,
  leaveOutIgnored,
} from './fields.ts'
import type { HelperName } from './helpers.ts'
import { emitBinary, emitComparison, emitConditional, emitLogical, emitNot, emitSign } from './operators.ts'
import { emitBounds, variableName } from './targets.ts'
import type { EmitOptions, Emitted, Knowledge } from './writer.ts'
import { FunctionWriter } from './writer.ts'

/**
 * A writer for one generated function.
 *
 * @param constants what the whole program refers to
 * @param helpers collects the functions of the runtime that the program calls
 */
export function createWriter(
  constants: Constants,
  helpers: Set<HelperName>,
  options: EmitOptions,
): FunctionWriter {
  return new FunctionWriter(constants, helpers, options, emitNode)
}

/**
 * Writes the evaluation of a rule.
 *
 * @param name a variable for the value, undefined where the rule is optional and its value absent
 * @returns what is known of the value
 */
export function emitRule(writer: FunctionWriter, name: Name, node: Node, required: boolean): Knowledge {
  writer.lenient = !required
  // Most optional rules copy a field: absent or not, it is the value.
  if (required || node.op === 'field') {
    const { code, known } = required ? writer.value(node) : writer.maybe(node)
    writer.line(_`const ${name} = ${code}`)
    return known
  }
  let known: Knowledge = 'any'
  const label = writer.fresh('rule')
  writer.line(_`let ${name}`)
  writer.block(_`${label}:`, () => {
    writer.withAbsence({ kind: 'break', label }, () => {
      const value = writer.value(node)
      writer.line(_`${name} = ${value.code}`)
      known = value.known
    })
  })
  return known
}

/** Ends a rule: its value is counted, and noted if it is one that JSON.stringify does not write as it should. */
export function emitFinish(writer: FunctionWriter, name: Name): void {
  writer.line(_`if (!${writer.call('finishValue', name)}) run.plain = false`)
}

function emitNode(writer: FunctionWriter, node: Node): Emitted {
  switch (node.op) {
    case 'constant':
      return emitConstant(writer, node.value)
    case 'field':
      return emitField(writer, node)
    case 'line-field':
      return emitLineField(writer, node)
    case 'root':
      return emitRoot(writer)
    case 'absent':
      return { code: _`undefined`, known: 'any', mayBeAbsent: true }
    case 'raw':
      return { code: _`raw`, known: 'string' }
    case 'parent':
      return emitParent(writer)
    case 'parent-field':
      return emitParentField(writer, node)
    case 'rest':
      return writer.found(_`run.rest(data, ${writer.constants.add(node.reads, 'what rules read')})`)
    case 'local':
      return { code: writer.local(node.id), known: 'any' }
    case 'variable': {
      const name = variableName(node.id)
      const field = writer.maybe(node.field)
      return writer.found(_`${name} !== undefined ? ${name} : ${field.code}`)
    }
    case 'attribute': {
      const object = writer.code(node.object)
      const value = writer.found(writer.find('getAttribute', object, node.name))
      if (writer.ignored.length === 0 || !isOfEvent(node.object)) return value
      const name = writer.fresh('t')
      writer.line(_`let ${name} = ${value.code}`)
      leaveOutIgnored(writer, name)
      return { ...value, code: name }
    }
    case 'item':
      return emitItem(writer, node)
    case 'slice': {
      const object = writer.code(node.object)
      return writer.temporary(writer.call('getSlice', object, ...emitBounds(writer, node)))
    }
    case 'call':
      return emitCall(writer, node)
    case 'callable':
      return emitCallable(writer, node)
    case 'method':
      return emitMethod(writer, node)
    case 'cond':
      return emitCond(writer, node)
    case 'optional':
      return emitOptional(writer, node)
    case 'coalesce':
      return emitCoalesce(writer, node)
    case 'exists':
      return emitExists(writer, node)
    case 'get':
      return emitGet(writer, node)
    case 'isinstance':
      return emitIsInstance(writer, node)
    case 'not':
      return emitNot(writer, node)
    case 'unary':
      return emitSign(writer, node)
    case 'binary':
      return emitBinary(writer, node)
    case 'logical':
      return emitLogical(writer, node)
    case 'comparison':
      return emitComparison(writer, node)
    case 'conditional':
      return emitConditional(writer, node)
    case 'display':
      return emitDisplay(writer, node)
    case 'dict':
      return emitDict(writer, node)
    case 'comprehension':
      return emitComprehension(writer, node)
    case 'search':
      return emitSearch(writer, node)
    case 'formatted':
      return emitFormatted(writer, node)
  }
}
