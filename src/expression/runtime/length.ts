import { valueError } from '../failure.ts'
import { MAX_LENGTH } from '../value.ts'

/** @throws {Failure} VALUE_ERROR when a text or a list of that length would be too big */
export function checkLength(length: number): void {
  if (length > MAX_LENGTH) throw valueError(`result too big: more than ${MAX_LENGTH} elements`)
}

/** Bytes of a list or a tuple, beside those of its elements. */
export const LIST_BYTES = 32

/** Bytes of an element, which is a reference. */
export const ITEM_BYTES = 8
