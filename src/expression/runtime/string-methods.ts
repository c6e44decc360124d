import { typeError, valueError } from '../failure.ts'
import type { Value } from '../value.ts'
import { Dict, Tuple } from '../value.ts'
import { toArray } from './containers.ts'
import { formatMethod } from './format.ts'
import type { CallableTable } from './method.ts'
import { callable } from './method.ts'
import {
  integerArgument,
  optionalText,
  requireArgument,
  requireText,
  wrongType,
} from './strings/arguments.ts'
import { capitalize, casefold, lower, swapCase, title, upper } from './strings/casing.ts'
import { center, expandTabs, padEnd, padStart, zeroFill } from './strings/layout.ts'
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
} from './strings/predicates.ts'
import {
  count,
  endsWith,
  find,
  findLast,
  removePrefix,
  removeSuffix,
  replace,
  startsWith,
} from './strings/search.ts'
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
} from './strings/split.ts'
import { makeTranslation, translate } from './strings/translate.ts'
import { textLength } from './text.ts'

export { casefold, lower, upper } from './strings/casing.ts'
export { count, endsWith, find, replace, startsWith } from './strings/search.ts'
export { join, split, splitLines, strip } from './strings/split.ts'

type Search = (text: string, sought: string, start?: Value, end?: Value) => number

/** `find`, `rfind`, `count`. */
function searching(search: Search) {
  return (text: string, sought: Value, start?: Value, end?: Value) =>
    search(text, requireText(sought), start, end)
}

/** `index` and `rindex`: as `find`, but nothing found is an error. */
function indexing(search: Search) {
  return (text: string, sought: Value, start?: Value, end?: Value) => {
    const index = search(text, requireText(sought), start, end)
    if (index === -1) throw valueError('substring not found')
    return index
  }
}

type EndTest = (text: string, end: string, start?: Value, stop?: Value) => boolean

/** `startswith` and `endswith`: one text, or a tuple of which one has to fit. */
function testingEnd(method: string, test: EndTest) {
  return (text: string, ends: Value, start?: Value, stop?: Value) => {
    if (typeof ends === 'string') return test(text, ends, start, stop)
    if (!(ends instanceof Tuple)) throw wrongType(ends, `${method} first arg must be str or a tuple of str`)
    for (const end of ends.items) {
      if (test(text, requireText(end, `tuple for ${method} must only contain str`), start, stop)) return true
    }
    return false
  }
}

function stripping(method: string, trim: (text: string, characters?: string) => string) {
  return (text: string, characters?: Value) => {
    if (characters === undefined || characters === null) return trim(text)
    if (typeof characters !== 'string') throw typeError(`${method} arg must be None or str`)
    return trim(text, characters)
  }
}

function splitting(cut: (text: string, separator?: string, limit?: number) => string[]) {
  return (text: string, separator?: Value, limit?: Value) =>
    cut(text, optionalText(separator, 'must be str or None'), integerArgument(limit, -1))
}

function padding(pad: (text: string, width: number, filler: string) => string) {
  return (text: string, width: Value, filler?: Value) =>
    pad(text, integerArgument(width, 0), filler === undefined ? ' ' : fillCharacter(filler))
}

function fillCharacter(filler: Value): string {
  const text = requireText(filler, 'The fill character must be a unicode character')
  if (textLength(text) !== 1) throw typeError('The fill character must be exactly one character long')
  return text
}

function replaceMethod(text: string, old: Value, replacement: Value, limit?: Value): string {
  return replace(
    text,
    requireArgument(old, 'replace() argument 1'),
    requireArgument(replacement, 'replace() argument 2'),
    integerArgument(limit, -1),
  )
}

function joinMethod(separator: string, items: Value): string {
  return join(separator, Array.isArray(items) ? items : joinable(items))
}

function joinable(items: Value): readonly Value[] {
  if (typeof items !== 'string' && (typeof items !== 'object' || items === null)) {
    throw typeError('can only join an iterable')
  }
  return items instanceof Tuple ? items.items : toArray(items)
}

function formatCall(text: string, ...given: (Value | Dict)[]): string {
  const names = given.at(-1)
  return formatMethod(text, given.slice(0, -1), names instanceof Dict ? names : new Dict())
}

const SEARCH = 'sub, start=None, end=None, /'

/**
 * The methods of `str`. Without `encode` and `format_map`; `maketrans` is reached through any text, because `str`
 * itself has no attributes here.
 */
export const STRING_METHODS: CallableTable = {
  capitalize: callable('', capitalize),
  casefold: callable('', casefold),
  center: callable("width, fillchar=' ', /", padding(center)),
  count: callable(SEARCH, searching(count)),
  endswith: callable('suffix, start=None, end=None, /', testingEnd('endswith', endsWith)),
  expandtabs: callable('tabsize=8', (text: string, size?: Value) =>
    expandTabs(text, integerArgument(size, 8)),
  ),
  find: callable(SEARCH, searching(find)),
  format: callable('*args, **kwargs', formatCall),
  index: callable(SEARCH, indexing(find)),
  isalnum: callable('', isAlphanumeric),
  isalpha: callable('', isAlpha),
  isascii: callable('', isAscii),
  isdecimal: callable('', isDecimal),
  isdigit: callable('', isDigit),
  isidentifier: callable('', isIdentifier),
  islower: callable('', isLower),
  isnumeric: callable('', isNumericText),
  isprintable: callable('', isPrintable),
  isspace: callable('', isSpace),
  istitle: callable('', isTitle),
  isupper: callable('', isUpper),
  join: callable('iterable, /', joinMethod),
  ljust: callable("width, fillchar=' ', /", padding(padEnd)),
  lower: callable('', lower),
  lstrip: callable('chars=None, /', stripping('lstrip', stripStart)),
  maketrans: callable('x, y=, z=, /', (_text: string, from: Value, to?: Value, removed?: Value) =>
    makeTranslation(from, to, removed),
  ),
  partition: callable('sep, /', (text: string, separator: Value) => partition(text, requireText(separator))),
  removeprefix: callable('prefix, /', (text: string, prefix: Value) =>
    removePrefix(text, requireArgument(prefix, 'removeprefix() argument')),
  ),
  removesuffix: callable('suffix, /', (text: string, suffix: Value) =>
    removeSuffix(text, requireArgument(suffix, 'removesuffix() argument')),
  ),
  replace: callable('old, new, count=-1, /', replaceMethod),
  rfind: callable(SEARCH, searching(findLast)),
  rindex: callable(SEARCH, indexing(findLast)),
  rjust: callable("width, fillchar=' ', /", padding(padStart)),
  rpartition: callable('sep, /', (text: string, separator: Value) =>
    partitionFromEnd(text, requireText(separator)),
  ),
  rsplit: callable('sep=None, maxsplit=-1', splitting(splitFromEnd)),
  rstrip: callable('chars=None, /', stripping('rstrip', stripEnd)),
  split: callable('sep=None, maxsplit=-1', splitting(split)),
  splitlines: callable('keepends=False', (text: string, keepEnds?: Value) =>
    splitLines(text, integerArgument(keepEnds, 0) !== 0),
  ),
  startswith: callable('prefix, start=None, end=None, /', testingEnd('startswith', startsWith)),
  strip: callable('chars=None, /', stripping('strip', strip)),
  swapcase: callable('', swapCase),
  title: callable('', title),
  translate: callable('table, /', translate),
  upper: callable('', upper),
  zfill: callable('width, /', (text: string, width: Value) => zeroFill(text, integerArgument(width, 0))),
}
