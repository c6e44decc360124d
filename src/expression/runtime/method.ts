import type { Signature } from '../check/signature.ts'
import { parseSignature } from '../check/signature.ts'
import type { Returns } from '../returns.ts'
import type { Maybe, Value } from '../value.ts'
import type { Meter } from './meter.ts'

/** A method of a Python type, or a built-in function. */
export interface Callable {
  readonly signature: Signature
  /** It changes its receiver: allowed in `tap` only. */
  readonly mutates: boolean
  /** The type of the result, and whether it may be absent. Methods do not say it: their receiver's type is not known. */
  readonly returns: Returns
  /** The compiler's own treatment of a call, beside calling it. */
  readonly special: SpecialCall | undefined
  /**
   * The meter comes first, then for methods the receiver. Then one argument per parameter of the signature (`undefined` where not
   * given), then those of `*rest`, spread; or, where the signature has `**names`, the Dict of these.
   */
  readonly call: (meter: Meter, ...args: any[]) => Maybe
}

/**
 * `types`: the second argument names types. `any`, `all`: given a generator, the elements are taken until the answer is
 * known. `text`: a text as the only argument is the result.
 */
type SpecialCall = 'types' | 'any' | 'all' | 'text'

export type CallableTable = Readonly<Record<string, Callable>>

/** A function that `sorted`, `min`, `max` and `list.sort` take as `key`; where it finds nothing, neither do they. */
export type KeyFunction = (value: Value) => Maybe

/** @param signature the parameters without the receiver, as signature.ts reads them */
export function callable<R extends Returns = 'any?'>(
  signature: string,
  call: (meter: Meter, ...args: any[]) => R extends `${string}?` ? Maybe : Value,
  options: { mutates?: boolean; returns?: R; special?: SpecialCall } = {},
): Callable {
  const { mutates = false, returns = 'any?', special } = options
  return { signature: parseSignature(signature), mutates, returns, special, call }
}
