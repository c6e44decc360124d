/** Values as YAML, in the form that people write. */
import { isMapping } from '../../expression/runtime/fields.ts'
import type { NumberTexts, Value } from '../../expression/value.ts'
import { type JsonText, membersOf, scalarText } from './json-value.ts'

/** A line that is longer is written as a block. */
const MAX_LINE = 100

/** Words that YAML, or an older reader of YAML, takes for something else than a text. */
const WORDS = /^(?:null|true|false|yes|no|on|off)$/i

/** Text that needs no quotes anywhere. */
const PLAIN = /^[A-Za-z_](?:[\w./+@-]| (?! ))*$/
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** Characters that single quotes cannot hold as they are. */
const NEEDS_ESCAPE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]/

/** A text as a YAML scalar on one line. */
export function yamlScalar(text: string): string {
  const isPlain = (PLAIN.test(text) && !text.endsWith(' ') && !WORDS.test(text)) || IPV4.test(text)
  if (isPlain) return text
  if (!NEEDS_ESCAPE.test(text)) return `'${text.replaceAll("'", "''")}'`
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A value on one line: `{event: {type: denied}}`. */
export function yamlFlow({ value, numbers, own }: JsonText): string {
  return flow(value, numbers, own)
}

/**
 * A value behind a key or a dash that ends at `column`: on the same line where it fits, else as a block below it.
 *
 * @param indent of the lines of the block
 * @returns begins with a blank or a line end
 */
export function yamlBehind(json: JsonText, indent: number, column: number): string {
  const line = yamlFlow(json)
  const { value, numbers } = json
  const isFlat = typeof value !== 'object' || value === null || isEmpty(value)
  if (isFlat || column + line.length < MAX_LINE) return ` ${line}`
  return `\n${block(value, numbers, indent)}`
}

function block(value: Value, numbers: NumberTexts | undefined, indent: number): string {
  const blanks = ' '.repeat(indent)
  const texts = numbers?.get(value as object)
  const lines: string[] = []
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const behind = inner(item, numbers, texts?.get(String(index)), indent + 2, indent + 1)
      lines.push(`${blanks}-${behind.startsWith('\n') ? ` ${behind.slice(indent + 3)}` : behind}`)
    }
  } else if (isMapping(value)) {
    for (const [name, member] of membersOf(value)) {
      const key = `${blanks}${yamlScalar(name)}:`
      lines.push(`${key}${inner(member, numbers, texts?.get(name), indent + 2, key.length)}`)
    }
  }
  return lines.join('\n')
}

function inner(
  value: Value,
  numbers: NumberTexts | undefined,
  own: string | undefined,
  indent: number,
  column: number,
): string {
  return own === undefined ? yamlBehind({ value, numbers }, indent, column) : ` ${own}`
}

function flow(value: Value, numbers: NumberTexts | undefined, own: string | undefined): string {
  if (typeof value === 'string') return yamlScalar(value)
  if (typeof value !== 'object' || value === null) return own ?? scalarText(value)
  const texts = numbers?.get(value)
  if (Array.isArray(value)) {
    return `[${value.map((item: Value, index) => flow(item, numbers, texts?.get(String(index)))).join(', ')}]`
  }
  if (!isMapping(value)) return scalarText(value)
  const members = Array.from(
    membersOf(value),
    ([name, member]) => `${yamlScalar(name)}: ${flow(member, numbers, texts?.get(name))}`,
  )
  return `{${members.join(', ')}}`
}

function isEmpty(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0
  return isMapping(value) && membersOf(value)[Symbol.iterator]().next().done === true
}
