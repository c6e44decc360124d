const COLON = 58
const HYPHEN = 45
const DOT = 46

/** `AA:BB:CC:DD:EE:FF` and `A:B:C:D:E:F`. */
const LONGEST = 17
const SHORTEST = 11
const SHORT_PAIRS = /^[0-9A-Fa-f]{1,2}([:-])(?:[0-9A-Fa-f]{1,2}\1){4}[0-9A-Fa-f]{1,2}$/

/** The code of the upper-case digit for the code of each hexadecimal digit, 0 for all other codes. */
const UPPER_DIGITS = new Uint8Array(128)
for (const digit of '0123456789abcdefABCDEF')
  UPPER_DIGITS[digit.charCodeAt(0)] = digit.toUpperCase().charCodeAt(0)

/**
 * A MAC address in its standard form `AA:BB:CC:DD:EE:FF`.
 *
 *   AA:BB:CC:DD:EE:FF  AA-BB-CC-DD-EE-FF                      pairs; `A` in the place of `0A`, as arp writes it
 *   AAA:BBB:CCC:DDD  AAA-BBB-CCC-DDD  AAA.BBB.CCC.DDD         triples
 *   AAAA.BBBB.CCCC  AAAA-BBBB-CCCC                            quads: Cisco's, and H3C's and Huawei's
 *   AABBCCDDEEFF                                              bare digits
 *
 * @returns undefined for anything else, mixed separators and blanks around it included
 */
export function standardMac(text: string): string | undefined {
  const { length } = text
  if (length > LONGEST || length < SHORTEST) return undefined
  if (length === LONGEST) {
    const separator = text.charCodeAt(2)
    return separator === COLON || separator === HYPHEN ? fromGroups(text, 2, separator) : undefined
  }
  if (length === 15) {
    const separator = text.charCodeAt(3)
    if (separator === DOT) return fromGroups(text, 3, separator)
    if (separator === COLON || separator === HYPHEN) {
      const standard = fromGroups(text, 3, separator)
      if (standard !== undefined) return standard
    }
  } else if (length === 14) {
    const separator = text.charCodeAt(4)
    if (separator === DOT) return fromGroups(text, 4, separator)
    if (separator === HYPHEN) {
      const standard = fromGroups(text, 4, separator)
      if (standard !== undefined) return standard
    }
  } else if (length === 12) {
    const standard = fromGroups(text, 12, COLON)
    if (standard !== undefined) return standard
  }
  return SHORT_PAIRS.test(text) ? fromShortPairs(text) : undefined
}

/** Six octets of one or two digits between equal separators. */
function fromShortPairs(text: string): string {
  return text
    .split(/[:-]/)
    .map((octet) => octet.padStart(2, '0'))
    .join(':')
    .toUpperCase()
}

/** @param size digits in a group; the length of the text is that of twelve digits and the separators between groups */
function fromGroups(text: string, size: number, separator: number): string | undefined {
  for (let index = size; index < text.length; index += size + 1) {
    if (text.charCodeAt(index) !== separator) return undefined
  }
  const a = digitAt(text, 0, size)
  const b = digitAt(text, 1, size)
  const c = digitAt(text, 2, size)
  const d = digitAt(text, 3, size)
  const e = digitAt(text, 4, size)
  const f = digitAt(text, 5, size)
  const g = digitAt(text, 6, size)
  const h = digitAt(text, 7, size)
  const i = digitAt(text, 8, size)
  const j = digitAt(text, 9, size)
  const k = digitAt(text, 10, size)
  const l = digitAt(text, 11, size)
  if (a * b * c * d * e * f * g * h * i * j * k * l === 0) return undefined
  // One call with all codes makes a flat string; joining pieces takes twice the time.
  return String.fromCharCode(a, b, COLON, c, d, COLON, e, f, COLON, g, h, COLON, i, j, COLON, k, l)
}

/** The code of the address's digit number `index`, in upper case; 0 if something else stands there. */
function digitAt(text: string, index: number, size: number): number {
  const code = text.charCodeAt(index + Math.trunc(index / size))
  return code < 128 ? UPPER_DIGITS[code]! : 0
}
