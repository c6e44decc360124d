/** The parameter `errors` of functions that decode bytes. */
import { ArgumentProblem } from '../functions/definition.ts'
import type { Value } from '../value.ts'

/**
 * True where bytes that are no UTF-8 are to be replaced.
 *
 * @throws {ArgumentProblem} for another handler than `strict` and `replace`
 */
export function replacesErrors(errors: Value | readonly Value[] | undefined): boolean {
  if (errors === undefined || errors === 'strict') return false
  if (errors === 'replace') return true
  throw new ArgumentProblem('errors', "errors is 'strict' or 'replace'")
}

export const ERRORS_PARAMETER =
  "a constant: `'replace'` puts U+FFFD in the place of bytes that are no UTF-8. Default: `'strict'`, such bytes do not fit"
