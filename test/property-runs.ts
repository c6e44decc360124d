import { env } from 'node:process'

/**
 * The number of times a property is tried: a fifth of what would be thorough, so that all tests together take minutes.
 * `PROPERTY_RUNS=5` in the environment makes it thorough, a larger number more than that.
 *
 * @param thorough runs that find what is rare
 */
export function propertyRuns(thorough: number): number {
  const factor = Number(env.PROPERTY_RUNS ?? 1)
  if (!(factor > 0))
    throw new RangeError(`PROPERTY_RUNS has to be a number above 0, not ${env.PROPERTY_RUNS}`)
  return Math.max(1, Math.ceil((thorough * factor) / 5))
}
