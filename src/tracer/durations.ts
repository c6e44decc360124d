const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The longest time that Node's timers can wait; with a longer one they would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Reads a duration: `500ms`, `5s`, `2m`, `1h`; a bare number is seconds.
 *
 * @returns milliseconds, rounded up to a whole one
 * @throws RangeError when it is no duration, or longer than 24 days
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text.trim())
  if (match === null) throw new RangeError(`'${text}' is no duration: write 500ms, 5s or 2m`)
  const ms = Math.ceil(Number(match[1]) * UNIT_MS[match[2] ?? 's']!)
  if (ms > LONGEST_TIMER_MS) throw new RangeError(`'${text}' is too long: 24 days is the longest duration`)
  return ms
}
