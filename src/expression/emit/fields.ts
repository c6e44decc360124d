/** Reading the event. */
import type { Node } from '../check/checked.ts'
import { pathRecipe } from '../recipe.ts'
import type { FieldPath } from '../runtime/fields.ts'
import type { Code, Name } from './code.ts'
import { _ } from './code.ts'
import type { Emitted, FunctionWriter, Knowledge } from './writer.ts'

/** Names that a plain object inherits: reading them has to ask whether they are its own. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype))

const DATA = _`data`

/** Reads fields once, before the rules that use them. */
export function hoistFields(writer: FunctionWriter, paths: Iterable<FieldPath>): void {
  for (const path of paths) {
    if (!writer.hoisted.has(path.text)) writer.hoisted.set(path.text, readPath(writer, path))
  }
}

/** Code for a field's value. */
export function emitPath(writer: FunctionWriter, path: FieldPath): Code {
  return writer.hoisted.get(path.text) ?? readPath(writer, path)
}

/** A field; its value may be absent. */
export function emitField(writer: FunctionWriter, { path }: Node & { op: 'field' }): Emitted {
  return { code: emitPath(writer, path), known: ofEvent(writer), mayBeAbsent: true }
}

/** Code for the value of `line.x.y`. */
export function lineFieldValue(writer: FunctionWriter, path: FieldPath, underLine: FieldPath): Code {
  return writer.find('lineField', DATA, pathConstant(writer, underLine), pathConstant(writer, path))
}

export function emitLineField(
  writer: FunctionWriter,
  { path, underLine }: Node & { op: 'line-field' },
): Emitted {
  return writer.found(lineFieldValue(writer, path, underLine), ofEvent(writer))
}

export function emitRoot(writer: FunctionWriter): Emitted {
  return { code: DATA, known: ofEvent(writer) }
}

/** Code for what stands below these keys; undefined where the way ends. */
export function valueBelow(writer: FunctionWriter, keys: readonly string[]): Name {
  const name = writer.fresh('m')
  writer.line(_`let ${name} = ${dataMember(writer, keys[0]!)}`)
  for (const key of keys.slice(1)) writer.line(_`${name} = ${memberBelow(writer, name, key)}`)
  return name
}

/** `data['key']`, `a['key']`, `a[0]` */
export function emitItem(writer: FunctionWriter, node: Node & { op: 'item' }): Emitted {
  const known = isOfEvent(node.object) ? ofEvent(writer) : 'any'
  const { index } = node
  if (node.object.op === 'root' && index.op === 'constant' && typeof index.value === 'string') {
    return writer.found(ownMember(writer, index.value), known)
  }
  const object = writer.code(node.object)
  const key = writer.code(index)
  return writer.found(writer.find('getItem', object, key), known)
}

/** `data.get('key', fallback)` */
export function emitGet(writer: FunctionWriter, node: Node & { op: 'get' }): Emitted {
  const name = writer.fresh('t')
  // Python evaluates the fallback in any case; where it meets absence or fails, so does the call.
  const fallback = writer.code(node.fallback)
  writer.line(_`let ${name} = ${ownMember(writer, node.key)}`)
  writer.line(_`if (${name} === undefined) ${name} = ${fallback}`)
  return { code: name, known: 'any' }
}

/** Code for a member of the event. */
function ownMember(writer: FunctionWriter, key: string): Code {
  return writer.fields?.member(key) ?? dataMember(writer, key)
}

/** Reads a dotted path: the nested walk, the flat key, then what else is left to try. */
function readPath(writer: FunctionWriter, path: FieldPath): Name {
  const name = writer.fresh('f')
  const { parts, text } = path
  if (writer.fields !== undefined) {
    writer.line(_`const ${name} = ${writer.fields.field(path)}`, text)
    return name
  }
  writer.line(_`let ${name} = ${dataMember(writer, parts[0]!)}`, text)
  for (const part of parts.slice(1)) writer.line(_`${name} = ${memberBelow(writer, name, part)}`)
  if (parts.length > 1) {
    writer.line(_`if (${name} === undefined) ${name} = ${dataMember(writer, text)}`)
  }
  if (parts.length > 2) {
    const mixed = writer.find('resolveMixed', DATA, pathConstant(writer, path))
    writer.line(_`if (${name} === undefined) ${name} = ${mixed}`)
  }
  return name
}

function pathConstant(writer: FunctionWriter, path: FieldPath): Name {
  return writer.constants.add(pathRecipe(path), `path ${path.text}`)
}

/** A member of the event, which is an object. */
function dataMember(writer: FunctionWriter, key: string): Code {
  return writer.exact ? writer.find('step', DATA, key) : plainMember(writer, DATA, key)
}

/** A member of a value of any type, undefined where it is no object. */
function memberBelow(writer: FunctionWriter, holder: Name, key: string): Code {
  if (writer.exact) return writer.find('step', holder, key)
  return _`${writer.call('isObject', holder)} ? ${plainMember(writer, holder, key)} : undefined`
}

function plainMember(writer: FunctionWriter, holder: Code, key: string): Code {
  return INHERITED.has(key) ? writer.find('ownMember', holder, key) : _`${holder}[${key}]`
}

/** The type of a part of the event, as it came. */
function ofEvent(writer: FunctionWriter): Knowledge {
  return writer.exact ? 'any' : 'json'
}

/** The value is a part of the event, as it came. */
function isOfEvent(node: Node): boolean {
  if (node.op === 'item' || node.op === 'attribute') return isOfEvent(node.object)
  return node.op === 'field' || node.op === 'line-field' || node.op === 'root'
}
