/** Time to wait before a server that has failed is tried again. */
export interface Backoff {
  /** The first wait, at most, in milliseconds. */
  readonly minMs: number
  /** The longest wait, in milliseconds. */
  readonly maxMs: number
}

/**
 * The wait after so many failures in a row: it doubles with each up to `maxMs`. The upper half of it is random, so
 * that the clients of a server that comes back do not all come back in the same moment.
 *
 * @param failures 1 or more
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, { minMs, maxMs }: Backoff, random = Math.random()): number {
  const longest = Math.min(maxMs, minMs * 2 ** (failures - 1))
  return (longest * (1 + random)) / 2
}
