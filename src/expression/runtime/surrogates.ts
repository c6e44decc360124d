/** The first half of a pair. NaN, which `charCodeAt` gives outside a string, is none. */
export function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

/** The second half of a pair. */
export function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}

/** A code point of two UTF-16 units begins there. */
export function isPair(text: string, unit: number): boolean {
  return isHighSurrogate(text.charCodeAt(unit)) && isLowSurrogate(text.charCodeAt(unit + 1))
}
