/** The keys and values that can stand at a place of a file of tests (`x.test.yaml`), out of the tables that its reader has. */
import {
  CASES_KEY,
  DETECTION_KEYS,
  KEYS_OF_A_CASE,
  REJECT_KEYS,
  type TestKey,
  TOP_KEYS,
} from '../test/keys.ts'
import { MATCHERS } from '../test/matchers.ts'
import { outerCursorAt } from './cursor.ts'

/** A place, and all that can stand there. */
export interface TestPlace {
  /** Offset of the word that is being written. */
  readonly start: number
  readonly keys: readonly TestKey[]
  readonly values: readonly (string | boolean)[]
}

/** Keys above a place, the outermost first; `[]` stands for an element of a list. */
interface KeyPlace {
  readonly path: readonly string[]
  readonly isKey: boolean
  /** Within brackets: the other keys of the mapping. */
  readonly siblings?: ReadonlySet<string>
}

const NO_KEYS: ReadonlySet<string> = new Set()

/** So much of a file on each side of a place is looked through for the other keys of its mapping. */
const MAX_BESIDE = 20_000

/** A word longer than this is none. */
const MAX_WORD = 100

/**
 * Finds what can stand at a place.
 *
 * @param offset UTF-16 units into the text of the file
 */
export function testPlaceAt(text: string, offset: number): TestPlace {
  const word = /[$\w-]*$/.exec(text.slice(Math.max(0, offset - MAX_WORD), offset))![0]
  const start = offset - word.length
  const place = keyPlaceAt(text, offset)
  if (place === undefined) return { start, keys: [], values: [] }
  const keys = place.isKey ? keysAt(place.path) : []
  const taken = keys.length === 0 ? NO_KEYS : (place.siblings ?? keysBeside(text, start))
  return {
    start,
    keys: keys.filter(({ name }) => !taken.has(name)),
    values: place.isKey ? [] : valuesAt(place.path),
  }
}

/** The key that a word is, at its place in the file. */
export function testKeyAt(text: string, offset: number, name: string): TestKey | undefined {
  const place = keyPlaceAt(text, offset)
  return place?.isKey === true ? keysAt(place.path).find((key) => key.name === name) : undefined
}

function keysAt(path: readonly string[]): readonly TestKey[] {
  const [first, second, key, ...below] = path
  if (first === undefined) return TOP_KEYS
  if (first !== CASES_KEY.name || second !== '[]') return []
  const inner = below.filter((step) => step !== '[]')
  switch (key) {
    case undefined:
      return KEYS_OF_A_CASE
    case 'expect':
    case 'expect_partial':
      return MATCHERS
    case 'reject':
      return inner.length === 0 ? REJECT_KEYS : MATCHERS
    case 'detections':
      return inner.length === 1 ? DETECTION_KEYS : []
    default:
      return []
  }
}

function valuesAt(path: readonly string[]): readonly (string | boolean)[] {
  const names = path.at(-1) === '[]' ? path.slice(0, -1) : path
  const name = names.at(-1)
  const key = keysAt(names.slice(0, -1)).find((each) => each.name === name)
  return key?.values ?? []
}

function keyPlaceAt(text: string, offset: number): KeyPlace | undefined {
  const cursor = outerCursorAt(text, offset)
  if (cursor.kind === 'none' || cursor.kind === 'expression') return undefined
  const { kind, path, start } = cursor
  if (start < offset && (text[start] === '{' || text[start] === '[')) {
    const inner = flowPlace(text, start, offset)
    return inner && { ...inner, path: [...path, ...inner.path] }
  }
  return { path, isKey: kind === 'key' }
}

/** A key that begins a line, behind the dashes of the elements that it begins. */
const BLOCK_KEY = /^( *(?:- +)*)(?:(['"]?)([$\w-]+)\2[ \t]*:(?:\s|$))?/

/**
 * The keys of the block mapping that the word at `start` belongs to, its own line left out.
 *
 *     - name: a
 *       ¦               name, drop
 *       drop: true
 *     - name: b
 */
function keysBeside(text: string, start: number): ReadonlySet<string> {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const before = text.slice(lineStart, start)
  const keys = new Set<string>()
  if (!/^ *(?:- +)*$/.test(before)) return keys
  const column = before.length
  /** @returns false: the mapping does not go on behind this line */
  const look = (line: string, isAbove: boolean): boolean => {
    if (/^\s*(?:#|$)/.test(line)) return true
    const [, lead = '', , key] = BLOCK_KEY.exec(line)!
    const indent = /^ */.exec(lead)![0].length
    // Below, a dash begins another element.
    if (isAbove ? lead.length < column : indent < column) return false
    if (lead.length === column && key !== undefined) keys.add(key)
    return !isAbove || indent >= column
  }
  if (!before.includes('-')) {
    const above = text.slice(Math.max(0, lineStart - MAX_BESIDE), Math.max(0, lineStart - 1))
    for (const line of lineStart === 0 ? [] : above.split('\n').reverse()) if (!look(line, true)) break
  }
  const lineEnd = text.indexOf('\n', start)
  const below = lineEnd === -1 ? '' : text.slice(lineEnd + 1, lineEnd + 1 + MAX_BESIDE)
  for (const line of below.split('\n')) if (!look(line, false)) break
  return keys
}

interface Flow {
  readonly isMapping: boolean
  key: string | undefined
  /** The keys before the place. */
  readonly keys: string[]
}

/**
 * The keys on the way from the bracket at `start` to a place in it; undefined: the place is behind it, in quotes or in a comment.
 *
 *     {source: {ip: {$a¦        source, ip: a key
 *     {reject: {code: ¦         reject, code: a value
 */
function flowPlace(text: string, start: number, offset: number): KeyPlace | undefined {
  const open: Flow[] = []
  let token = start
  /** Nothing but blanks since `token`. */
  let isBlank = true
  for (let at = start; at < offset; at++) {
    const character = text[at]!
    const top = open.at(-1)
    const isBracket = character === '{' || character === '['
    if (isBlank && (character === '"' || character === "'")) {
      at = quoteEnd(text, at, offset)
      if (at >= offset) return undefined
      isBlank = false
    } else if (character === '#' && /\s/.test(text[at - 1] ?? '')) {
      const end = text.indexOf('\n', at)
      if (end === -1 || end >= offset) return undefined
      at = end
    } else if (isBracket && isBlank) {
      open.push({ isMapping: character === '{', key: undefined, keys: [] })
      token = at + 1
    } else if (character === '}' || character === ']') {
      open.pop()
      if (open.length === 0) return undefined
      token = at + 1
      isBlank = true
    } else if (character === ',') {
      if (top !== undefined) top.key = undefined
      token = at + 1
      isBlank = true
    } else if (isKeyEnd(text, at) && top?.isMapping === true && top.key === undefined) {
      top.key = text
        .slice(token, Math.min(at, token + MAX_WORD))
        .trim()
        .replace(/^(['"])(.*)\1$/s, '$2')
      top.keys.push(top.key)
      token = at + 1
      isBlank = true
    } else if (isBlank && !/\s/.test(character)) isBlank = false
  }
  const last = open.at(-1)
  const path = open.flatMap(({ isMapping, key }) => (isMapping ? (key === undefined ? [] : [key]) : ['[]']))
  const siblings = new Set([...(last?.keys ?? []), ...flowKeysAfter(text, offset)])
  return { path, isKey: last?.isMapping === true && last.key === undefined, siblings }
}

/** The keys that follow within the same braces. The rest of the word at the place is none. */
function flowKeysAfter(text: string, offset: number): string[] {
  const keys: string[] = []
  const end = Math.min(text.length, offset + MAX_BESIDE)
  let depth = 0
  let at = offset
  while (at < end && /[$\w-]/.test(text[at]!)) at++
  for (let token = -1; at < end; at++) {
    const character = text[at]!
    if ((character === '"' || character === "'") && (token === -1 || token === at))
      at = quoteEnd(text, at, end)
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (--depth < 0) break
    } else if (depth === 0 && character === ',') token = at + 1
    else if (depth === 0 && token !== -1 && isKeyEnd(text, at)) {
      keys.push(text.slice(token, at).trim())
      token = -1
    }
  }
  return keys
}

/** The offset of the quote that ends the one at `start`; `end` where it comes later. */
function quoteEnd(text: string, start: number, end: number): number {
  const quote = text[start]
  let at = start + 1
  for (; at < end; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== quote) return at
      at++
    }
  }
  return end
}

function isKeyEnd(text: string, at: number): boolean {
  return text[at] === ':' && /^\s?$/.test(text.slice(at + 1, at + 2))
}
