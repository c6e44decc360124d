/** Functions as `key=` of `sorted`, `min` and `max`: each is called with the meter and one element. */
import type { Maybe, Value } from '../value.ts'
import { BUILTINS } from './builtins.ts'
import type { Meter } from './meter.ts'
import type { Callable } from './method.ts'
import { callMethod } from './methods.ts'

type KeyFunction = (meter: Meter, item: Value) => Maybe

/** A method as `key=`: `str.lower`. */
export function methodKey(name: string): KeyFunction {
  return (meter: Meter, item: Value) => callMethod(meter, item, name, [], undefined)
}

/** A built-in function as `key=`. */
export function builtinKey(name: string): KeyFunction {
  return callableKey(BUILTINS[name]!)
}

/** The same, given the function. */
export function callableKey({ call, signature }: Callable): KeyFunction {
  const blanks = signature.parameters.slice(1).map(() => undefined)
  return (meter: Meter, item: Value) => call(meter, item, ...blanks)
}
