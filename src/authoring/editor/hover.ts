/** The text that an editor shows for the thing under the pointer, and the place where that thing is defined. */
import { GROK_PATTERNS } from '../../expression/grok/patterns.ts'
import { beside } from '../../rules/include.ts'
import { keyMarkdown } from './complete.ts'
import { type Cursor, cursorAt } from './cursor.ts'
import { type EditedDocument, patternsOf, tablesOf } from './document.ts'
import { type ScanState, scanExpression } from './expression-scan.ts'
import { ENRICH_KEYS, FILE_KEYS, ROUTE_KEYS, RULE_KEYS } from './keys.ts'
import type { TextRange } from './positions.ts'
import { callableNamed, json, methodsNamed, referenceMarkdown } from './reference.ts'
import { testKeyAt } from './test-place.ts'

export interface Hover extends TextRange {
  /** Markdown. */
  readonly text: string
}

/** A place in a file: lines and columns from 1, columns in code points. */
export interface Definition {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endColumn: number
}

/** So many keys of a table are shown. */
const MAX_KEYS = 8

/** Words longer than this are no names. */
const MAX_WORD = 200

/**
 * Finds what there is to say about a place: the page of a function, a built-in or a method, a field's value in the sample, a table, a
 * pattern, a key.
 *
 * @param offset UTF-16 units into the document's text
 */
export function hover(document: EditedDocument, offset: number): Hover | undefined {
  const { text, kind } = document
  if (kind === 'tests') return hoverTests(text, offset)
  if (kind === 'lookups' || kind === 'test-options') return undefined
  const cursor = cursorAt(text, offset)
  if (cursor.kind === 'key') return hoverKey(text, cursor, offset)
  if (cursor.kind !== 'expression') return undefined
  const scan = scanExpression(text, cursor.start, offset, cursor.quote)
  if (scan.state === 'string') {
    const named = nameInString(document, scan, offset)
    if (named === undefined) return undefined
    const { name, range } = named
    const about = named.kind === 'table' ? tableText(document, name) : patternText(document, name)
    return about === undefined ? undefined : { ...range, text: about }
  }
  return scan.state === 'code' ? hoverCode(document, cursor.start, offset) : undefined
}

function hoverKey(
  text: string,
  { path, start }: Extract<Cursor, { kind: 'key' }>,
  offset: number,
): Hover | undefined {
  const range = wordAt(text, offset, start)
  if (range === undefined) return undefined
  const name = text.slice(range.start, range.end)
  const [first] = path
  const keys =
    first === undefined
      ? FILE_KEYS
      : first === 'enrich'
        ? ENRICH_KEYS
        : first === 'routes'
          ? ROUTE_KEYS
          : [...RULE_KEYS, ...FILE_KEYS]
  const key = keys.find((each) => each.name === name)
  return key === undefined ? undefined : { ...range, text: keyMarkdown(key) }
}

function hoverTests(text: string, offset: number): Hover | undefined {
  const before = /[$\w-]*$/.exec(text.slice(Math.max(0, offset - MAX_WORD), offset))![0]
  const after = /^[$\w-]*/.exec(text.slice(offset, offset + MAX_WORD))![0]
  const key = testKeyAt(text, offset, before + after)
  if (key === undefined) return undefined
  return { start: offset - before.length, end: offset + after.length, text: keyMarkdown(key) }
}

function hoverCode(document: EditedDocument, start: number, offset: number): Hover | undefined {
  const { text, sample } = document
  const range = wordAt(text, offset, start)
  if (range === undefined) return undefined
  const name = text.slice(range.start, range.end)
  const isMember = text[range.start - 1] === '.'
  const isCall = /^\s*\(/.test(text.slice(range.end, range.end + MAX_WORD))
  if (isCall) {
    const found = isMember ? methodsNamed(name) : [callableNamed(name)].filter((page) => page !== undefined)
    if (found.length > 0) {
      const pages = found.map(
        (page) => (page.type === undefined ? '' : `Method of ${page.type}\n\n`) + referenceMarkdown(page),
      )
      return { ...range, text: pages.join('\n\n---\n\n') }
    }
  }
  const before = /(?:[\p{XID_Start}_][\p{XID_Continue}]*\.)*$/u.exec(
    text.slice(Math.max(start, range.start - MAX_WORD), range.start),
  )![0]
  const path = `${before}${name}`.replace(/^(?:data|line\.parsed)\./, '')
  const field = sample.fields.find((each) => each.path.join('.') === path)
  if (field !== undefined) {
    const events = sample.events === 1 ? '1 event' : `${sample.events} events`
    const value = field.example === undefined ? '' : `, for example \`${field.example.replaceAll('`', "'")}\``
    return {
      ...range,
      text: `Field \`${path}\`: ${field.types.join(', ')} in ${field.count} of ${events}${value}`,
    }
  }
  // A built-in function that is not called: `key=len`.
  const page = isMember ? undefined : callableNamed(name)
  return page === undefined ? undefined : { ...range, text: referenceMarkdown(page) }
}

function wordAt(text: string, offset: number, least: number): TextRange | undefined {
  const before = /[\p{XID_Continue}@]*$/u.exec(text.slice(Math.max(least, offset - MAX_WORD), offset))![0]
  const after = /^[\p{XID_Continue}@]*/u.exec(text.slice(offset, offset + MAX_WORD))![0]
  return before === '' && after === ''
    ? undefined
    : { start: offset - before.length, end: offset + after.length }
}

interface NameInString {
  readonly kind: 'table' | 'pattern'
  readonly name: string
  readonly range: TextRange
}

/** The table that the text is the name of, or the pattern that it refers to. */
function nameInString(
  { text }: EditedDocument,
  { open, stringStart }: ScanState,
  offset: number,
): NameInString | undefined {
  const call = open.at(-1)
  if (call?.bracket !== '(') return undefined
  if ((call.callee === 'lookup' || call.callee === 'table') && call.argument === 0) {
    const rest = /^[^'"\n]*/.exec(text.slice(offset, offset + MAX_WORD))![0]
    const range = { start: stringStart, end: offset + rest.length }
    return { kind: 'table', name: text.slice(range.start, range.end), range }
  }
  if (call.callee !== 'extract') return undefined
  const range = wordAt(text, offset, stringStart)
  if (range === undefined || text.slice(range.start - 2, range.start) !== '%{') return undefined
  return { kind: 'pattern', name: text.slice(range.start, range.end), range }
}

function tableText(document: EditedDocument, name: string): string | undefined {
  const entry = tablesOf(document).find((table) => table.name === name)
  if (entry === undefined) return undefined
  const { table, file } = entry
  if (table.kind === 'list') return `Table \`${name}\` in ${file}: a list of ${table.items.length} entries`
  const shown = [...table.entries]
    .slice(0, MAX_KEYS)
    .map(([key, value]) => `- \`${key}\`: \`${short(json(value))}\``)
  const more = table.entries.size > MAX_KEYS ? `- and ${table.entries.size - MAX_KEYS} more` : ''
  return [`Table \`${name}\` in ${file}: ${table.entries.size} entries`, [...shown, more].join('\n')].join(
    '\n\n',
  )
}

function short(text: string): string {
  return (text.length > 60 ? `${text.slice(0, 60)}...` : text).replaceAll('`', "'")
}

function patternText(document: EditedDocument, name: string): string | undefined {
  const own = patternsOf(document).find((pattern) => pattern.name === name)
  const text = own?.text ?? (Object.hasOwn(GROK_PATTERNS, name) ? GROK_PATTERNS[name] : undefined)
  if (text === undefined) return undefined
  return `Pattern \`${name}\`${own === undefined ? '' : ` in ${own.file}`}\n\n\`\`\`\n${text}\n\`\`\``
}

/**
 * Finds where the table, the pattern or the included file at a place is defined.
 *
 * @param offset UTF-16 units into the document's text
 * @returns undefined where there is nothing, and for what the language itself has
 */
export function define(document: EditedDocument, offset: number): Definition | undefined {
  const { text, file, kind } = document
  if (kind === 'lookups' || kind === 'tests' || kind === 'test-options') return undefined
  const cursor = cursorAt(text, offset)
  if (cursor.kind === 'value' && cursor.path[0] === 'include') {
    const before = /[^\s[\],'"]*$/.exec(text.slice(Math.max(0, offset - MAX_WORD), offset))![0]
    const after = /^[^\s[\],'"]*/.exec(text.slice(offset, offset + MAX_WORD))![0]
    if (!/\.ya?ml$/i.test(before + after)) return undefined
    return { file: beside(file, before + after), line: 1, column: 1, endColumn: 1 }
  }
  if (cursor.kind !== 'expression') return undefined
  const scan = scanExpression(text, cursor.start, offset, cursor.quote)
  const named = scan.state === 'string' ? nameInString(document, scan, offset) : undefined
  if (named === undefined) return undefined
  const entry =
    named.kind === 'table'
      ? tablesOf(document).find(({ name }) => name === named.name)
      : patternsOf(document).find(({ name }) => name === named.name)
  return entry === undefined ? undefined : { file: entry.file, ...entry.place }
}
