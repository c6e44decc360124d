import { hasUnassigned, isUnassigned, withoutUnassigned } from './unassigned.ts'

/*
 * Classes of characters as CPython 3.11 (Unicode 14.0) knows them. The engine's own classes are newer: what was
 * assigned later is filtered out, and the few characters whose class has changed since, or is not what Python means,
 * are spelled out. Each class is asked for what does not belong to it: one look at each character, no backtracking.
 */

const NOT_ASCII = /[^\0-\x7f]/
const NOT_ALPHA = /\P{L}/u
const NOT_DECIMAL = /\P{Nd}/u
const NOT_PRINTABLE = /[^ \P{Z}]|\p{C}/u
const NOT_SPACE = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** Numeric_Type=Digit: superscripts, circled digits and their like. */
const OTHER_DIGIT =
  '\\xb2\\xb3\\xb9\\u1369-\\u1371\\u19da\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468\\u2474-\\u247c' +
  '\\u2488-\\u2490\\u24ea\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792\\u{10a40}-\\u{10a43}' +
  '\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}'

/** Ideographs with a numeric value. */
const NUMERIC_IDEOGRAPH =
  '\\u3405\\u3483\\u382a\\u3b4d\\u4e00\\u4e03\\u4e07\\u4e09\\u4e5d\\u4e8c\\u4e94\\u4e96\\u4ebf\\u4ec0' +
  '\\u4edf\\u4ee8\\u4f0d\\u4f70\\u5104\\u5146\\u5169\\u516b\\u516d\\u5341\\u5343\\u5344\\u5345\\u534c' +
  '\\u53c1\\u53c2\\u53c3\\u53c4\\u56db\\u58f1\\u58f9\\u5e7a\\u5efe\\u5eff\\u5f0c\\u5f0d\\u5f0e\\u5f10' +
  '\\u62fe\\u634c\\u67d2\\u6f06\\u7396\\u767e\\u8086\\u842c\\u8cae\\u8cb3\\u8d30\\u9621\\u9646\\u964c' +
  '\\u9678\\u96f6\\uf96b\\uf973\\uf978\\uf9b2\\uf9d1\\uf9d3\\uf9fd\\u{20001}\\u{20064}\\u{200e2}' +
  '\\u{20121}\\u{2092a}\\u{20983}\\u{2098c}\\u{2099c}\\u{20aea}\\u{20afd}\\u{20b19}\\u{22390}' +
  '\\u{22998}\\u{23b1b}\\u{2626d}\\u{2f890}'

const NOT_DIGIT = new RegExp(`[^\\p{Nd}${OTHER_DIGIT}]`, 'u')
const NOT_NUMERIC = new RegExp(`[^\\p{N}${NUMERIC_IDEOGRAPH}]`, 'u')
const NOT_ALPHANUMERIC = /[^\p{L}\p{N}]/u

const LOWER = /(?![\u10fc\ua7f2-\ua7f4\uab69])[\p{Lowercase}\u0295]/u
const UPPER = /\p{Uppercase}/u
const TITLE = /\p{Lt}/u
const UPPER_OR_TITLE = /[\p{Uppercase}\p{Lt}]/u
const LOWER_OR_TITLE = /(?![\u10fc\ua7f2-\ua7f4\uab69])[\p{Lowercase}\p{Lt}\u0295]/u

const IDENTIFIER_START = /^[_\p{XID_Start}]/u
const NOT_IDENTIFIER = /\P{XID_Continue}|\u200c|\u200d|\u30fb|\uff65/u

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text)
}

/** Every character is in the class, and there is one. */
function consistsOf(text: string, outsider: RegExp): boolean {
  return text !== '' && !outsider.test(text) && !hasUnassigned(text)
}

export function isAlpha(text: string): boolean {
  return consistsOf(text, NOT_ALPHA)
}

export function isAlphanumeric(text: string): boolean {
  return consistsOf(text, NOT_ALPHANUMERIC)
}

export function isDecimal(text: string): boolean {
  return consistsOf(text, NOT_DECIMAL)
}

export function isDigit(text: string): boolean {
  return consistsOf(text, NOT_DIGIT)
}

export function isNumericText(text: string): boolean {
  return consistsOf(text, NOT_NUMERIC)
}

export function isSpace(text: string): boolean {
  return text !== '' && !NOT_SPACE.test(text)
}

/** The characters that `repr` shows as they are. */
export function isPrintable(text: string): boolean {
  return !NOT_PRINTABLE.test(text) && !hasUnassigned(text)
}

export function isIdentifier(text: string): boolean {
  return IDENTIFIER_START.test(text) && !NOT_IDENTIFIER.test(text) && !hasUnassigned(text)
}

/** There are lower-case characters, and none of another case. */
export function isLower(text: string): boolean {
  return LOWER.test(text) && isLowerAssigned(withoutUnassigned(text))
}

function isLowerAssigned(text: string): boolean {
  return LOWER.test(text) && !UPPER_OR_TITLE.test(text)
}

/** There are upper-case characters, and none of another case. */
export function isUpper(text: string): boolean {
  return UPPER.test(text) && isUpperAssigned(withoutUnassigned(text))
}

function isUpperAssigned(text: string): boolean {
  return UPPER.test(text) && !LOWER_OR_TITLE.test(text)
}

/** There are words, each with a capital and then lower case. */
export function isTitle(text: string): boolean {
  let insideWord = false
  let found = false
  for (const character of text) {
    const kase = caseOf(character)
    if (kase === undefined) {
      insideWord = false
      continue
    }
    if (insideWord === (kase !== 'lower')) return false
    insideWord = true
    found = true
  }
  return found
}

/** The case of one character; undefined for what has none. */
export function caseOf(character: string): 'lower' | 'upper' | 'title' | undefined {
  if (character <= '\x7f') {
    if (character >= 'a' && character <= 'z') return 'lower'
    return character >= 'A' && character <= 'Z' ? 'upper' : undefined
  }
  if (isUnassigned(character.codePointAt(0)!)) return undefined
  if (LOWER.test(character)) return 'lower'
  if (UPPER.test(character)) return 'upper'
  return TITLE.test(character) ? 'title' : undefined
}
