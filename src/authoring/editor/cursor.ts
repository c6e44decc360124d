/** The part of a rule file that a place belongs to, for texts that are being typed and are mostly no YAML yet. */
import { Lines } from '../../expression/syntax/lines.ts'
import { isReserved } from '../../rules/reserved-keys.ts'
import { indentOf, YamlLines } from '../../rules/yaml/lines.ts'
import type { YamlQuote } from './expression-scan.ts'

/** The keys above a place, the outermost first; `[]` stands for an element of a list. */
type KeyPath = readonly string[]

export type Cursor =
  /** In an expression, or in the statements of `tap`. */
  | {
      readonly kind: 'expression'
      readonly path: KeyPath
      /** Offset of its first character. */
      readonly start: number
      readonly quote: YamlQuote
      readonly isTap: boolean
    }
  /** In a key, or where one can begin. */
  | { readonly kind: 'key'; readonly path: KeyPath; readonly start: number }
  /** In a value that is no expression. */
  | { readonly kind: 'value'; readonly path: KeyPath; readonly start: number }
  | { readonly kind: 'none' }

interface Step {
  readonly column: number
  readonly key: string
  /** Offset of the value; of an element of a list -1. */
  readonly value: number
}

const NONE: Cursor = { kind: 'none' }

/**
 * Finds what a place belongs to. Only the lines of its top-level key are looked at.
 *
 * @param text the file, without a byte order mark
 * @param offset UTF-16 units
 */
export function cursorAt(text: string, offset: number): Cursor {
  return findCursor(text, offset, valueCursor)
}

/**
 * As {@link cursorAt}, for files whose values are no expressions: a value is told with the offset of its first character, whatever
 * stands in it.
 */
export function outerCursorAt(text: string, offset: number): Cursor {
  return findCursor(text, offset, (_text, steps, start) => ({ kind: 'value', path: pathOf(steps), start }))
}

/** @param inValue tells of a place in or behind the value that begins at `start` */
function findCursor(text: string, offset: number, inValue: typeof valueCursor): Cursor {
  const lines = new YamlLines(text, new Lines(text))
  const target = lines.lines.placeAt(offset).line
  const column = offset - lines.lines.startOf(target)
  const first = firstLine(lines, target)
  const steps: Step[] = []
  /** The key whose text after `|` or `>` is being read. */
  let block: Step | undefined
  for (let line = first; line <= target; line++) {
    const content = lines.content(line)
    const start = lines.lines.startOf(line)
    const isBlank = content.trim() === ''
    const indent = isBlank ? (line === target ? column : Number.POSITIVE_INFINITY) : indentOf(content)
    if (block !== undefined) {
      if (indent > block.column) {
        if (line === target) {
          const first = lines.lines.startOf(lineOf(lines, block) + 1)
          return inValue === valueCursor
            ? textCursor(steps, first, undefined)
            : inValue(text, steps, first, offset)
        }
        continue
      }
      block = undefined
    }
    if (isBlank && line !== target) continue
    if (/^\s*#/.test(content)) {
      if (line === target && column > indentOf(content)) return NONE
      continue
    }
    let position = isBlank ? column : indent
    for (let dash = dashAt(content, position); dash > 0; dash = dashAt(content, position)) {
      popTo(steps, position, true)
      steps.push({ column: position, key: '[]', value: -1 })
      position += dash
    }
    const key = lines.keyLine(line)
    const keyText = key === undefined ? undefined : unquoted(key.key)
    if (key === undefined || keyText === undefined) {
      if (line !== target) continue
      const above = steps.at(-1)
      const goesOn =
        above !== undefined && above.value >= 0 && position > above.column && !isEmpty(lines, above)
      if (goesOn) return inValue(text, steps, above.value, offset)
      popTo(steps, position, false)
      const path = pathOf(steps)
      // An element of a list that is no mapping yet: a file under `include`, or the first key of a case.
      if (steps.at(-1)?.key === '[]' && path[0] === 'include')
        return { kind: 'value', path, start: start + position }
      return { kind: 'key', path, start: start + position }
    }
    popTo(steps, position, false)
    if (line === target && offset <= start + content.indexOf(':', position + key.key.length)) {
      return { kind: 'key', path: pathOf(steps), start: start + position }
    }
    const step = { column: position, key: keyText, value: key.value.start }
    steps.push(step)
    if (/^[|>]/.test(text.slice(key.value.start, key.value.end))) block = step
    if (line === target) return inValue(text, steps, key.value.start, offset)
  }
  return NONE
}

/** The first line of the top-level key that a line belongs to. */
function firstLine(lines: YamlLines, target: number): number {
  let first = target
  while (first > 1 && !/^[^\s#\]}-]/.test(lines.content(first))) first--
  // Elements of a list may stand in the column of their key.
  return first
}

function lineOf(lines: YamlLines, step: Step): number {
  return lines.lines.placeAt(step.value).line
}

/** The width of a dash and the blanks behind it; 0: there is none. */
function dashAt(content: string, position: number): number {
  return content[position] === '-' ? (/^-(?:[ \t]+|$)/.exec(content.slice(position))?.[0].length ?? 0) : 0
}

function popTo(steps: Step[], column: number, isElement: boolean): void {
  for (let last = steps.at(-1); last !== undefined; last = steps.at(-1)) {
    const isAbove = last.column < column || (isElement && last.column === column && last.key !== '[]')
    if (isAbove) return
    steps.pop()
  }
}

function isEmpty(lines: YamlLines, step: Step): boolean {
  return step.value >= lines.lines.endOf(lineOf(lines, step))
}

function pathOf(steps: readonly Step[]): string[] {
  return steps.map(({ key }) => key)
}

function unquoted(key: string): string {
  return key.replace(/^(['"])(.*)\1$/, '$2')
}

/** A place in or behind the value that begins at `start`. */
function valueCursor(text: string, steps: readonly Step[], start: number, offset: number): Cursor {
  if (offset < start) return { kind: 'value', path: pathOf(steps), start: offset }
  const first = text[start]
  if (first === '{') return flowCursor(text, steps, start, offset)
  const quote = first === "'" || first === '"' ? first : undefined
  return textCursor(steps, quote !== undefined && offset > start ? start + 1 : start, quote)
}

/** A place in `{field: ..., required: ...}`. */
function flowCursor(text: string, steps: readonly Step[], start: number, offset: number): Cursor {
  const before = text.slice(start, offset)
  const path = pathOf(steps)
  const keys = [...before.matchAll(/[{,]\s*([\w.]+)\s*:\s+/g)]
  const last = keys.at(-1)
  const own = last === undefined ? before.slice(1) : before.slice(last.index + last[0].length)
  const comma = /(?:^|,)\s*([\w.]*)$/.exec(own)
  const isField = last !== undefined && holdsText([...path, last[1]!])
  if (last === undefined || (comma !== null && own.includes(',') && !(isField && isOpen(own)))) {
    return { kind: 'key', path, start: offset - (comma?.[1]?.length ?? 0) }
  }
  const value = start + last.index + last[0].length
  const first = text[value]
  const quote = first === "'" || first === '"' ? first : undefined
  return textCursor(
    [...steps, { column: 0, key: last[1]!, value }],
    quote === undefined ? value : value + 1,
    quote,
  )
}

function isOpen(text: string): boolean {
  return (text.match(/[([{]/g)?.length ?? 0) > (text.match(/[)\]}]/g)?.length ?? 0)
}

function textCursor(steps: readonly Step[], start: number, quote: YamlQuote): Cursor {
  const path = pathOf(steps)
  if (!holdsText(path)) return { kind: 'value', path, start }
  return { kind: 'expression', path, start, quote, isTap: path[0] === 'tap' }
}

/** The value of this key is an expression, or statements. */
function holdsText(path: KeyPath): boolean {
  const [first, second, third, fourth] = path
  if (first === undefined) return false
  if (first === 'tap' || first === 'when' || first === 'drop' || first === 'split') return path.length === 1
  if (first === 'cases' || first === 'routes') {
    if (second !== '[]' || third === undefined) return false
    if (third === 'when') return path.length === 3
    if (first === 'routes' || isReserved(third)) return false
    return path.length === 3 || (path.length === 4 && fourth === 'field')
  }
  if (isReserved(first)) return false
  return path.length === 1 || (path.length === 2 && second === 'field')
}
