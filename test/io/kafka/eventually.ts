import { setTimeout as sleep } from 'node:timers/promises'

/** Something that has not come after so long never comes. In milliseconds, of a busy machine. */
export const HANG_MS = 120_000

/**
 * Waits until something holds.
 *
 * @param why says what is wrong when it never does
 * @param everyMs milliseconds between two looks
 * @throws {Error} after {@link HANG_MS}
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  why: () => string,
  everyMs = 50,
): Promise<void> {
  const end = performance.now() + HANG_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(why())
    await sleep(everyMs)
  }
}
