import type { Failure } from '../../failure.ts'
import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { isInteger, toIndex, typeName } from '../numbers/numbers.ts'

/*
 * The arguments that string methods accept. An argument that was not given is `undefined`.
 */

/** A text that has to be given. @throws {Failure} TYPE_ERROR: `<what>, not int` */
export function requireText(value: Value, what = 'must be str'): string {
  if (typeof value !== 'string') throw wrongType(value, what)
  return value
}

/** A text that has to be given. @throws {Failure} TYPE_ERROR: `<argument> must be str, not None` */
export function requireArgument(value: Value, argument: string): string {
  if (value === null) throw typeError(`${argument} must be str, not None`)
  return requireText(value, `${argument} must be str`)
}

/** A text, or undefined for None and for what was not given. @throws {Failure} TYPE_ERROR: `<what>, not int` */
export function optionalText(value: Value | undefined, what: string): string | undefined {
  return value === undefined || value === null ? undefined : requireText(value, what)
}

export function wrongType(value: Value, what: string): Failure {
  return typeError(`${what}, not ${typeName(value)}`)
}

/**
 * An integer, as a number: beyond 2**53 it is about right, and more than any text has.
 *
 * @throws {Failure} TYPE_ERROR when it is no integer, VALUE_ERROR beyond 64 bits
 */
export function integerArgument(value: Value | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  const index = toIndex(value)
  if (typeof index === 'bigint' && BigInt.asIntN(64, index) !== index) {
    throw valueError('Python int too large to convert to C ssize_t')
  }
  return Number(index)
}

/**
 * The `start` or `end` of a search: an integer or None.
 *
 * @throws {Failure} TYPE_ERROR when it is neither
 */
export function optionalBound(value: Value | undefined, otherwise: number): number {
  if (value === undefined || value === null) return otherwise
  if (!isInteger(value)) throw typeError('slice indices must be integers or None or have an __index__ method')
  return Number(toIndex(value))
}
