import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { Dict, Tuple } from '../../value.ts'
import { toArray } from '../containers/containers.ts'
import { formatMethod } from '../format/format.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable } from '../method.ts'
import { callable } from '../method.ts'
import { integerArgument, optionalText, requireArgument, requireText, wrongType } from './arguments.ts'
import { capitalize, casefold, lower, swapCase, title, upper } from './casing.ts'
import { center, expandTabs, padEnd, padStart, zeroFill } from './layout.ts'
import {
  isAlpha,
  isAlphanumeric,
  isAscii,
  isDecimal,
  isDigit,
  isIdentifier,
  isLower,
  isNumericText,
  isPrintable,
  isSpace,
  isTitle,
  isUpper,
} from './predicates.ts'
import { count, endsWith, find, findLast, removePrefix, removeSuffix, replace, startsWith } from './search.ts'
import {
  join,
  partition,
  partitionFromEnd,
  split,
  splitFromEnd,
  splitLines,
  strip,
  stripEnd,
  stripStart,
} from './split.ts'
import { SLICE_BYTES, textLength } from './text.ts'
import { makeTranslation, translate } from './translate.ts'

export { casefold, lower, upper } from './casing.ts'
export { count, endsWith, find, replace, startsWith } from './search.ts'
export { join, split, splitLines, strip } from './split.ts'

/** Units of work for a character that is mapped, and for one whose class is looked up. */
const CHARACTER = 8
const CLASSIFIED = 64

/** `isalpha` and its like: they look at every character. */
function classifying(test: (text: string) => boolean) {
  return (meter: Meter, text: string) => {
    meter.touch(text.length * CLASSIFIED)
    return test(text)
  }
}

/** `lower` and its like: a new text of about that length. */
function mapping(map: (text: string, meter: Meter) => string) {
  return (meter: Meter, text: string) => {
    meter.touch(text.length * CHARACTER)
    const mapped = map(text, meter)
    meter.build(mapped.length)
    return mapped
  }
}

type Search = (meter: Meter, text: string, sought: string, start?: Value, end?: Value) => number

/** `find`, `rfind`, `count`. */
function searching(search: Search) {
  return (meter: Meter, text: string, sought: Value, start?: Value, end?: Value) =>
    search(meter, text, requireText(sought), start, end)
}

/** `index` and `rindex`: as `find`, but nothing found is an error. */
function indexing(search: Search) {
  return (meter: Meter, text: string, sought: Value, start?: Value, end?: Value) => {
    const index = search(meter, text, requireText(sought), start, end)
    if (index === -1) throw valueError('substring not found')
    return index
  }
}

type EndTest = (meter: Meter, text: string, end: string, start?: Value, stop?: Value) => boolean

/** `startswith` and `endswith`: one text, or a tuple of which one has to fit. */
function testingEnd(method: string, test: EndTest) {
  return (meter: Meter, text: string, ends: Value, start?: Value, stop?: Value) => {
    if (typeof ends === 'string') return test(meter, text, ends, start, stop)
    if (!(ends instanceof Tuple)) throw wrongType(ends, `${method} first arg must be str or a tuple of str`)
    for (const end of ends.items) {
      const checked = requireText(end, `tuple for ${method} must only contain str`)
      meter.touch(CHARACTER)
      if (test(meter, text, checked, start, stop)) return true
    }
    return false
  }
}

function stripping(method: string, trim: (text: string, characters?: string) => string) {
  return (meter: Meter, text: string, characters?: Value) => {
    if (characters !== undefined && characters !== null && typeof characters !== 'string') {
      throw typeError(`${method} arg must be None or str`)
    }
    const trimmed = trim(text, characters ?? undefined)
    meter.touch((text.length - trimmed.length + (characters?.length ?? 0)) * CLASSIFIED)
    meter.build(SLICE_BYTES)
    return trimmed
  }
}

function splitting(cut: (meter: Meter, text: string, separator?: string, limit?: number) => string[]) {
  return (meter: Meter, text: string, separator?: Value, limit?: Value) =>
    cut(meter, text, optionalText(separator, 'must be str or None'), integerArgument(limit, -1))
}

function padding(pad: (text: string, width: number, filler: string) => string) {
  return (meter: Meter, text: string, width: Value, filler?: Value) => {
    const padded = pad(text, integerArgument(width, 0), filler === undefined ? ' ' : fillCharacter(filler))
    meter.touch(text.length * CHARACTER)
    meter.build(padded.length)
    return padded
  }
}

function fillCharacter(filler: Value): string {
  const text = requireText(filler, 'The fill character must be a unicode character')
  if (textLength(text) !== 1) throw typeError('The fill character must be exactly one character long')
  return text
}

function replaceMethod(meter: Meter, text: string, old: Value, replacement: Value, limit?: Value): string {
  return replace(
    meter,
    text,
    requireArgument(old, 'replace() argument 1'),
    requireArgument(replacement, 'replace() argument 2'),
    integerArgument(limit, -1),
  )
}

function joinMethod(meter: Meter, separator: string, items: Value): string {
  return join(meter, separator, Array.isArray(items) ? items : joinable(meter, items))
}

function joinable(meter: Meter, items: Value): readonly Value[] {
  if (typeof items !== 'string' && (typeof items !== 'object' || items === null)) {
    throw typeError('can only join an iterable')
  }
  return items instanceof Tuple ? items.items : toArray(meter, items)
}

function formatCall(meter: Meter, text: string, ...given: (Value | Dict)[]): string {
  const names = given.at(-1)
  return formatMethod(meter, text, given.slice(0, -1), names instanceof Dict ? names : new Dict())
}

const SEARCH = 'sub, start=None, end=None, /'

/**
 * The methods of `str`. Without `encode` and `format_map`; `maketrans` is reached through any text, because `str`
 * itself has no attributes here.
 */
export const STRING_METHODS: CallableTable = {
  capitalize: callable('', mapping(capitalize)),
  casefold: callable('', mapping(casefold)),
  center: callable("width, fillchar=' ', /", padding(center)),
  count: callable(SEARCH, searching(count)),
  endswith: callable('suffix, start=None, end=None, /', testingEnd('endswith', endsWith)),
  expandtabs: callable('tabsize=8', (meter: Meter, text: string, size?: Value) =>
    expandTabs(meter, text, integerArgument(size, 8)),
  ),
  find: callable(SEARCH, searching(find)),
  format: callable('*args, **kwargs', formatCall),
  index: callable(SEARCH, indexing(find)),
  isalnum: callable('', classifying(isAlphanumeric)),
  isalpha: callable('', classifying(isAlpha)),
  isascii: callable('', classifying(isAscii)),
  isdecimal: callable('', classifying(isDecimal)),
  isdigit: callable('', classifying(isDigit)),
  isidentifier: callable('', classifying(isIdentifier)),
  islower: callable('', classifying(isLower)),
  isnumeric: callable('', classifying(isNumericText)),
  isprintable: callable('', classifying(isPrintable)),
  isspace: callable('', classifying(isSpace)),
  istitle: callable('', classifying(isTitle)),
  isupper: callable('', classifying(isUpper)),
  join: callable('iterable, /', joinMethod),
  ljust: callable("width, fillchar=' ', /", padding(padEnd)),
  lower: callable('', mapping(lower)),
  lstrip: callable('chars=None, /', stripping('lstrip', stripStart)),
  maketrans: callable(
    'x, y=, z=, /',
    (meter: Meter, _text: string, from: Value, to?: Value, removed?: Value) =>
      makeTranslation(meter, from, to, removed),
  ),
  partition: callable('sep, /', (meter: Meter, text: string, separator: Value) =>
    partition(meter, text, requireText(separator)),
  ),
  removeprefix: callable('prefix, /', (meter: Meter, text: string, prefix: Value) =>
    removePrefix(meter, text, requireArgument(prefix, 'removeprefix() argument')),
  ),
  removesuffix: callable('suffix, /', (meter: Meter, text: string, suffix: Value) =>
    removeSuffix(meter, text, requireArgument(suffix, 'removesuffix() argument')),
  ),
  replace: callable('old, new, count=-1, /', replaceMethod),
  rfind: callable(SEARCH, searching(findLast)),
  rindex: callable(SEARCH, indexing(findLast)),
  rjust: callable("width, fillchar=' ', /", padding(padStart)),
  rpartition: callable('sep, /', (meter: Meter, text: string, separator: Value) =>
    partitionFromEnd(meter, text, requireText(separator)),
  ),
  rsplit: callable('sep=None, maxsplit=-1', splitting(splitFromEnd)),
  rstrip: callable('chars=None, /', stripping('rstrip', stripEnd)),
  split: callable('sep=None, maxsplit=-1', splitting(split)),
  splitlines: callable('keepends=False', (meter: Meter, text: string, keepEnds?: Value) =>
    splitLines(meter, text, integerArgument(keepEnds, 0) !== 0),
  ),
  startswith: callable('prefix, start=None, end=None, /', testingEnd('startswith', startsWith)),
  strip: callable('chars=None, /', stripping('strip', strip)),
  swapcase: callable('', mapping(swapCase)),
  title: callable('', mapping(title)),
  translate: callable('table, /', translate),
  upper: callable('', mapping(upper)),
  zfill: callable('width, /', (meter: Meter, text: string, width: Value) => {
    const padded = zeroFill(text, integerArgument(width, 0))
    meter.touch(text.length * CHARACTER)
    meter.build(padded.length)
    return padded
  }),
}
