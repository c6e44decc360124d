/**
 * The reason why MISP gave no answer:
 *
 * - `timeout`: not within the time that was given
 * - `unreachable`: no connection, or it broke; a certificate that is not trusted, too
 * - `key-refused`: 401 or 403
 * - `rate-limited`: 429
 * - `failed`: any other status than 200
 * - `redirected`: a 3xx, which is not followed: the key would go to another address
 * - `bad-answer`: 200, but not what a search answers with
 * - `too-large`: more bytes than are read, or more pages
 * - `not-asked`: MISP has failed too often, or has asked for a pause; it is left alone for a while
 * - `busy`: too many values wait already
 * - `closed`: the enricher was closed
 */
export type MispErrorCode =
  | 'timeout'
  | 'unreachable'
  | 'key-refused'
  | 'rate-limited'
  | 'failed'
  | 'redirected'
  | 'bad-answer'
  | 'too-large'
  | 'not-asked'
  | 'busy'
  | 'closed'

/** A look-up that MISP did not answer. Its message never holds the key. */
export class MispError extends Error {
  override readonly name = 'MispError'
  readonly code: MispErrorCode
  /** The wait that `Retry-After` asks for, in milliseconds; with `rate-limited`. */
  readonly retryAfterMs: number | undefined

  constructor(code: MispErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options?.retryAfterMs
  }

  /** It follows from something that was logged when it happened; to log each look-up would say nothing new. */
  get isLogged(): boolean {
    return this.code === 'not-asked' || this.code === 'closed'
  }
}
