import { typeError, valueError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Dict } from '../../value.ts'
import { getItem } from '../containers/containers.ts'
import { isDict, putEntry } from '../containers/keys.ts'
import type { Meter } from '../meter.ts'
import { isInteger, toIndex } from '../numbers/numbers.ts'
import { requireArgument } from './arguments.ts'
import { codePoints, textLength } from './text.ts'
import { TextBuilder } from './text-builder.ts'

/**
 * `text.translate(table)`: what the table holds for a character's code point stands for it: another code point, a
 * text, None for nothing. Characters without an entry stay.
 *
 * @throws {Failure} TYPE_ERROR when the table has no items, or one that cannot stand for a character
 */
export function translate(meter: Meter, text: string, table: Value): string {
  if (text === '') return text
  if (table === null) throw typeError("'NoneType' object is not subscriptable")
  const source = typeof table === 'string' ? codePoints(meter, table) : table
  const result = new TextBuilder(meter)
  meter.touch(text.length * 400)
  for (const character of text) {
    result.add(translated(character, getItem(meter, source, character.codePointAt(0)!)))
  }
  return result.toString()
}

function translated(character: string, entry: Maybe): string {
  if (entry === undefined) return character
  if (entry === null) return ''
  if (typeof entry === 'string') return entry
  if (!isInteger(entry)) throw typeError('character mapping must return integer, None or str')
  const codePoint = Number(toIndex(entry))
  if (codePoint < 0 || codePoint > 0x10ffff) throw valueError('character mapping must be in range(0x110000)')
  return String.fromCodePoint(codePoint)
}

/**
 * `''.maketrans(from, to, removed)`: the table for `translate`, from a dict or from texts of equal length.
 *
 * @throws {Failure} TYPE_ERROR and VALUE_ERROR when the arguments do not make a table
 */
export function makeTranslation(meter: Meter, from: Value, to?: Value, removed?: Value): Dict {
  if (to === undefined) return translationOf(meter, from)
  const targets = codePoints(meter, requireArgument(to, 'maketrans() argument 2'))
  const dropped = removed === undefined ? '' : requireArgument(removed, 'maketrans() argument 3')
  if (typeof from !== 'string') {
    throw typeError('first maketrans argument must be a string if there is a second argument')
  }
  const sources = codePoints(meter, from)
  if (sources.length !== targets.length) {
    throw valueError('the first two maketrans arguments must have equal length')
  }
  const table = new Dict()
  for (const [index, source] of sources.entries()) {
    putEntry(meter, table, source.codePointAt(0)!, targets[index]!.codePointAt(0)!)
  }
  for (const character of dropped) putEntry(meter, table, character.codePointAt(0)!, null)
  return table
}

function translationOf(meter: Meter, entries: Value): Dict {
  if (!isDict(entries)) throw typeError('if you give only one argument to maketrans it must be a dict')
  const table = new Dict()
  const pairs = entries instanceof Dict ? entries.entries.values() : Object.entries(entries)
  for (const [key, value] of pairs) putEntry(meter, table, translationKey(key), value)
  return table
}

function translationKey(key: Value): Value {
  if (isInteger(key)) return key
  if (typeof key !== 'string') throw typeError('keys in translate table must be strings or integers')
  if (textLength(key) !== 1) throw valueError('string keys in translate table must be of length 1')
  return key.codePointAt(0)!
}
