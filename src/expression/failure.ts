import type { RejectionCode } from '../errors.ts'

/**
 * An evaluation that failed: the event is rejected. Thrown by the runtime and caught once per event by
 * the compiled rule set. It is not an `Error`: a stack trace per hostile event would cost more than the
 * evaluation, and nobody would read it.
 */
export class Failure {
  readonly code: RejectionCode
  /** The message, in CPython's words where CPython has them, without the rule's name. */
  readonly message: string

  constructor(code: RejectionCode, message: string) {
    this.code = code
    this.message = message
  }
}

/** CPython's TypeError and AttributeError. */
export function typeError(message: string): Failure {
  return new Failure('TYPE_ERROR', message)
}

/** CPython's ValueError, OverflowError, and results too big to be sane. */
export function valueError(message: string): Failure {
  return new Failure('VALUE_ERROR', message)
}

/** CPython's ZeroDivisionError. */
export function divisionByZero(message: string): Failure {
  return new Failure('DIVISION_BY_ZERO', message)
}
