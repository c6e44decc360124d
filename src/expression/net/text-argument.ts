import type { Failure } from '../failure.ts'
import { typeError } from '../failure.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import type { Value } from '../value.ts'

/** The error of a function that wants text and gets another type, in CPython's words. */
export function notText(functionName: string, parameter: string, value: Value): Failure {
  return typeError(`${functionName}() argument '${parameter}' must be str, not ${typeName(value)}`)
}
