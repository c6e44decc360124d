/** The JSON of the functions of the language. */
import type { JsonCoding } from '../expression/functions/definition.ts'
import { ENTRY_BYTES } from '../expression/runtime/containers/keys.ts'
import { ITEM_BYTES, LIST_BYTES } from '../expression/runtime/length.ts'
import type { Meter } from '../expression/runtime/meter.ts'
import type { Maybe, Value } from '../expression/value.ts'
import { isCanonical } from './canonical.ts'
import { nestsTooDeep } from './nesting.ts'
import { JsonProblem, noValueAt, parseExact } from './parse.ts'
import { stringify } from './stringify.ts'

const SPACE = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b

export const JSON_CODING: JsonCoding = { read, write }

function read(meter: Meter, text: string): Maybe {
  if (noValueAt(text) !== -1 || nestsTooDeep(text)) return undefined
  meter.build(estimateBytes(text))
  try {
    return isContainer(text) && isCanonical(text) ? (JSON.parse(text) as Value) : parseExact(text).value
  } catch (error) {
    if (error instanceof JsonProblem || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Bytes that the value takes at most: it is counted before it is made. The contents of strings are taken for members, too. */
function estimateBytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === COLON) bytes += ENTRY_BYTES
    else if (code === COMMA) bytes += ITEM_BYTES
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) bytes += LIST_BYTES
  }
  return bytes
}

/** `isCanonical` looks at numbers inside of lists and objects only. */
function isContainer(text: string): boolean {
  let position = 0
  while (text.charCodeAt(position) <= SPACE) position++
  const code = text.charCodeAt(position)
  return code === OPEN_BRACKET || code === OPEN_BRACE
}

function write(meter: Meter, value: Value, order: 'as-it-is' | 'sorted'): string {
  return stringify(value, undefined, { meter, sorted: order === 'sorted' })
}
