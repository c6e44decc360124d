/** Numbers as JavaScript writes them in code. */

/** There is no negative zero in the language. */
export function numberText(value: number): string {
  if (Object.is(value, -0)) return '0'
  return value < 0 ? `(${value})` : String(value)
}

export function bigintText(value: bigint): string {
  return value < 0n ? `(${value}n)` : `${value}n`
}
