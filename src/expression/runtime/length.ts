import { valueError } from '../failure.ts'
import { MAX_LENGTH } from '../value.ts'

/** @throws {Failure} VALUE_ERROR when a text or a list of that length would be too big */
export function checkLength(length: number): void {
  if (length > MAX_LENGTH) throw valueError(`result too big: more than ${MAX_LENGTH} elements`)
}
