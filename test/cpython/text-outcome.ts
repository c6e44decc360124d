import { Failure } from '../../src/expression/failure.ts'
import type { Maybe } from '../../src/expression/value.ts'
import type { Recorded } from './number-values.ts'
import { encode, expected } from './number-values.ts'

/** The result of an action, in a form to compare with `recorded`: messages count where they were recorded. */
export function outcomeLike(recorded: Recorded, action: () => Maybe): [actual: Recorded, expected: Recorded] {
  const wanted = expected(recorded)
  try {
    return [encode(action()), wanted]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { code, message } = error
    return [wanted?.message === undefined ? { code } : { code, message }, wanted]
  }
}
