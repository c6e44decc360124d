import { Meter } from '../../../src/expression/runtime/meter.ts'

/** A meter for tests of what functions give: it never ends. */
export const meter = new Meter(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

/** A function of the runtime without the meter as its first parameter. */
export function counted<Args extends unknown[], Result>(
  call: (meter: Meter, ...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => call(meter, ...args)
}
