/**
 * The places of a subject where a pattern that begins with `.*` may go on. An engine goes to the end of the line first, and tries the
 * rest of the pattern at each place on its way back; where the rest begins with a text, there are few places that have it:
 *
 *   .*\bdevid="?FG                 tried where `devid=` stands
 *   .*[ >]filterlog(?:\[\d+\])?:   one character before each `filterlog`
 */
import type { RegexNode } from './ast.ts'
import { sequence } from './ast.ts'
import { ANY_BUT_NEWLINE, ANY_CHARACTER, setKey } from './character-set.ts'
import { onlyCharacter } from './required-texts.ts'

/** A shorter text stands in too many places. */
const MIN_LENGTH = 2

/** Below the surrogates, a character of a pattern is one unit of a subject, and begins and ends where the unit does. */
const MAX_UNIT = 0xd7ff

export interface TextSearch {
  /** What has to match at one of the places. */
  readonly rest: RegexNode
  /** The text, and how many units behind the place it stands. */
  readonly text: string
  readonly offset: number
  /** Nothing is matched behind the first line. */
  readonly firstLine: boolean
}

/**
 * @param root a pattern that has to match at the start of a subject
 * @returns undefined where there is no such text
 */
export function findTextSearch(root: RegexNode): TextSearch | undefined {
  if (root.kind !== 'sequence') return undefined
  const [loop, ...items] = root.items
  if (loop?.kind !== 'repeat' || loop.min > 0 || loop.max !== Number.POSITIVE_INFINITY) return undefined
  const key = loop.body.kind === 'set' ? setKey(loop.body.set) : ''
  const firstLine = key === setKey(ANY_BUT_NEWLINE)
  if (!firstLine && key !== setKey(ANY_CHARACTER)) return undefined
  let text = ''
  let offset = 0
  for (const item of items) {
    if (item.kind === 'boundary' || item.kind === 'position' || item.kind === 'look') continue
    const code = item.kind === 'set' ? onlyCharacter(item.set) : undefined
    if (code !== undefined && code <= MAX_UNIT) text += String.fromCharCode(code)
    else if (text === '' && isOneUnit(item)) offset++
    else break
  }
  return text.length < MIN_LENGTH ? undefined : { rest: sequence(items), text, offset, firstLine }
}

function isOneUnit(item: RegexNode): boolean {
  if (item.kind !== 'set') return false
  const { negated, categories, ranges } = item.set
  return !negated && categories.length === 0 && ranges.length > 0 && ranges.at(-1)! <= MAX_UNIT
}
