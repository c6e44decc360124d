/** The things that can be written at a place of a rule file. */
import { GROK_PATTERNS } from '../../expression/grok/patterns.ts'
import { NAMED_FORMATS } from '../../expression/time/named-formats.ts'
import { isReserved } from '../../rules/reserved-keys.ts'
import { type Cursor, cursorAt } from './cursor.ts'
import { type EditedDocument, patternsOf, tablesOf } from './document.ts'
import { type ScanState, scanExpression } from './expression-scan.ts'
import { ENRICH_KEYS, FILE_KEYS, type KeyText, ON_ERROR_VALUES, ROUTE_KEYS, RULE_KEYS } from './keys.ts'
import { allReferences, type Reference, referenceMarkdown } from './reference.ts'
import type { SampleField } from './sample.ts'
import { testPlaceAt } from './test-place.ts'

export type CompletionKind =
  | 'function'
  | 'builtin'
  | 'method'
  | 'field'
  | 'variable'
  | 'table'
  | 'pattern'
  | 'keyword'
  | 'key'
  | 'value'

/** Something that can be written. */
export interface Completion {
  readonly label: string
  readonly kind: CompletionKind
  /** The text that takes the place of `start` to `end`. Of calls it ends with `()`, and the cursor belongs between them. */
  readonly insert: string
  /** Beside the label: a signature, a type, an example. */
  readonly detail: string
  /** Markdown. */
  readonly documentation?: string
}

export interface Completions {
  /** Offsets of the text that a completion replaces. */
  readonly start: number
  readonly end: number
  /** In the order in which they are worth showing. */
  readonly items: readonly Completion[]
}

const KEYWORDS = ['and', 'or', 'not', 'in', 'is', 'if', 'else', 'for', 'True', 'False', 'None', 'absent']
const STATEMENT_KEYWORDS = ['del', 'elif', 'while', 'pass', 'break', 'continue']

/** The event as a whole, and its parts that are no fields. */
const EVENT_NAMES: readonly (readonly [string, string])[] = [
  ['data', "the event: data['a name with blanks']"],
  ['line.raw', 'the text of the event as it came in'],
  ['line.parsed', 'the event'],
]

const NOTHING: Completions = { start: 0, end: 0, items: [] }

/** A path of names before the cursor, and the dot behind something that is no name. */
const CHAIN = /(?:[\p{XID_Start}_][\p{XID_Continue}]*\.)*[\p{XID_Start}_]?[\p{XID_Continue}]*$/u
/** A chain longer than this is none. */
const MAX_CHAIN = 500

/**
 * Finds what can be written at a place.
 *
 * @param offset UTF-16 units into the document's text
 */
export function complete(document: EditedDocument, offset: number): Completions {
  const { text, kind } = document
  if (kind === 'tests') return completeTests(text, offset)
  if (kind === 'lookups' || kind === 'test-options') return NOTHING
  const cursor = cursorAt(text, offset)
  switch (cursor.kind) {
    case 'expression':
      return completeExpression(document, cursor, offset)
    case 'key':
      return completeKey(document, cursor.path, cursor.start, offset)
    case 'value':
      return completeValue(cursor.path, text, offset)
    case 'none':
      return NOTHING
  }
}

// --- keys ---------------------------------------------------------------------------------------------------------

function completeKey(
  { kind, text }: EditedDocument,
  path: readonly string[],
  start: number,
  offset: number,
): Completions {
  const [first, second] = path
  let keys: readonly KeyText[] = []
  if (first === undefined) {
    keys =
      kind === 'routes'
        ? [{ name: 'routes', summary: 'The rule sets, in the order in which they are asked.', example: '' }]
        : FILE_KEYS
  } else if (first === 'cases')
    keys = path.length === 2 ? [FILE_KEYS.find(({ name }) => name === 'when')!] : RULE_KEYS
  else if (first === 'routes') keys = ROUTE_KEYS
  else if (first === 'defaults') keys = RULE_KEYS.filter(({ name }) => name !== 'field')
  else if (first === 'enrich') keys = ENRICH_KEYS
  else if (!isReserved(first) && second === undefined) keys = RULE_KEYS
  // The key that is being written is none that is there.
  const taken =
    first === undefined ? topLevelKeys(text.slice(0, start) + text.slice(offset)) : new Set<string>()
  return {
    start: Math.min(start, offset),
    end: offset,
    items: keys.filter(({ name }) => !taken.has(name)).map((key) => keyItem(key, text, offset)),
  }
}

function keyItem(key: KeyText, text: string, offset: number): Completion {
  return {
    label: key.name,
    kind: 'key',
    insert: text[offset] === ':' ? key.name : `${key.name}: `,
    detail: '',
    documentation: keyMarkdown(key),
  }
}

/** Of a file of tests the keys, the matchers, and the values that are words. */
function completeTests(text: string, offset: number): Completions {
  const { start, keys, values } = testPlaceAt(text, offset)
  return {
    start,
    end: offset,
    items: [
      ...keys.map((key) => keyItem(key, text, offset)),
      ...values.map((value): Completion => {
        return { label: String(value), kind: 'value', insert: String(value), detail: '' }
      }),
    ],
  }
}

export function keyMarkdown({ summary, example }: KeyText): string {
  return example === undefined || example === '' ? summary : `${summary}\n\n\`\`\`yaml\n${example}\n\`\`\``
}

function topLevelKeys(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/^([a-z]+):/gm), ([, key]) => key!))
}

function completeValue(path: readonly string[], text: string, offset: number): Completions {
  const start = offset - /[\w-]*$/.exec(text.slice(Math.max(0, offset - MAX_CHAIN), offset))![0].length
  const values =
    path.at(-1) === 'required' ? ['false', 'true'] : path.at(-1) === 'on_error' ? ON_ERROR_VALUES : []
  return {
    start,
    end: offset,
    items: values.map((value) => ({ label: value, kind: 'value', insert: value, detail: '' })),
  }
}

// --- expressions --------------------------------------------------------------------------------------------------

function completeExpression(
  document: EditedDocument,
  { start, quote, isTap }: Extract<Cursor, { kind: 'expression' }>,
  offset: number,
): Completions {
  const { text } = document
  const scan = scanExpression(text, start, offset, quote)
  if (scan.state === 'comment' || scan.state === 'outside') return NOTHING
  if (scan.state === 'string') return completeString(document, scan, offset)
  const chain = CHAIN.exec(text.slice(Math.max(start, offset - MAX_CHAIN), offset))![0]
  const dot = chain.lastIndexOf('.')
  const begin = offset - chain.length
  const range = { start: offset - chain.length + dot + 1, end: offset }
  if (dot === -1) {
    if (text[begin - 1] === '.' && begin > start) {
      return { ...range, items: methods(typesBefore(text, begin - 1), isTap, text, offset) }
    }
    // `2` of `x2` was read as a name; behind a digit nothing begins.
    if (/\d$/.test(chain) && !/[\p{XID_Start}_]/u.test(chain[0] ?? '')) return NOTHING
    const hasRoom = text[offset] !== '('
    return {
      ...range,
      items: [
        ...fieldItems(document.sample.fields),
        ...variables(isTap ? text.slice(start, begin) : ''),
        ...calls(hasRoom),
        ...names(isTap, document),
      ],
    }
  }
  const base = chain.slice(0, dot).split('.')
  const path =
    base[0] === 'data' ? base.slice(1) : base[0] === 'line' && base[1] === 'parsed' ? base.slice(2) : base
  const below = document.sample.fields.filter(
    (field) => field.path.length > path.length && path.every((name, index) => field.path[index] === name),
  )
  const own = document.sample.fields.find((field) => field.path.join('.') === path.join('.'))
  const fields = below
    .filter((field) => field.path.length === path.length + 1)
    .filter((field) => isName(field.path.at(-1)!))
    .map((field) => fieldItem(field, field.path.at(-1)!))
  return { ...range, items: [...fields, ...methods(own?.types ?? [], isTap, text, offset)] }
}

/** The types of the value that ends before a dot, as far as its last character tells. */
function typesBefore(text: string, end: number): readonly string[] {
  const last = text[end - 1]
  return last === "'" || last === '"' ? ['str'] : last === '}' ? ['dict', 'set'] : []
}

function fieldItems(fields: readonly SampleField[]): Completion[] {
  return fields.map((field) => {
    const dotted = field.path.every(isName)
    return fieldItem(
      field,
      dotted ? field.path.join('.') : `data${field.path.map((name) => `[${quoted(name)}]`).join('')}`,
    )
  })
}

function fieldItem({ types, example }: SampleField, label: string): Completion {
  const detail = example === undefined ? types.join(', ') : `${types.join(', ')}  ${example}`
  return { label, kind: 'field', insert: label, detail }
}

function isName(name: string): boolean {
  return /^[\p{XID_Start}_][\p{XID_Continue}]*$/u.test(name)
}

function quoted(name: string): string {
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

/** Names that statements before the cursor assign. */
function variables(before: string): Completion[] {
  const found = new Set(Array.from(before.matchAll(/^[ \t]*([a-z_]\w*)[ \t]*=(?!=)/gim), ([, name]) => name!))
  return Array.from(found, (name) => ({ label: name, kind: 'variable', insert: name, detail: 'set in tap' }))
}

function calls(hasRoom: boolean): Completion[] {
  return allReferences()
    .filter(({ kind }) => kind !== 'method')
    .map((reference) => callItem(reference, hasRoom))
}

function callItem(reference: Reference, hasRoom: boolean, owner?: string): Completion {
  const { name, kind, signature } = reference
  return {
    label: name,
    kind,
    insert: hasRoom ? `${name}()` : name,
    detail: owner === undefined ? signature : `${owner}  ${signature}`,
    documentation: referenceMarkdown(reference),
  }
}

/** Methods of the given types, or of all types. Those that change their object are for `tap`. */
function methods(types: readonly string[], isTap: boolean, text: string, offset: number): Completion[] {
  const hasRoom = text[offset] !== '('
  const seen = new Map<string, Completion>()
  for (const reference of allReferences()) {
    if (reference.kind !== 'method' || (reference.mutates === true && !isTap)) continue
    if (types.length > 0 && !types.includes(reference.type!)) continue
    const earlier = seen.get(reference.name)
    if (earlier === undefined) seen.set(reference.name, callItem(reference, hasRoom, reference.type))
  }
  return [...seen.values()]
}

function names(isTap: boolean, { text }: EditedDocument): Completion[] {
  const hasParent = /^split[ \t]*:/m.test(text)
  const event = hasParent
    ? [...EVENT_NAMES, ['parent', 'the event that this one is an element of'] as const]
    : EVENT_NAMES
  const keywords = isTap ? [...KEYWORDS, ...STATEMENT_KEYWORDS] : KEYWORDS
  return [
    ...event.map(([name, detail]) => ({ label: name, kind: 'variable', insert: name, detail }) as const),
    ...keywords.map((name) => ({ label: name, kind: 'keyword', insert: name, detail: '' }) as const),
  ]
}

// --- texts --------------------------------------------------------------------------------------------------------

function completeString(
  document: EditedDocument,
  { open, stringStart }: ScanState,
  offset: number,
): Completions {
  const call = open.at(-1)
  const written = document.text.slice(stringStart, offset)
  const whole = { start: stringStart, end: offset }
  if (call === undefined || written.includes('\n')) return NOTHING
  if (call.bracket === '(' && (call.callee === 'lookup' || call.callee === 'table') && call.argument === 0) {
    return { ...whole, items: tableItems(document) }
  }
  if (call.bracket === '(' && call.callee === 'extract') {
    const name = /%\{(\w*)$/.exec(written)
    if (name === null) return NOTHING
    return { start: offset - name[1]!.length, end: offset, items: patternItems(document) }
  }
  if (call.bracket === '(' && call.callee === 'parse_timestamp' && call.argument > 0) {
    const formats = ['iso8601', ...NAMED_FORMATS.keys()]
    return {
      ...whole,
      items: formats.map((name) => ({ label: name, kind: 'value', insert: name, detail: 'time format' })),
    }
  }
  if (call.bracket === '[' && (call.callee === 'data' || call.callee === 'line.parsed')) {
    const items = document.sample.fields
      .filter(({ path }) => path.length === 1)
      .map((field) => fieldItem(field, field.path[0]!))
    return { ...whole, items }
  }
  return NOTHING
}

function tableItems(document: EditedDocument): Completion[] {
  return tablesOf(document).map(({ name, file, table }) => {
    const size = table.kind === 'list' ? table.items.length : table.entries.size
    return { label: name, kind: 'table', insert: name, detail: `${size} entries, ${file}` }
  })
}

function patternItems(document: EditedDocument): Completion[] {
  return [
    ...patternsOf(document).map(
      ({ name, text }) => ({ label: name, kind: 'pattern', insert: name, detail: text }) as const,
    ),
    ...Object.entries(GROK_PATTERNS).map(
      ([name, text]) => ({ label: name, kind: 'pattern', insert: name, detail: text }) as const,
    ),
  ]
}
