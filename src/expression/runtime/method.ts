import type { Signature } from '../check/signature.ts'
import { parseSignature } from '../check/signature.ts'
import type { Maybe, Value } from '../value.ts'
import type { Meter } from './meter.ts'

/** A method of a Python type, or a built-in function. */
export interface Callable {
  readonly signature: Signature
  /** It changes its receiver: allowed in `tap` only. */
  readonly mutates: boolean
  /**
   * The meter comes first, then for methods the receiver. Then one argument per parameter of the signature (`undefined` where not
   * given), then those of `*rest`, spread; or, where the signature has `**names`, the Dict of these.
   */
  readonly call: (meter: Meter, ...args: any[]) => Maybe
}

export type CallableTable = Readonly<Record<string, Callable>>

/** A function that `sorted`, `min`, `max` and `list.sort` take as `key`; where it finds nothing, neither do they. */
export type KeyFunction = (value: Value) => Maybe

/** @param signature the parameters without the receiver, as signature.ts reads them */
export function callable(
  signature: string,
  call: (meter: Meter, ...args: any[]) => Maybe,
  options: { mutates?: boolean } = {},
): Callable {
  return { signature: parseSignature(signature), mutates: options.mutates ?? false, call }
}
