/**
 * Code points as pairs `[first, last, first, last, ...]`: ascending, without overlap, and with a gap between any
 * two pairs, so that equal sets have equal lists.
 */
export type Ranges = readonly number[]

export const MAX_CODE_POINT = 0x10ffff

export const NOTHING: Ranges = []
export const EVERYTHING: Ranges = [0, MAX_CODE_POINT]

/** @param pairs first and last code points in any order, overlapping or not */
export function toRanges(pairs: readonly number[]): Ranges {
  if (pairs.length <= 2) return pairs
  const order: [first: number, last: number][] = []
  for (let index = 0; index < pairs.length; index += 2) order.push([pairs[index]!, pairs[index + 1]!])
  order.sort((a, b) => a[0] - b[0])
  const ranges: number[] = []
  for (const [first, last] of order) {
    const end = ranges.length - 1
    if (end > 0 && first <= ranges[end]! + 1) ranges[end] = Math.max(ranges[end]!, last)
    else ranges.push(first, last)
  }
  return ranges
}

/** Every code point that is in none of the ranges. */
export function complement(ranges: Ranges): Ranges {
  const outside: number[] = []
  let next = 0
  for (let index = 0; index < ranges.length; index += 2) {
    if (ranges[index]! > next) outside.push(next, ranges[index]! - 1)
    next = ranges[index + 1]! + 1
  }
  if (next <= MAX_CODE_POINT) outside.push(next, MAX_CODE_POINT)
  return outside
}

export function contains(ranges: Ranges, codePoint: number): boolean {
  let low = 0
  let high = ranges.length / 2 - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (codePoint < ranges[2 * middle]!) high = middle - 1
    else if (codePoint > ranges[2 * middle + 1]!) low = middle + 1
    else return true
  }
  return false
}

/** Every code point of the first is in the second. */
export function isSubset(inner: Ranges, outer: Ranges): boolean {
  let at = 0
  for (let index = 0; index < inner.length; index += 2) {
    while (at < outer.length && outer[at + 1]! < inner[index]!) at += 2
    if (at >= outer.length || outer[at]! > inner[index]! || outer[at + 1]! < inner[index + 1]!) return false
  }
  return true
}
