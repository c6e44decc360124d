/** A pattern that cannot be used: malformed, or not to be translated faithfully. A problem of the rule, at load. */
export class PatternError {
  /** The fault, in CPython's words where CPython refuses it too. */
  readonly message: string
  /** Where in the pattern, in UTF-16 units. */
  readonly offset: number
  /** The remedy. */
  readonly hint: string | undefined

  constructor(message: string, offset: number, hint?: string) {
    this.message = message
    this.offset = offset
    this.hint = hint
  }
}
