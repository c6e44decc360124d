/**
 * The reason why a look-up has no answer:
 *
 * - `timeout`: the server was asked and did not answer in time, or it has stopped answering at all
 * - `unavailable`: no server can be reached, or it broke off every attempt
 * - `busy`: it was asked while the pool was busy; wait for `drain`
 * - `closed`: the pool was closed
 */
export type TracerErrorCode = 'timeout' | 'unavailable' | 'busy' | 'closed'

/** A look-up without an answer. */
export class TracerError extends Error {
  override readonly name = 'TracerError'
  readonly code: TracerErrorCode

  constructor(code: TracerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** The same look-up may have an answer later; only a pool that is closed stays so. */
  get retryable(): boolean {
    return this.code !== 'closed'
  }
}
