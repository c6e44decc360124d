/** Reading the event. */
import type { Node } from '../check/checked.ts'
import { ignoredRecipe, pathRecipe } from '../recipe.ts'
import type { FieldPath } from '../runtime/fields.ts'
import type { Code, Name } from './code.ts'
import { _, anyOf } from './code.ts'
import type { Emitted, FunctionWriter, Knowledge } from './writer.ts'

/** Names that a plain object inherits: reading them has to ask whether they are its own. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype))

const DATA = _`data`
const CONST = _`const`
const LET = _`let`

/** Reads fields once, before the rules that use them, at the top of a function that does not change the event. */
export function hoistFields(writer: FunctionWriter, paths: Iterable<FieldPath>): void {
  for (const path of paths) {
    const key = writer.hoistKey(path)
    if (writer.hoisted.has(key)) continue
    const isShared = writer.exact && writer.fields === undefined && path.parts.length > 1
    writer.hoisted.set(key, isShared ? readSharedPath(writer, path) : readPath(writer, path))
  }
}

/** Reads a dotted path: what other paths lead through as well is read once, and flat keys are tried only on events that have some. */
function readSharedPath(writer: FunctionWriter, path: FieldPath): Name {
  const { parts, prefixes, rests, text } = path
  const { holders } = writer
  if (writer.flat === undefined) {
    writer.flat = writer.fresh('flat')
    writer.line(_`let ${writer.flat}`)
  }
  let holder: Code = DATA
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const prefix = prefixes[index + 1]!
    let name = holders.get(prefix)
    if (name === undefined) {
      name = writer.fresh('h')
      writer.line(_`const ${name} = ${stepTo(writer, holder, part)}`, prefix)
      holders.set(prefix, name)
    }
    holder = name
  }
  const name = writer.fresh('f')
  writer.line(_`let ${name} = ${stepTo(writer, holder, parts.at(-1)!)}`, text)
  const { flat } = writer
  writer.block(_`if (${name} === undefined)`, () => {
    writer.line(
      _`if (${flat} ??= ${writer.call('hasFlatKeys', DATA)}) ${name} = ${stepTo(writer, DATA, text)}`,
    )
    const first = holders.get(parts[0]!)!
    if (parts.length === 3) {
      // All that is left: the first two names as one key, or the last two.
      const joined = stepTo(writer, stepTo(writer, DATA, prefixes[2]!), parts[2]!)
      writer.line(_`if (${flat} && ${name} === undefined) ${name} = ${joined}`)
      writer.line(_`if (${name} === undefined) ${name} = ${stepTo(writer, first, rests[1]!.text)}`)
    } else if (parts.length > 3) {
      const mixed = writer.find('resolveMixed', DATA, pathConstant(writer, path))
      writer.line(_`if (${flat} && ${name} === undefined) ${name} = ${mixed}`)
      const below = writer.find('resolveBelow', first, pathConstant(writer, rests[1]!))
      writer.line(_`if (!${flat}) ${name} = ${below}`)
    }
  })
  leaveOutIgnored(writer, name)
  return name
}

function stepTo(writer: FunctionWriter, holder: Code, key: string): Code {
  return writer.find(INHERITED.has(key) ? 'step' : 'stepTo', holder, key)
}

/** Code for a field's value. */
export function emitPath(writer: FunctionWriter, path: FieldPath): Code {
  return writer.hoisted.get(writer.hoistKey(path)) ?? readPath(writer, path)
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
  return found(writer, lineFieldValue(writer, path, underLine), ofEvent(writer))
}

/** A value of the event that was looked for: absent also where it is one that is ignored. */
function found(writer: FunctionWriter, value: Code, known: Knowledge): Emitted {
  if (writer.ignored.length === 0) return writer.found(value, known)
  const name = writer.fresh('t')
  writer.line(_`let ${name} = ${value}`)
  leaveOutIgnored(writer, name)
  return { code: name, known, mayBeAbsent: true }
}

/** More values than these are looked up in a set. */
const MAX_COMPARED = 6

/** Makes a value absent where it is one that is ignored. */
export function leaveOutIgnored(writer: FunctionWriter, name: Name): void {
  const { ignored } = writer
  if (ignored.length === 0) return
  const test =
    ignored.length <= MAX_COMPARED
      ? anyOf(ignored.map((value) => _`${name} === ${value}`))
      : _`${writer.constants.add(ignoredRecipe(ignored), 'ignored values')}.has(${name})`
  writer.line(_`if (${test}) ${name} = undefined`)
}

/** The event that this one is an element of. */
export function emitParent(writer: FunctionWriter): Emitted {
  return writer.temporary(_`run.parent`)
}

export function emitParentField(writer: FunctionWriter, { path }: Node & { op: 'parent-field' }): Emitted {
  const value = writer.find('resolveField', _`run.parent`, pathConstant(writer, path))
  return found(writer, value, ofEvent(writer))
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
    return found(writer, dataMember(writer, index.value), known)
  }
  const object = writer.code(node.object)
  const key = writer.code(index)
  const value = writer.find('getItem', object, key)
  return isOfEvent(node.object) ? found(writer, value, known) : writer.found(value, known)
}

/** `data.get('key', fallback)` */
export function emitGet(writer: FunctionWriter, node: Node & { op: 'get' }): Emitted {
  const name = writer.fresh('t')
  // Python evaluates the fallback in any case; where it meets absence or fails, so does the call.
  const fallback = writer.code(node.fallback)
  writer.line(_`let ${name} = ${dataMember(writer, node.key)}`)
  leaveOutIgnored(writer, name)
  writer.line(_`if (${name} === undefined) ${name} = ${fallback}`)
  return { code: name, known: 'any' }
}

/** Reads a dotted path: the nested walk, the flat key, then what else is left to try. */
function readPath(writer: FunctionWriter, path: FieldPath): Name {
  const name = writer.fresh('f')
  const { parts, text } = path
  if (writer.fields !== undefined) {
    const word = writer.ignored.length === 0 ? CONST : LET
    writer.line(_`${word} ${name} = ${writer.fields.field(path)}`)
    leaveOutIgnored(writer, name)
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
  leaveOutIgnored(writer, name)
  return name
}

function pathConstant(writer: FunctionWriter, path: FieldPath): Name {
  return writer.constants.add(pathRecipe(path), `path ${path.text}`)
}

/** A member of the event, which is an object. */
function dataMember(writer: FunctionWriter, key: string): Code {
  if (writer.fields !== undefined) return writer.fields.member(key)
  return writer.exact ? stepTo(writer, DATA, key) : plainMember(writer, DATA, key)
}

/** A member of a value of any type, undefined where it is no object. */
function memberBelow(writer: FunctionWriter, holder: Name, key: string): Code {
  if (writer.exact) return stepTo(writer, holder, key)
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
export function isOfEvent(node: Node): boolean {
  if (node.op === 'item' || node.op === 'attribute') return isOfEvent(node.object)
  return (
    node.op === 'field' ||
    node.op === 'line-field' ||
    node.op === 'root' ||
    node.op === 'parent' ||
    node.op === 'parent-field'
  )
}
