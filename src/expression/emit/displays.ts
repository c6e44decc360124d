/** Lists, tuples, sets and dicts that are written out, and f-strings. */
import type { FormattedPart, Node } from '../check/checked.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Code } from './code.ts'
import { _, sum } from './code.ts'
import type { Emitted, FunctionWriter } from './writer.ts'

const EMPTY_TEXT = _`""`

export function emitDisplay(writer: FunctionWriter, node: Node & { op: 'display' }): Emitted {
  const items = node.elements.map(({ value, spread }) => {
    const code = writer.code(value)
    return spread ? _`...${writer.call('toArray', code)}` : code
  })
  const hasSpread = node.elements.some((element) => element.spread)
  const array = hasSpread ? writer.call('boundedList', items) : _`${items}`
  if (items.length > 0) writer.build(LIST_BYTES + 2 * ITEM_BYTES * items.length)
  if (node.result === 'list') return writer.temporary(array)
  return writer.temporary(writer.call(node.result === 'tuple' ? 'makeTuple' : 'collectSet', array))
}

export function emitDict(writer: FunctionWriter, node: Node & { op: 'dict' }): Emitted {
  const dict = writer.temporary(writer.call('emptyDict'))
  for (const { key, value } of node.entries) {
    if (key === undefined) {
      writer.line(writer.call('mergeInto', dict.code, writer.code(value)))
    } else {
      const keyCode = writer.code(key)
      writer.line(writer.call('putEntry', dict.code, keyCode, writer.code(value)))
    }
  }
  return dict
}

/** An f-string. */
export function emitFormatted(writer: FunctionWriter, node: Node & { op: 'formatted' }): Emitted {
  return writer.temporary(joinedParts(writer, node.parts), 'string')
}

function joinedParts(writer: FunctionWriter, parts: readonly FormattedPart[]): Code {
  const terms = parts.map((part) => formattedPart(writer, part))
  if (terms.length === 0) return EMPTY_TEXT
  if (terms.length === 1) return terms[0]!
  const { code } = writer.temporary(sum(terms))
  writer.build(_`${code}.length`)
  return code
}

/** The functions of conversions: `!r`, `!s`, `!a`. */
const CONVERSIONS = { r: 'repr', s: 'str', a: 'ascii' } as const

function formattedPart(writer: FunctionWriter, part: FormattedPart): Code {
  if (typeof part === 'string') return _`${part}`
  const { conversion, spec } = part
  const value = writer.code(part.value)
  const converted = conversion === undefined ? value : writer.call(CONVERSIONS[conversion], value)
  if (spec === undefined || spec.length === 0) {
    return conversion === undefined ? writer.call('formatValue', converted, '') : converted
  }
  return writer.call('formatValue', converted, writer.temporary(joinedParts(writer, spec)).code)
}
